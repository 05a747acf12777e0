"""A user's images become the raw layout of the study."""

from collections.abc import Mapping
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import SimpleITK as sitk
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from scipy import ndimage

from mrelevance.cohort.sheet import LABEL, MASK
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import write_table
from mrelevance.runtime.images import (
    check_same_geometry,
    image_like,
    read_image,
    to_array,
    voxel_volume_ml,
    write_image,
)

MOST_LESIONS = 255  # labels are stored as uint8
LEAST_OVERLAP = 0.25


def import_patient(
    row: Mapping[str, str], sequences: list[str], reference: str, data_folder: str | Path
) -> tuple[dict[str, sitk.Image], sitk.Image, pd.DataFrame]:
    """Read and check the images of one row of the sample sheet.

    Parameters
    ----------
    row
        `patient`, one path per sequence and `label`, relative to `data_folder`.
    sequences
        Names of the sequences, in the order of the channels.
    reference
        The sequence on whose grid the label is drawn.

    Returns
    -------
    images
        Sequence name to 3D float32 image, each on its own grid.
    label
        uint8 on the grid of the reference; 0 background, k the k-th lesion of the table.
    lesions
        Table `patient, lesion, type, volume_ml, diameter_mm, x_mm, y_mm, z_mm`: diameter of the
        sphere of the same volume, centre in world coordinates (LPS). Type is `unknown`.

    Raises
    ------
    InputError
        An image cannot be read, is not 3D, not finite or constant; fields of view do not overlap;
        the label is not on the grid of the reference, not integer, or holds over 255 lesions.
    """
    patient, folder = row["patient"], Path(data_folder)
    images = {
        name: _read_sequence(folder / row[name], f"patient {patient}, sequence {name}")
        for name in sequences
    }
    for name in sequences:
        _check_overlap(
            images[name],
            images[reference],
            f"patient {patient}, sequence {name}: {folder / row[name]}",
            reference,
        )
    path = folder / row[LABEL]
    what = f"patient {patient}, label: {path}"
    drawn = _check_3d(read_image(path, f"patient {patient}, label"), what)
    check_same_geometry(drawn, images[reference], f"{what} (reference: {reference})")
    label = image_like(lesion_instances(to_array(drawn), what), images[reference])
    return images, label, lesion_table(label, patient)


def import_mask(path: str | Path, reference: sitk.Image, patient: str) -> sitk.Image:
    """Read and check the mask of a patient's organ of interest.

    Returns
    -------
    uint8 on the grid of the reference, 1 in the organ.

    Raises
    ------
    InputError
        The mask cannot be read, is not on the grid of the reference, or is empty.
    """
    what = f"patient {patient}, {MASK}"
    drawn = _check_3d(read_image(path, what), f"{what}: {path}")
    check_same_geometry(drawn, reference, f"{what}: {path}")
    inside = to_array(drawn) > 0
    if not inside.any():
        raise InputError(f"{what}: {path} holds no voxel above 0; draw the organ")
    return image_like(inside, reference)


def write_patient(
    folder: str | Path, images: dict[str, sitk.Image], label: sitk.Image, lesions: pd.DataFrame
) -> None:
    """Write `{sequence}.nii.gz`, `label.nii.gz` and `lesions.tsv` to the folder of a patient."""
    folder = Path(folder)
    for sequence, image in images.items():
        write_image(image, folder / f"{sequence}.nii.gz")
    write_image(label, folder / "label.nii.gz")
    write_table(lesions, folder / "lesions.tsv")


def lesion_instances(label: np.ndarray, what: str) -> np.ndarray:
    """Number the lesions of a label image 1 to n.

    A label of one value (besides 0) is a mask: its connected components (also over edges and
    corners) are the lesions, the largest first. A label of several values gives the lesions
    themselves, in the order of the values.

    Parameters
    ----------
    label
        (D, H, W), any type, values whole and not negative.
    what
        Names patient and file in the error.

    Returns
    -------
    uint8, (D, H, W).

    Raises
    ------
    InputError
        Values are negative or not whole, or there are more than 255 lesions.
    """
    if np.any(label < 0) or np.any(label != np.round(label)):
        raise InputError(
            f"{what} holds values that are not 0, 1, 2, ...; store a label, not an image"
        )
    values = np.unique(label[label > 0])
    if len(values) <= 1:
        instances, count = ndimage.label(label > 0, structure=np.ones((3, 3, 3)))
        sizes = np.bincount(instances.ravel(), minlength=count + 1)[1:]
        order = np.argsort(-sizes, kind="stable") + 1
    else:
        instances, order = np.searchsorted(values, label, side="right"), np.arange(len(values)) + 1
        count = len(values)
    if count > MOST_LESIONS:
        raise InputError(
            f"{what} holds {count} lesions, at most {MOST_LESIONS} are possible; "
            "remove specks or join lesions that belong together"
        )
    numbers = np.zeros(count + 1, np.uint8)
    numbers[order] = np.arange(1, count + 1)
    return numbers[instances]


