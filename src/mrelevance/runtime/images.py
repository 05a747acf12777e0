"""Reading and writing images; geometry travels with every array.

Arrays are ordered (D, H, W) = (z, y, x), several channels (C, D, H, W); world coordinates are
those of SimpleITK and NIfTI readers built on ITK: millimetres, left-posterior-superior (LPS).
"""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import written_whole
from mrelevance.runtime.grids import Grid, check_axes, check_same_grid, grid_of, put_on
from mrelevance.runtime.itk import read_information, through_itk
from mrelevance.runtime.nifti import chosen_grid, declared_geometries
from mrelevance.runtime.orientation import canonical
from mrelevance.runtime.stored_images import StoredImage, check_length, check_whole, stored_image

# Without extensions, a NIfTI header has 352 bytes.
LONGEST_HEADER_BYTES = 2**16


def read_image(
    path: str | Path, what: str = "image", nifti_geometry: str | None = None
) -> sitk.Image:
    """Read a 3D or 4D image, and check all of the file.

    The format is told by the content of the file, whatever its name.

    Parameters
    ----------
    path
        NIfTI, NRRD or MetaImage; of a pair of files, either.
    what
        Names the image in the error, for example `patient 07, sequence T2`.
    nifti_geometry
        Which geometry of a NIfTI header holds where the two differ: `sform`, `qform`, or None if
        that is an error.

    Raises
    ------
    InputError
        The file is missing, is not a readable image, ends too early or is damaged, has values that
        are not finite, or has two geometries; see `stored_image`, `check_whole`, `chosen_grid`.
    """
    stored = stored_image(path, what)
    check_whole(stored, what)
    _check_declared(stored, what)
    image = through_itk(stored, what, sitk.ImageFileReader.Execute)
    if not np.isfinite(sitk.GetArrayViewFromImage(image)).all():
        raise InputError(f"{what}: {path} has NaN or infinite voxels; repair the image")
    if image.GetDimension() > 2:
        grid = grid_of(image)
        chosen = _checked_grid(stored, nifti_geometry, grid, f"{what}: {path}")
        if chosen != grid:
            put_on(chosen, image)
    return image


def read_volume(
    path: str | Path,
    what: str = "image",
    nifti_geometry: str | None = None,
    volume: str | None = None,
) -> sitk.Image:
    """Read an image as `read_image` does, and check that it is 3D with one real number per voxel.

    `volume` is the number of a volume of a 4D image, counted from 0.

    Raises
    ------
    InputError
        It is not, or has no such volume; see also `read_image`.
    """
    image = read_image(path, what, nifti_geometry)
    _check_volume(
        image.GetSize(),
        image.GetPixelID(),
        image.GetNumberOfComponentsPerPixel(),
        f"{what}: {path}",
        volume,
    )
    if image.GetDimension() == 3:
        return image
    return sitk.Extract(image, [*image.GetSize()[:3], 0], [0, 0, 0, int(volume)])


def read_grid(
    path: str | Path,
    what: str = "image",
    nifti_geometry: str | None = None,
    volume: str | None = None,
) -> Grid:
    """Check what the header of a 3D image tells, without reading voxels; its grid.

    Parameters as for `read_volume`.

    Raises
    ------
    InputError
        As for `read_volume`, but for what only the voxels tell.
    """
    stored = stored_image(path, what)
    check_length(stored, what)
    _check_declared(stored, what)
    header = through_itk(stored, what, read_information)
    _check_volume(
        header.GetSize(),
        header.GetPixelID(),
        header.GetNumberOfComponents(),
        f"{what}: {path}",
        volume,
    )
    return _checked_grid(stored, nifti_geometry, grid_of(header), f"{what}: {path}")


def to_array(image: sitk.Image) -> np.ndarray:
    """Voxels as (D, H, W), or (C, D, H, W) of a 4D image; a copy."""
    return sitk.GetArrayFromImage(image)


def image_like(array: np.ndarray, grid: sitk.Image) -> sitk.Image:
    """Image of an array with the geometry of the 3D image `grid`.

    `array` is (D, H, W), or (C, D, H, W) for a 4D image with the channels last in the file.

    Raises
    ------
    ValueError
        The array has another size than the grid.
    """
    if array.shape[-3:] != grid.GetSize()[2::-1]:
        raise ValueError(f"array {array.shape} does not fit the grid {grid.GetSize()[2::-1]}")
    if array.ndim == 4:
        return sitk.JoinSeries([image_like(channel, grid) for channel in array])
    if array.dtype == bool:
        array = array.astype(np.uint8)
    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    image.CopyInformation(grid)
    return image


