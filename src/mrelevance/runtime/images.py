"""Reading and writing images; geometry travels with every array.

Arrays are ordered (D, H, W) = (z, y, x), several channels (C, D, H, W); world coordinates are
those of SimpleITK and NIfTI readers built on ITK: millimetres, left-posterior-superior (LPS).
"""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import written_whole
from mrelevance.runtime.orientation import nearest_axes

# NIfTI headers store float32, so those of one patient's sequences differ in the last digits.
TOLERANCE_MM = 1e-2
# Without extensions, a NIfTI header has 352 bytes.
LONGEST_HEADER_BYTES = 2**16


def read_image(path: str | Path, what: str = "image") -> sitk.Image:
    """Read a 3D or 4D image.

    `what` names the image in the error, for example `patient 07, sequence T2`.

    Raises
    ------
    InputError
        The file is missing, is not a readable image, or has values that are not finite.
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
        raise InputError(f"{what}: {path} has NaN or infinite voxels; repair the image")
    return image


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
        The sizes differ, or a corner of the grid lies more than 0.01 mm from its place.
    """
    if image.GetSize() != expected.GetSize():
        raise InputError(
            f"{what}: has {image.GetSize()} voxels, expected {expected.GetSize()}; "
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
                expected.TransformIndexToPhysicalPoint(corner),
            )
        )
        for corner in corners
    )
    if distance > TOLERANCE_MM:
        raise InputError(
            f"{what}: its grid lies up to {distance:.2f} mm away from the expected one; "
            "check spacing, origin and direction in the header"
        )


def canonical(image: sitk.Image) -> sitk.Image:
    """Turn a 3D or 4D image to the canonical orientation, see `runtime.orientation`.

    Every voxel keeps its value and its place in the world.
    """
    return _turned(image, *nearest_axes(direction_of(image)))


def turned_like(image: sitk.Image, grid: sitk.Image) -> sitk.Image:
    """Turn an image so that its axes run like those of `grid`; both are 3D or 4D.

    Undoes `canonical` where `grid` is the image before.
    """
    order, flips = nearest_axes(direction_of(grid))
    turned = canonical(image)
    # The inverse of a permutation followed by flips: flips, then the inverse permutation.
    back = tuple(order.index(axis) for axis in range(3))
    return _turned(turned, back, tuple(flips[axis] for axis in back))


def direction_of(image: sitk.Image) -> tuple[float, ...]:
    """Direction cosines (3 x 3, row by row) of a 3D image, or of every channel of a 4D one."""
    dimension = image.GetDimension()
    rows = [image.GetDirection()[dimension * row :][:3] for row in range(3)]
    return tuple(cosine for row in rows for cosine in row)


def _turned(image: sitk.Image, order: tuple[int, ...], flips: tuple[bool, ...]) -> sitk.Image:
    """Permute the spatial axes of an image, then flip some of them."""
    if order == (0, 1, 2) and not any(flips):
        return image
    if image.GetDimension() == 4:
        channels = range(image.GetSize()[3])
        return sitk.JoinSeries([_turned(image[..., n], order, flips) for n in channels])
    return sitk.Flip(sitk.PermuteAxes(image, order), flips)


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