def lesion_table(label: sitk.Image, patient: str) -> pd.DataFrame:
    """Measure the lesions 1 to n of a label image; columns as in `import_patient`."""
    instances = to_array(label)
    numbers = np.arange(1, int(instances.max()) + 1)
    volumes = np.bincount(instances.ravel(), minlength=len(numbers) + 1)[1:] * voxel_volume_ml(
        label
    )
    indices = np.reshape(ndimage.center_of_mass(instances > 0, instances, numbers), (-1, 3))
    centres = np.reshape(
        [label.TransformContinuousIndexToPhysicalPoint(index[::-1].tolist()) for index in indices],
        (-1, 3),
    )
    return pd.DataFrame(
        {
            "patient": patient,
            "lesion": numbers,
            "type": "unknown",
            "volume_ml": volumes,
            "diameter_mm": np.cbrt(6000 * volumes / np.pi),
            "x_mm": centres[:, 0],
            "y_mm": centres[:, 1],
            "z_mm": centres[:, 2],
        }
    )


def _read_sequence(path: Path, what: str) -> sitk.Image:
    if path.is_file() and path.name.endswith((".nii", ".nii.gz")):
        _check_stored_values(path, what)
    image = _check_3d(read_image(path, what), f"{what}: {path}")
    voxels = sitk.GetArrayViewFromImage(image)
    if voxels.min() == voxels.max():
        raise InputError(
            f"{what}: {path} has the same value {voxels.flat[0]:g} everywhere; check the conversion"
        )
    return sitk.Cast(image, sitk.sitkFloat32)


def _check_stored_values(path: Path, what: str) -> None:
    """Look at a NIfTI file's values themselves: ITK's reader would turn NaN into 0, silently."""
    try:
        finite = np.isfinite(np.asanyarray(nibabel.load(path).dataobj)).all()
    except (ImageFileError, HeaderDataError, OSError, EOFError, ValueError) as error:
        raise InputError(
            f"{what}: {path} cannot be read as an image; convert it to NIfTI"
        ) from error
    if not finite:
        raise InputError(f"{what}: {path} holds NaN or infinite voxels; repair the image")


def _check_3d(image: sitk.Image, what: str) -> sitk.Image:
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(
            f"{what} has {image.GetDimension()} dimensions and "
            f"{image.GetNumberOfComponentsPerPixel()} values per voxel; give one 3D volume"
        )
    return image


def _check_overlap(
    image: sitk.Image, reference: sitk.Image, what: str, reference_name: str
) -> None:
    """Compare fields of view on a lattice of points of the reference."""
    covered = field_of_view_overlap(image, reference)
    if covered < LEAST_OVERLAP:
        raise InputError(
            f"{what} covers {covered:.0%} of the field of view of {reference_name}, at least "
            f"{LEAST_OVERLAP:.0%} is needed; check origin and direction in the header"
        )


def field_of_view_overlap(image: sitk.Image, reference: sitk.Image) -> float:
    """Share (0 to 1) of the reference's field of view that lies inside the image's."""
    lattice = [np.linspace(-0.5, size - 0.5, 12) for size in reference.GetSize()]
    points = [
        reference.TransformContinuousIndexToPhysicalPoint(index.tolist())
        for index in np.stack(np.meshgrid(*lattice), axis=-1).reshape(-1, 3)
    ]
    indices = np.array([image.TransformPhysicalPointToContinuousIndex(point) for point in points])
    # Rounding of stored headers must not push the border of equal grids outside.
    inside = (indices > -0.51) & (indices < np.array(image.GetSize()) - 0.49)
    return float(inside.all(axis=1).mean())
