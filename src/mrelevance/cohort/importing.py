"""Import of a user's images into the raw layout of the study."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from scipy import ndimage

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

MOST_LESIONS = 255  # labels are stored as uint8
# Headers store the origin in single precision, so that it differs by about 1e-5 mm between
# orientations of one grid. Optimisers amplify such differences; rounding removes them.
ORIGIN_STEP_MM = 0.005


def import_patient(
    name: str,
    paths: Mapping[str, str | Path],
    label_path: str | Path,
    fixed_sequence: str,
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
        Reference to the lesion label: a mask, or lesions numbered by any positive values.
    fixed_sequence
        The sequence that the label is drawn on.
    nifti_geometry
        See `read_image`.

    Raises
    ------
    InputError
        See `read_sequence`, `read_source` and `assemble_patient`.
    """
    images = {
        sequence: read_sequence(path, f"patient {name}, sequence {sequence}", nifti_geometry)
        for sequence, path in paths.items()
    }
    fixed = images[fixed_sequence]
    drawn = read_source(label_path, f"patient {name}, label", nifti_geometry, fixed)
    return assemble_patient(name, images, drawn, fixed_sequence, paths, label_path)


def assemble_patient(
    name: str,
    images: Mapping[str, sitk.Image],
    drawn: sitk.Image,
    fixed_sequence: str,
    paths: Mapping[str, str | Path],
    label_path: str | Path,
) -> PatientImages:
    """Check that a patient's images and label belong together, and number the lesions.

    Parameters
    ----------
    name
        The patient's name.
    images
        Sequence name to image.
    drawn
        The label as it is drawn.
    fixed_sequence
        The sequence that the label is drawn on.
    paths, label_path
        Where the images and the label were read from; errors name them.

    Returns
    -------
    The images, each on its own grid, and the label as `lesion_instances` numbers it, all in the
    canonical orientation.

    Raises
    ------
    InputError
        Fields of view do not overlap; the label is not on the grid of the fixed sequence, not
        integer, or holds over 255 lesions.
    """
    fixed = images[fixed_sequence]
    for sequence, image in images.items():
        what = f"patient {name}, sequence {sequence}: {paths[sequence]}"
        check_overlap(grid_of(image), grid_of(fixed), what, fixed_sequence)
    what = f"patient {name}, label: {label_path}"
    drawn = canonical(drawn)
    check_same_geometry(drawn, fixed, f"{what} (drawn on {fixed_sequence})")
    label = image_like(lesion_instances(to_array(drawn), what), fixed)
    return PatientImages(name, dict(images), fixed_sequence, label)


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
    """Write `{sequence}.nii.gz`, `label.nii.gz` and `lesions.tsv` to the folder of a patient."""
    folder = Path(folder)
    for sequence, image in patient.images.items():
        write_image(image, folder / f"{sequence}.nii.gz")
    write_image(patient.label, folder / "label.nii.gz")
    write_table(lesions, folder / "lesions.tsv")


def lesion_instances(label: np.ndarray, what: str) -> np.ndarray:
    """Number the lesions of a label 1 to n.

    A label with one value besides 0 is a mask: its components, connected through faces, edges and
    corners, are the lesions, the largest first. In a label with several values each value is a
    lesion; their order stays.

    Parameters
    ----------
    label
        (D, H, W), any type; values are whole numbers from 0.
    what
        Names patient and file in the error.

    Returns
    -------
    uint8, (D, H, W).

    Raises
    ------
    InputError
        Values are negative or not whole, or there are over 255 lesions.
    """
    if np.any(label < 0) or np.any(label != np.round(label)):
        raise InputError(
            f"{what} holds values that are not whole numbers from 0; give a label, not an image"
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
