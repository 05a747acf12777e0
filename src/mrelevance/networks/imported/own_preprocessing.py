"""The preprocessing of this workflow around a network: to its grid, and back."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor

from mrelevance.cohort.patient import PatientImages
from mrelevance.networks.deployment import Case, Deployment, Outputs
from mrelevance.networks.imported.written import probabilities_of, written_values
from mrelevance.preprocessing.patient import preprocess_patient
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import first_channel, image_like, to_array
from mrelevance.runtime.orientation import canonical, turned_like

GIVEN = "as given"
"""Stands for the name of a patient in errors."""
SETTINGS = ("fixed_sequence", "spacing_mm", "margin_mm")


def check_own_preprocessing(settings: dict, channels: tuple[str, ...], what: str) -> None:
    """Check the settings of this workflow's preprocessing.

    Raises
    ------
    InputError
        A setting is missing, unknown or of another kind; `what` names the network.
    """
    if set(settings) != set(SETTINGS):
        raise InputError(
            f"{what}: preprocessing has {', '.join(map(str, settings)) or 'no settings'}; give "
            f"{', '.join(SETTINGS)}, or a list of MONAI transforms"
        )
    if settings["fixed_sequence"] not in channels:
        raise InputError(
            f"{what}: preprocessing.fixed_sequence is {settings['fixed_sequence']!r}; give the "
            f"channel that the body is found in, one of {', '.join(channels)}"
        )
    spacing, margin = settings["spacing_mm"], settings["margin_mm"]
    if spacing is not None and not (isinstance(spacing, list | tuple) and _positive(spacing, 3)):
        raise InputError(
            f"{what}: preprocessing.spacing_mm must be millimetres along x, y and z, or null"
        )
    if not (_positive([margin], 1) or margin == 0):
        raise InputError(f"{what}: preprocessing.margin_mm must be millimetres, 0 or more")


def prepare_as_trained(images: Mapping[str, sitk.Image], settings: dict) -> Case:
    """Preprocess a patient's images, which lie on one grid, by `preprocess_patient`.

    All of the images counts as imaged.

    Raises
    ------
    InputError
        An image has no contrast in the body.
    """
    patient = PatientImages(GIVEN, dict(images), settings["fixed_sequence"])
    imaged = image_like(np.ones(patient.fixed.GetSize()[::-1], np.uint8), patient.fixed)
    coverage = sitk.JoinSeries([imaged] * len(images))
    preprocessed = preprocess_patient(patient, coverage, settings)
    return Case(
        torch.from_numpy(to_array(preprocessed.image)),
        first_channel(preprocessed.image),
        patient.fixed,
        to_array(preprocessed.coverage) > 0,
    )


def own_settings(deployment: Deployment) -> dict | None:
    """Settings of this workflow's preprocessing, if it is what a network needs."""
    prepare = deployment.prepare
    if isinstance(prepare, partial) and prepare.func is prepare_as_trained:
        return prepare.keywords["settings"]
    return None


def restore_as_trained(case: Case, logits: Tensor, outputs: Outputs) -> sitk.Image:
    """Segmentation on the original grid: probabilities are interpolated linearly, then decided."""
    target = canonical(case.original)
    probabilities = probabilities_of(logits, outputs).numpy()
    resampled = [
        to_array(
            sitk.Resample(
                image_like(np.ascontiguousarray(probability), case.grid),
                target,
                sitk.Transform(3, sitk.sitkIdentity),
                sitk.sitkLinear,
                0.0,
                sitk.sitkFloat32,
            )
        )
        for probability in probabilities
    ]
    written = image_like(written_values(np.stack(resampled), outputs), target)
    return turned_like(written, case.original)


def _positive(values: list, count: int) -> bool:
    numbers = [value for value in values if isinstance(value, int | float)]
    return len(numbers) == len(values) == count and all(value > 0 for value in numbers)
