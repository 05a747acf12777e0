"""Registered sequences in the space of a network that was trained elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor

from mrelevance.cohort.patient import PatientImages
from mrelevance.networks.channels import pick_channels
from mrelevance.networks.deployment import Deployment
from mrelevance.networks.imported.own_preprocessing import own_settings
from mrelevance.preprocessing.patient import Preprocessed, preprocess_patient
from mrelevance.runtime.files import read_json
from mrelevance.runtime.images import (
    check_same_geometry,
    first_channel,
    image_like,
    read_image,
    to_array,
)
from mrelevance.runtime.orientation import turned_like


def prepare_patient(
    patient: PatientImages,
    coverage: sitk.Image,
    direction: Sequence[float] | None,
    deployment: Deployment,
    of_sequence: Mapping[str, str],
) -> Preprocessed:
    """Preprocess a patient's registered sequences as the network's own software does.

    In `channels`, the network's channel of each sequence takes the place of a normalisation.

    Parameters
    ----------
    patient
        Registered images, label and classes, all on the grid of the fixed sequence.
    coverage
        4D image on the same grid, with a channel for every sequence: not 0 in its field of view.
    direction
        Direction cosines (3 x 3, row by row) of the fixed sequence as the user's file stores it.
        nnU-Net takes axes as they are stored, so that all is turned back before. None: as it is.
    deployment
        What surrounds the network.
    of_sequence
        The network's channel of each sequence, in the order of both.

    Raises
    ------
    InputError
        Grids differ, or the images do not fit the network's preprocessing.
    """
    for name, image in patient.images.items():
        check_same_geometry(image, patient.fixed, f"patient {patient.name}, sequence {name}")
    check_same_geometry(first_channel(coverage), patient.fixed, f"patient {patient.name}, coverage")
    settings = own_settings(deployment)
    if settings is not None:
        return _as_trained_here(patient, coverage, settings, of_sequence)
    images, label, classes = (
        {of_sequence[name]: _stored(image, direction) for name, image in patient.images.items()},
        _stored(patient.label, direction),
        None if patient.classes is None else _stored(patient.classes, direction),
    )
    case = deployment.prepare(images)
    covered = [
        to_array(deployment.label_to_case(_stored(coverage[..., number], direction), case)) > 0
        for number in range(len(of_sequence))
    ]
    imaged = np.stack(covered) & case.covered
    channels = {
        "patient": patient.name,
        "sequences": list(patient.images),
        "network_channels": [of_sequence[name] for name in patient.images],
        "fixed_sequence": patient.fixed_sequence,
        "spacing_mm": [float(value) for value in case.grid.GetSpacing()],
        "source_size": list(case.original.GetSize()),
        "source_spacing_mm": [float(value) for value in case.original.GetSpacing()],
        "size": list(case.grid.GetSize()),
    }
    return Preprocessed(
        image_like(case.image.numpy(), case.grid),
        image_like(imaged, case.grid),
        deployment.label_to_case(label, case),
        None if classes is None else deployment.label_to_case(classes, case),
        channels,
    )


def read_prepared(
    name: str, image: str | Path, channels: str | Path, sequences: Sequence[str]
) -> Tensor:
    """Image (C, D, H, W) of a preprocessed patient, with the channels that the network reads.

    `channels` is the patient's `channels.json`.

    Raises
    ------
    InputError
        A file is missing, or the image lacks a sequence.
    """
    what = f"patient {name}, preprocessed image"
    there = read_json(channels)["sequences"]
    return torch.from_numpy(
        pick_channels(to_array(read_image(image, what)), there, sequences, what)
    )


def _as_trained_here(
    patient: PatientImages, coverage: sitk.Image, settings: dict, of_sequence: Mapping[str, str]
) -> Preprocessed:
    """By this workflow's preprocessing, which knows what each sequence covers."""
    images = {of_sequence[name]: image for name, image in patient.images.items()}
    named = replace(patient, images=images, fixed_sequence=settings["fixed_sequence"])
    preprocessed = preprocess_patient(named, coverage, settings)
    channels = {
        "sequences": list(patient.images),
        "network_channels": list(images),
        "fixed_sequence": patient.fixed_sequence,
    }
    return replace(preprocessed, channels=preprocessed.channels | channels)


def _stored(image: sitk.Image, direction: Sequence[float] | None) -> sitk.Image:
    """An image with its axes as a file of this direction stores them; no voxel is interpolated."""
    if direction is None:
        return image
    like = sitk.Image(1, 1, 1, sitk.sitkUInt8)
    like.SetDirection(tuple(direction))
    return turned_like(image, like)
