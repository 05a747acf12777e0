"""Preprocessing of one patient: from registered sequences to one channel stack."""

import logging

import numpy as np
import SimpleITK as sitk

from mrelevance.preprocessing.grid import resample_image, resample_label, respaced
from mrelevance.preprocessing.intensity import robust_z_score
from mrelevance.registration.body import body_mask
from mrelevance.runtime.images import check_same_geometry, image_like, to_array

logger = logging.getLogger(__name__)


def preprocess_patient(
    images: dict[str, sitk.Image],
    label: sitk.Image,
    sequences: list[str],
    reference: str,
    spacing_mm: list[float] | None,
    margin_mm: float,
    patient: str,
) -> tuple[sitk.Image, sitk.Image, dict]:
    """Resample, normalise, stack and crop the sequences of a patient.

    Parameters
    ----------
    images
        Sequence name to 3D image, all on the grid of the reference.
    label
        Lesion instances on the same grid.
    sequences
        Names in the order of the channels.
    reference
        The sequence that gives the body mask.
    spacing_mm
        Voxel spacing (x, y, z) of the result; None keeps that of the reference.
    margin_mm
        Kept around the body's box, which includes the lesions.
    patient
        Names the patient in errors.

    Returns
    -------
    image
        4D float32, one channel per sequence: robust z-scores in the body, 0 outside.
    label
        3D, lesion instances by nearest neighbour.
    channels
        Content of `channels.json`: patient, sequences, reference, spacing, per sequence centre and
        scale of the normalisation, sizes and crop in voxels (x, y, z).

    Raises
    ------
    InputError
        Grids differ, or a sequence has no contrast in the body.
    """
    for name in sequences:
        check_same_geometry(images[name], images[reference], f"patient {patient}, sequence {name}")
    check_same_geometry(label, images[reference], f"patient {patient}, label")
    grid = respaced(images[reference], spacing_mm)
    drawn = resample_label(label, grid)
    _warn_of_lost_lesions(label, drawn, patient)
    resampled = {name: resample_image(images[name], grid) for name in sequences}
    body = _common_body(images[reference], grid) | (to_array(drawn) > 0)
    stack, normalisation = [], {}
    for name in sequences:
        scored, centre, scale = robust_z_score(
            to_array(resampled[name]), body, f"patient {patient}, sequence {name}"
        )
        stack.append(scored)
        normalisation[name] = {"centre": centre, "scale": scale}
    start, size = body_box(body, np.ceil(margin_mm / np.array(grid.GetSpacing())).astype(int))
    crop = [slice(first, first + count) for first, count in zip(start, size, strict=True)]
    cropped = drawn[crop[0], crop[1], crop[2]]
    image = image_like(np.stack(stack)[:, crop[2], crop[1], crop[0]], cropped)
    channels = {
        "patient": patient,
        "sequences": list(sequences),
        "reference": reference,
        "spacing_mm": [float(value) for value in grid.GetSpacing()],
        "background": 0.0,
        "normalisation": normalisation,
        "source_size": list(images[reference].GetSize()),
        "source_spacing_mm": [float(value) for value in images[reference].GetSpacing()],
        "resampled_size": list(grid.GetSize()),
        "crop": {"start": start, "size": size},
    }
    return image, cropped, channels


def body_box(body: np.ndarray, margin: np.ndarray) -> tuple[list[int], list[int]]:
    """Start and size in voxels (x, y, z) of the box around a mask (D, H, W), with a margin.

    The box ends at the border of the image.
    """
    voxels = np.argwhere(body)[:, ::-1]
    start = np.maximum(voxels.min(axis=0) - margin, 0)
    stop = np.minimum(voxels.max(axis=0) + 1 + margin, body.shape[::-1])
    return start.tolist(), (stop - start).tolist()


def _common_body(reference: sitk.Image, grid: sitk.Image) -> np.ndarray:
    # Found before resampling, which blurs the border of a masked background.
    mask = image_like(body_mask(reference), reference)
    return to_array(resample_label(mask, grid)) > 0


def _warn_of_lost_lesions(label: sitk.Image, drawn: sitk.Image, patient: str) -> None:
    lost = sorted(
        set(np.unique(to_array(label)).tolist()) - set(np.unique(to_array(drawn)).tolist())
    )
    if lost:
        logger.warning(
            "patient %s: lesions %s are smaller than a voxel of the common grid and are lost; "
            "a finer preprocess.spacing_mm keeps them",
            patient,
            ", ".join(map(str, lost)),
        )
