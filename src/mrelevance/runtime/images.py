"""Reading and writing images together with their geometry.

Arrays are ordered (D, H, W) = (z, y, x), with channels (C, D, H, W). World coordinates are those
of SimpleITK: millimetres, left-posterior-superior (LPS).
"""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import written_whole

# Headers store float32: the last digits differ between the sequences of one patient.
TOLERANCE_MM = 1e-2
# A NIfTI header has 352 bytes; its extensions may add more.
LONGEST_HEADER_BYTES = 2**16


def read_image(path: str | Path, what: str = "image") -> sitk.Image:
    """Read a 3D or 4D image.

    `what` names the image in the error, for example `patient 07, sequence T2`.

    Raises
    ------
    InputError
        The file is missing, cannot be read as an image, or holds values that are not finite.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{what}: {path} does not exist; check the path in the sample sheet")
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise InputError(
            f"{what}: {path} cannot be read as an image; convert it to NIfTI"
        ) from error
    if not np.isfinite(sitk.GetArrayViewFromImage(image)).all():
        raise InputError(f"{what}: {path} holds NaN or infinite voxels; repair the image")
    return image


def to_array(image: sitk.Image) -> np.ndarray:
    """Return a copy of the voxels: (D, H, W), or (C, D, H, W) of a 4D image."""
    return sitk.GetArrayFromImage(image)


def image_like(array: np.ndarray, grid: sitk.Image) -> sitk.Image:
    """Make an image of an array, with the geometry of the 3D image `grid`.

    `array` is (D, H, W), or (C, D, H, W) for a 4D image; the file then stores the channels last.
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
    """Return the first channel of a 4D image as a 3D image, which has the geometry of them all."""
    size = list(image.GetSize())
    return sitk.Extract(image, [*size[:3], 0], [0, 0, 0, 0])


def write_image(image: sitk.Image, path: str | Path) -> None:
    """Write an image to a temporary sibling, then rename it, so that no file is ever incomplete.

    Files named `.gz` are compressed at the fastest level.

    Raises
    ------
    StorageError
        The image cannot be stored: the disk is full, the folder read-only, or the like.
    """
    compressed = str(path).endswith(".gz")
    with written_whole(path) as beside:
        sitk.WriteImage(image, str(beside), useCompression=compressed, compressionLevel=1)
        # ITK does not notice when the disk is full.
        if not _holds(beside, image, compressed):
            raise RuntimeError(f"{path} is shorter than its image")


def _holds(path: Path, image: sitk.Image, compressed: bool) -> bool:
    """Whether a NIfTI file has the length of a header and all voxels of an image."""
    size = path.stat().st_size
    if compressed:
        # The last four bytes of a gzip file hold its uncompressed length modulo 2^32 (RFC 1952).
        with open(path, "rb") as file:
            file.seek(max(size - 4, 0))
            size = int.from_bytes(file.read(), "little")
    voxels = image.GetNumberOfPixels() * image.GetNumberOfComponentsPerPixel()
    header = (size - voxels * image.GetSizeOfPixelComponent()) % 2**32
    return 0 < header <= LONGEST_HEADER_BYTES


def check_same_geometry(image: sitk.Image, grid: sitk.Image, what: str) -> None:
    """Compare size, spacing, origin and direction of two 3D images.

    `what` names the image in the error, for example `patient 07, label`.

    Raises
    ------
    InputError
        They differ by more than a hundredth of a millimetre over the field of view.
    """
    if image.GetSize() != grid.GetSize():
        raise InputError(
            f"{what}: has {image.GetSize()} voxels, expected {grid.GetSize()}; "
            "both must lie on one grid"
        )
    corners = [
        tuple(int(n - 1) if bit else 0 for n, bit in zip(image.GetSize(), bits, strict=True))
        for bits in np.ndindex(2, 2, 2)
    ]
    distance = max(
        np.linalg.norm(
            np.subtract(
                image.TransformIndexToPhysicalPoint(corner),
                grid.TransformIndexToPhysicalPoint(corner),
            )
        )
        for corner in corners
    )
    if distance > TOLERANCE_MM:
        raise InputError(
            f"{what}: its grid lies up to {distance:.2f} mm away from the expected one; "
            "check spacing, origin and direction in the header"
        )


def spacing_zyx(image: sitk.Image) -> tuple[float, float, float]:
    """Return the voxel spacing in mm in the order of the array axes (D, H, W)."""
    return tuple(image.GetSpacing()[2::-1])


def voxel_volume_ml(image: sitk.Image) -> float:
    """Return the volume of one voxel in mL."""
    return float(np.prod(image.GetSpacing()[:3])) / 1000
