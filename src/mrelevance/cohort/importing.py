"""Import of a user's images into the raw layout of the study."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from scipy import ndimage

from mrelevance.cohort.labels import understand_label
from mrelevance.cohort.patient import PatientImages
from mrelevance.cohort.sources import read_source
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import write_table
from mrelevance.runtime.grids import check_overlap, grid_of
from mrelevance.runtime.images import (
    check_same_geometry,
    image_like,
    to_array,
    voxel_volume_ml,
    write_image,
)
from mrelevance.runtime.orientation import canonical
from mrelevance.runtime.segmentation import Segmentation

# Headers store the origin in single precision, so that it differs by about 1e-5 mm between
# orientations of one grid. Optimisers amplify such differences; rounding removes them.
ORIGIN_STEP_MM = 0.005


def import_patient(
    name: str,
    paths: Mapping[str, str | Path],
    label_path: str | Path,
    fixed_sequence: str,
    segmentation: Segmentation,
    nifti_geometry: str | None = None,
) -> PatientImages:
    """Read and check a patient's images and label.

    Parameters
    ----------
    name
        The patient's name.
    paths
        Sequence name to the reference to its image (a path, see `cohort.references`), in the
        order of the channels.
    label_path
        Reference to the lesion label.
    fixed_sequence
        The sequence that the label is drawn on.
    segmentation
        What the values of the label mean.
    nifti_geometry
        See `read_image`.

    Returns
    -------
    Float32 images, each on its own grid in the canonical orientation, and the label as
    `understand_label` numbers it.

    Raises
    ------
    InputError
        See `read_sequence`, `read_source`, `check_placed` and `understand_label`.
    """
    images = {
        sequence: read_sequence(path, f"patient {name}, sequence {sequence}", nifti_geometry)
        for sequence, path in paths.items()
    }
    fixed = images[fixed_sequence]
    drawn = read_source(label_path, f"patient {name}, label", nifti_geometry, fixed)
    drawn = canonical(drawn)
    what = f"patient {name}, label: {label_path}"
    check_placed(name, images, drawn, fixed_sequence, paths, what)
    label = understand_label(to_array(drawn), segmentation, what)
    classes = None if label.classes is None else image_like(label.classes, fixed)
    lesions = image_like(label.lesions, fixed)
    return PatientImages(name, images, fixed_sequence, lesions, classes=classes)


def check_placed(
    name: str,
    images: Mapping[str, sitk.Image],
    drawn: sitk.Image,
    fixed_sequence: str,
    paths: Mapping[str, str | Path],
    what: str,
) -> None:
    """Check that a patient's images and label lie where they belong.

    Parameters
    ----------
    name
        The patient's name.
    images
        Sequence name to image.
    drawn
        The label in the canonical orientation; `what` names it.
    fixed_sequence
        The sequence that the label is drawn on.
    paths
        Where the images were read from; errors name them.

    Raises
    ------
    InputError
        Fields of view do not overlap, or the label is not on the grid of the fixed sequence.
    """
    fixed = images[fixed_sequence]
    for sequence, image in images.items():
        moving = f"patient {name}, sequence {sequence}: {paths[sequence]}"
        check_overlap(grid_of(image), grid_of(fixed), moving, fixed_sequence)
    check_same_geometry(drawn, fixed, f"{what} (drawn on {fixed_sequence})")


def import_mask(
    path: str | Path, fixed: sitk.Image, patient: str, nifti_geometry: str | None = None
) -> sitk.Image:
    """Read and check the mask of a patient's organ of interest.

    `path` is a reference, see `cohort.references`; `fixed` is the image of the fixed sequence;
    `nifti_geometry`: see `read_image`.

    Returns
    -------
    uint8 on the grid of the fixed sequence, 1 in the organ.

    Raises
    ------
    InputError
        The mask cannot be read, is not on the grid of the fixed sequence, or is empty.
    """
    what = f"patient {patient}, mask"
    drawn = read_source(path, what, nifti_geometry, fixed)
    return checked_mask(drawn, fixed, f"{what}: {path}")


def checked_mask(drawn: sitk.Image, fixed: sitk.Image, what: str) -> sitk.Image:
    """Check a mask that has been read, see `import_mask`; `what` names patient and file."""
    drawn = canonical(drawn)
    check_same_geometry(drawn, fixed, what)
    inside = to_array(drawn) > 0
    if not inside.any():
        raise InputError(f"{what} holds no voxel above 0; draw the organ")
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


def read_sequence(
    reference: str | Path, what: str, nifti_geometry: str | None = None
) -> sitk.Image:
    """Read the image of a sequence as float32, in the canonical orientation.

    `what` names it in the error; `nifti_geometry`: see `read_image`.

    Raises
    ------
    InputError
        It has the same value everywhere, or values too large for float32; see also `read_source`.
    """
    image = read_source(reference, what, nifti_geometry)
    voxels = sitk.GetArrayViewFromImage(image)
    lowest, highest = voxels.min(), voxels.max()
    if lowest == highest:
        raise InputError(
            f"{what}: {reference} has the same value {lowest:g} everywhere; check the conversion"
        )
    if max(abs(float(lowest)), abs(float(highest))) > np.finfo(np.float32).max:
        raise InputError(
            f"{what}: {reference} has values from {lowest:g} to {highest:g}, too large for "
            "float32; scale the image"
        )
    return _settled(sitk.Cast(image, sitk.sitkFloat32))


def _settled(image: sitk.Image) -> sitk.Image:
    """The same image however it is stored: canonical orientation, origin in whole steps."""
    turned = sitk.Image(canonical(image))
    steps = np.round(np.array(turned.GetOrigin()) / ORIGIN_STEP_MM)
    turned.SetOrigin((steps * ORIGIN_STEP_MM).tolist())
    return turned