def first_channel(image: sitk.Image) -> sitk.Image:
    """First channel of a 4D image as a 3D image; all channels share its geometry."""
    size = list(image.GetSize())
    return sitk.Extract(image, [*size[:3], 0], [0, 0, 0, 0])


def write_image(image: sitk.Image, path: str | Path) -> None:
    """Write an image completely or not at all; a path that ends in `.gz` gives a compressed file.

    Raises
    ------
    StorageError
        The system refuses to store the file; see `written_whole`.
    """
    compressed = str(path).endswith(".gz")
    with written_whole(path) as beside:
        sitk.WriteImage(image, str(beside), useCompression=compressed, compressionLevel=1)
        # ITK does not report that the disk is full.
        if not _holds(beside, image, compressed):
            raise RuntimeError(f"{path} is shorter than its image")


def _holds(path: Path, image: sitk.Image, compressed: bool) -> bool:
    """Whether a NIfTI file is long enough for a header and all voxels of an image."""
    size = path.stat().st_size
    if compressed:
        # The last four bytes of a gzip file are the length of its content modulo 2^32 (RFC 1952).
        with open(path, "rb") as file:
            file.seek(max(size - 4, 0))
            size = int.from_bytes(file.read(), "little")
    voxels = image.GetNumberOfPixels() * image.GetNumberOfComponentsPerPixel()
    header = (size - voxels * image.GetSizeOfPixelComponent()) % 2**32
    return 0 < header <= LONGEST_HEADER_BYTES


def check_same_geometry(image: sitk.Image, expected: sitk.Image, what: str) -> None:
    """Check that a 3D image has the size, spacing, origin and direction of another one.

    `what` names the image in the error.

    Raises
    ------
    InputError
        See `check_same_grid`.
    """
    check_same_grid(grid_of(image), grid_of(expected), what)


def radiological(image: sitk.Image) -> tuple[np.ndarray, tuple[float, float, float]]:
    """Voxels turned to axial slices seen from the feet, and their spacing (z, y, x) in mm.

    Takes a 3D image, giving (D, H, W), or a 4D one, giving (C, D, H, W). Rows run from anterior
    to posterior, columns from the patient's right to the left, slices from the feet upwards.
    """
    turned = canonical(image)
    return to_array(turned), spacing_zyx(turned)


def spacing_zyx(image: sitk.Image) -> tuple[float, float, float]:
    """Voxel spacing in mm in the order of the array axes (D, H, W)."""
    return tuple(image.GetSpacing()[2::-1])


def voxel_volume_ml(image: sitk.Image) -> float:
    """Volume of one voxel in millilitres."""
    return float(np.prod(image.GetSpacing()[:3])) / 1000


def _check_declared(stored: StoredImage, what: str) -> None:
    """Check the geometries of a NIfTI header that ITK would replace by others without a word."""
    if stored.header is not None:
        declared_geometries(stored.header, f"{what}: {stored.path}")


def _checked_grid(stored: StoredImage, nifti_geometry: str | None, grid: Grid, what: str) -> Grid:
    """The grid that ITK has read, or the one that is chosen of two."""
    check_axes(grid, what)
    if stored.header is None:
        return grid
    return chosen_grid(stored.header, nifti_geometry, grid, what)


def _check_volume(
    size: tuple[int, ...], pixel: int, components: int, what: str, volume: str | None
) -> None:
    """Check that an image, or a volume of it, is 3D with one real number per voxel."""
    if pixel in _COMPLEX:
        raise InputError(f"{what} holds complex numbers; give its magnitude as an image")
    if components != 1:
        raise InputError(
            f"{what} has {components} values per voxel, such as colours or vectors; give an image "
            "with one"
        )
    count = size[3] if len(size) == 4 else 1
    if len(size) not in (3, 4) or (volume is None and len(size) == 4):
        volumes, example = "", ""
        if len(size) == 4:
            volumes, example = f", {count} volumes", f", such as {what.split(': ')[-1]}#0"
        raise InputError(f"{what} has {len(size)} dimensions{volumes}; give one 3D volume{example}")
    if volume is not None and not (volume.isdecimal() and int(volume) < count):
        raise InputError(f"{what} has no volume #{volume}; it holds {count}, numbered from 0")


_COMPLEX = (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64)
