"""Reading an image that a sample sheet names, whatever it is: file, volume of a 4D file, DICOM."""

from pathlib import Path

import SimpleITK as sitk

from mrelevance.cohort.dicom.volume import read_series
from mrelevance.cohort.references import is_dicom, part_of, path_of
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import read_image


def read_source(
    reference: str | Path, what: str = "image", fixed: sitk.Image | None = None
) -> sitk.Image:
    """Read the image that a reference names.

    Parameters
    ----------
    reference
        Path, with the volume or series where it holds several; see `references`.
    what
        Names the image in the error.
    fixed
        Image that a label is drawn on; a DICOM segmentation is put on its grid.

    Raises
    ------
    InputError
        It cannot be read, or has no such volume; see `read_image` and `read_series`.
    """
    path, part = Path(path_of(str(reference))), part_of(str(reference))
    if path.is_dir() or (path.is_file() and is_dicom(path)):
        return read_series(path, part, what, fixed)
    image = read_image(path, what)
    return image if part is None else _volume(image, part, f"{what}: {path}")


def _volume(image: sitk.Image, part: str, what: str) -> sitk.Image:
    """One volume of a 4D image."""
    volumes = image.GetSize()[3] if image.GetDimension() == 4 else 1
    if not part.isdecimal() or int(part) >= volumes:
        raise InputError(
            f"{what}: there is no volume #{part}; the file holds {volumes}, numbered from 0"
        )
    if image.GetDimension() < 4:
        return image
    return sitk.Extract(image, [*image.GetSize()[:3], 0], [0, 0, 0, int(part)])
