"""Import of a user's images into the raw layout of the study."""

from collections.abc import Mapping
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import SimpleITK as sitk
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from scipy import ndimage

from mrelevance.cohort.labels import understand_label
from mrelevance.cohort.patient import PatientImages
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
from mrelevance.runtime.segmentation import Segmentation

LEAST_OVERLAP = 0.25


def import_patient(
    name: str,
    paths: Mapping[str, str | Path],
    label_path: str | Path,
    fixed_sequence: str,
    segmentation: Segmentation,
) -> PatientImages:
    """Read and check a patient's images and label.

    Parameters
    ----------
    name
        The patient's name.
    paths
        Sequence name to the path of its image, in the order of the channels.
    label_path
        Path of the lesion label.
    fixed_sequence
        The sequence that the label is drawn on.
    segmentation
        What the values of the label mean.

    Returns
    -------
    Float32 images, each on its own grid, and the label as
    `understand_label` numbers it.

    Raises
    ------
    InputError
        An image cannot be read, is not 3D, not finite or constant; fields of view do not overlap;
        the label is not on the grid of the fixed sequence; see also `understand_label`.
    """
    images = {
        sequence: _read_sequence(Path(path), f"patient {name}, sequence {sequence}")
        for sequence, path in paths.items()
    }
    fixed = images[fixed_sequence]
    for sequence, path in paths.items():
        covered = field_of_view_overlap(images[sequence], fixed)
        if covered < LEAST_OVERLAP:
            raise InputError(
                f"patient {name}, sequence {sequence}: {path} covers {covered:.0%} of the field of "
                f"view of {fixed_sequence}, at least {LEAST_OVERLAP:.0%} is needed; check origin "
                "and direction in the header"
            )
    what = f"patient {name}, label: {label_path}"
    drawn = _check_3d(read_image(label_path, f"patient {name}, label"), what)
    check_same_geometry(drawn, fixed, f"{what} (drawn on {fixed_sequence})")
    label = understand_label(to_array(drawn), segmentation, what)
    classes = None if label.classes is None else image_like(label.classes, fixed)
    lesions = image_like(label.lesions, fixed)
    return PatientImages(name, images, fixed_sequence, lesions, classes=classes)


def import_mask(path: str | Path, fixed: sitk.Image, patient: str) -> sitk.Image:
    """Read and check the mask of a patient's organ of interest.

    `fixed` is the image of the fixed sequence.

    Returns
    -------
    uint8 on the grid of the fixed sequence, 1 in the organ.

    Raises
    ------
    InputError
        The mask cannot be read, is not on the grid of the fixed sequence, or is empty.
    """
    what = f"patient {patient}, mask"
    drawn = _check_3d(read_image(path, what), f"{what}: {path}")
    check_same_geometry(drawn, fixed, f"{what}: {path}")
    inside = to_array(drawn) > 0
    if not inside.any():
        raise InputError(f"{what}: {path} holds no voxel above 0; draw the organ")
    return image_like(inside, fixed)


def write_patient(patient: PatientImages, lesions: pd.DataFrame, folder: str | Path) -> None:
    """Write images, label, classes where there are any, and `lesions.tsv` to a patient's folder."""
    folder = Path(folder)
    for sequence, image in patient.images.items():
        write_image(image, folder / f"{sequence}.nii.gz")
    write_image(patient.label, folder / "label.nii.gz")
    if patient.classes is not None:
        write_image(patient.classes, folder / "classes.nii.gz")
    write_table(lesions, folder / "lesions.tsv")


def lesion_table(label: sitk.Image, patient: str) -> pd.DataFrame:
    """Measure the lesions 1 to n of a label.

    Returns
    -------
    Table `patient, lesion, type, volume_ml, diameter_mm, x_mm, y_mm, z_mm`: diameter of the sphere
    of the same volume, centre in world coordinates (LPS). The type is `unknown`.
    """
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
    """Check the stored values of a NIfTI file: ITK's reader silently turns NaN into 0."""
    try:
        finite = np.isfinite(np.asanyarray(nibabel.load(path).dataobj)).all()
    except (ImageFileError, HeaderDataError, OSError, EOFError, ValueError) as error:
        raise InputError(
            f"{what}: {path} cannot be read as an image; convert it to NIfTI"
        ) from error
    if not finite:
        raise InputError(f"{what}: {path} has NaN or infinite voxels; repair the image")


def _check_3d(image: sitk.Image, what: str) -> sitk.Image:
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(
            f"{what} has {image.GetDimension()} dimensions and "
            f"{image.GetNumberOfComponentsPerPixel()} values per voxel; give one 3D volume"
        )
    return image


def field_of_view_overlap(image: sitk.Image, fixed: sitk.Image) -> float:
    """Share (0 to 1) of the fixed image's field of view that lies inside the image's.

    It is estimated on a lattice of 12 x 12 x 12 points of the fixed image.
    """
    lattice = [np.linspace(-0.5, size - 0.5, 12) for size in fixed.GetSize()]
    points = [
        fixed.TransformContinuousIndexToPhysicalPoint(index.tolist())
        for index in np.stack(np.meshgrid(*lattice), axis=-1).reshape(-1, 3)
    ]
    indices = np.array([image.TransformPhysicalPointToContinuousIndex(point) for point in points])
    # Headers are stored rounded; the tolerance keeps the border of equal grids inside.
    inside = (indices > -0.51) & (indices < np.array(image.GetSize()) - 0.49)
    return float(inside.all(axis=1).mean())
