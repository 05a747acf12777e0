"""Reading an image that a sample sheet names, whatever it is: file, volume of a 4D file, DICOM."""

from pathlib import Path

import SimpleITK as sitk

from mrelevance.cohort.dicom.series import one_series
from mrelevance.cohort.dicom.stack import stack_of
from mrelevance.cohort.dicom.volume import read_series
from mrelevance.cohort.references import part_of, path_of
from mrelevance.runtime.grids import Grid, grid_of
from mrelevance.runtime.images import read_grid, read_volume
from mrelevance.runtime.user_files import is_dicom


def read_source(
    reference: str | Path,
    what: str = "image",
    nifti_geometry: str | None = None,
    fixed: sitk.Image | None = None,
) -> sitk.Image:
    """Read the 3D image that a reference names, and check all of it.

    Parameters
    ----------
    reference
        Path, with the volume or series where it holds several; see `references`.
    what
        Names the image in the error.
    nifti_geometry
        See `read_image`.
    fixed
        Image that a label is drawn on; a DICOM segmentation is put on its grid.

    Raises
    ------
    InputError
        It cannot be read, or has no such volume; see `read_volume` and `read_series`.
    """
    path, part = _split(reference)
    if holds_series(path):
        return read_series(path, part, what, fixed)
    return read_volume(path, what, nifti_geometry, part)


def grid_of_source(
    reference: str | Path, what: str = "image", nifti_geometry: str | None = None
) -> Grid:
    """Grid of the image that a reference names, from headers alone; parameters as `read_source`.

    Raises
    ------
    InputError
        As far as headers tell, it is not what `read_source` takes.
    """
    path, part = _split(reference)
    if holds_series(path):
        series = one_series(path, part, what)
        if series.has_frames:
            return grid_of(read_series(path, part, what))
        stack = stack_of(series, what)
        direction = tuple(stack.direction.ravel().tolist())
        return Grid(stack.size, stack.spacing, stack.origin, direction)
    return read_grid(path, what, nifti_geometry, part)


def holds_series(path: Path) -> bool:
    """Whether a path is that of a DICOM file, or of a folder, which can hold nothing else."""
    return path.is_dir() or (path.is_file() and is_dicom(path))


def _split(reference: str | Path) -> tuple[Path, str | None]:
    return Path(path_of(str(reference))), part_of(str(reference))
