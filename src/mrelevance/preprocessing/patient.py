"""Preprocessing of one patient: registered sequences become the channels of one image."""

import logging
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from mrelevance.cohort.patient import PatientImages, canonical_patient
from mrelevance.preprocessing.grid import resample_image, resample_label, respaced
from mrelevance.preprocessing.intensity import robust_z_score
from mrelevance.registration.body import body_mask
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import check_same_geometry, first_channel, image_like, to_array
from mrelevance.runtime.orientation import canonical

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Preprocessed:
    """One patient, ready for the network. All images lie on one grid in canonical orientation.

    Attributes
    ----------
    image
        4D float32, one channel per sequence: robust z-scores in the part of the body that the
        sequence covers, 0 elsewhere.
    coverage
        4D uint8, the same channels: 1 where the sequence was imaged.
    label
        3D, lesion instances by nearest neighbour; 0 everywhere if the patient has no label.
    channels
        Content of `channels.json`: patient, sequences, fixed sequence, spacing, centre and scale of
        the normalisation per sequence, sizes and crop in voxels (x, y, z).
    """

    image: sitk.Image
    coverage: sitk.Image
    label: sitk.Image
    channels: dict


def preprocess_patient(
    patient: PatientImages, coverage: sitk.Image, settings: dict
) -> Preprocessed:
    """Turn, resample, normalise, stack and crop the sequences of a patient.

    Parameters
    ----------
    patient
        Registered images and, if there is one, the label, all on the grid of the fixed sequence,
        which also gives the body mask.
    coverage
        4D image on the same grid, with a channel for every sequence: not 0 in its field of view.
    settings
        Section `preprocess` of the configuration: `spacing_mm` (x, y, z) of the result, or None to
        keep that of the fixed sequence; `margin_mm` kept around the body and the lesions.

    Raises
    ------
    InputError
        Grids differ, or a sequence covers nothing of the body or has no contrast in it.
    """
    patient, coverage = canonical_patient(patient), canonical(coverage)
    for name, image in patient.images.items():
        check_same_geometry(image, patient.fixed, f"patient {patient.name}, sequence {name}")
    if patient.label is not None:
        check_same_geometry(patient.label, patient.fixed, f"patient {patient.name}, label")
    check_same_geometry(first_channel(coverage), patient.fixed, f"patient {patient.name}, coverage")
    grid = respaced(patient.fixed, settings["spacing_mm"])
    drawn = _label_on(grid, patient)
    body = _body_on(grid, patient.fixed) | (to_array(drawn) > 0)
    stack, covered, normalisation = [], [], {}
    for channel, (name, image) in enumerate(patient.images.items()):
        what = f"patient {patient.name}, sequence {name}"
        inside = _coverage_on(grid, coverage[..., channel])
        if not (body & inside).any():
            raise InputError(
                f"{what}: covers nothing of the body in {patient.fixed_sequence}; give another "
                "image, or leave the patient out"
            )
        scored, centre, scale = robust_z_score(
            to_array(resample_image(image, grid)), body & inside, what
        )
        stack.append(scored)
        covered.append(inside)
        normalisation[name] = {"centre": centre, "scale": scale}
    margin = np.ceil(settings["margin_mm"] / np.array(grid.GetSpacing())).astype(int)
    start, size = body_box(body, margin)
    crop = [slice(first, first + count) for first, count in zip(start, size, strict=True)]
    cropped = drawn[crop[0], crop[1], crop[2]]
    stacked, imaged = (
        image_like(np.stack(arrays)[:, crop[2], crop[1], crop[0]], cropped)
        for arrays in (stack, covered)
    )
    channels = {
        "patient": patient.name,
        "sequences": list(patient.images),
        "fixed_sequence": patient.fixed_sequence,
        "spacing_mm": [float(value) for value in grid.GetSpacing()],
        "background": 0.0,
        "normalisation": normalisation,
        "source_size": list(patient.fixed.GetSize()),
        "source_spacing_mm": [float(value) for value in patient.fixed.GetSpacing()],
        "resampled_size": list(grid.GetSize()),
        "crop": {"start": start, "size": size},
    }
    return Preprocessed(stacked, imaged, cropped, channels)


def body_box(body: np.ndarray, margin: np.ndarray) -> tuple[list[int], list[int]]:
    """Compute start and size in voxels (x, y, z) of the box around a mask (D, H, W).

    The margin (x, y, z) around the mask ends at the border of the image.
    """
    voxels = np.argwhere(body)[:, ::-1]
    start = np.maximum(voxels.min(axis=0) - margin, 0)
    stop = np.minimum(voxels.max(axis=0) + 1 + margin, body.shape[::-1])
    return start.tolist(), (stop - start).tolist()


def _label_on(grid: sitk.Image, patient: PatientImages) -> sitk.Image:
    if patient.label is None:
        return grid
    drawn = resample_label(patient.label, grid)
    _warn_of_lost_lesions(patient.label, drawn, patient.name)
    return drawn


def _body_on(grid: sitk.Image, fixed: sitk.Image) -> np.ndarray:
    # The body is found before resampling, which blurs the border of a masked background.
    mask = image_like(body_mask(fixed), fixed)
    return to_array(resample_label(mask, grid)) > 0


def _coverage_on(grid: sitk.Image, coverage: sitk.Image) -> np.ndarray:
    """Voxels of a grid, bool (D, H, W), that stem from the field of view by at least half."""
    return to_array(resample_image(sitk.Cast(coverage, sitk.sitkFloat32), grid)) >= 0.5


def _warn_of_lost_lesions(label: sitk.Image, drawn: sitk.Image, patient: str) -> None:
    lost = sorted(
        set(np.unique(to_array(label)).tolist()) - set(np.unique(to_array(drawn)).tolist())
    )
    if lost:
        logger.warning(
            "patient %s: lesions %s are smaller than a voxel of the new grid and are lost; "
            "set a finer preprocess.spacing_mm to keep them",
            patient,
            ", ".join(map(str, lost)),
        )
