"""Registered sequences in the space of a network that was trained elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from mrelevance.cohort.patient import PatientImages
from mrelevance.networks.deployment import Deployment
from mrelevance.networks.imported.own_preprocessing import own_settings
from mrelevance.preprocessing.grid import resample_label
from mrelevance.preprocessing.patient import preprocess_patient
from mrelevance.runtime.images import check_same_geometry, first_channel, image_like, to_array
from mrelevance.runtime.orientation import turned_like


@dataclass(frozen=True)
class Prepared:
    """One patient as the network sees it. All images lie on one grid.

    Attributes
    ----------
    image
        4D float32, one channel per sequence, normalised as the network needs it.
    coverage
        4D uint8, the same channels: 1 where the sequence was imaged.
    label
        3D, lesion instances by nearest neighbour.
    classes
        3D, classes by nearest neighbour; None where the label tells them.
    channels
        Content of `channels.json`: patient, sequences and the network's channel of each, fixed
        sequence, spacing and sizes in voxels (x, y, z) before and after.
    """

    image: sitk.Image
    coverage: sitk.Image
    label: sitk.Image
    classes: sitk.Image | None
    channels: dict


def prepare_patient(
    patient: PatientImages,
    coverage: sitk.Image,
    direction: Sequence[float] | None,
    deployment: Deployment,
    of_sequence: Mapping[str, str],
) -> Prepared:
    """Preprocess a patient's registered sequences as the network's own software does.

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
    return Prepared(
        image_like(case.image.numpy(), case.grid),
        image_like(imaged, case.grid),
        deployment.label_to_case(label, case),
        None if classes is None else deployment.label_to_case(classes, case),
        channels,
    )


def _as_trained_here(
    patient: PatientImages, coverage: sitk.Image, settings: dict, of_sequence: Mapping[str, str]
) -> Prepared:
    """By this workflow's preprocessing, which knows what each sequence covers."""
    images = {of_sequence[name]: image for name, image in patient.images.items()}
    fixed = settings["fixed_sequence"]
    named = PatientImages(patient.name, images, fixed, label=patient.label)
    preprocessed = preprocess_patient(named, coverage, settings)
    classes = patient.classes
    return Prepared(
        preprocessed.image,
        preprocessed.coverage,
        preprocessed.label,
        None if classes is None else resample_label(classes, preprocessed.label),
        preprocessed.channels
        | {
            "sequences": list(patient.images),
            "network_channels": list(images),
            "fixed_sequence": patient.fixed_sequence,
        },
    )


def _stored(image: sitk.Image, direction: Sequence[float] | None) -> sitk.Image:
    """An image with its axes as a file of this direction stores them; no voxel is interpolated."""
    if direction is None:
        return image
    like = sitk.Image(1, 1, 1, sitk.sitkUInt8)
    like.SetDirection(tuple(direction))
    return turned_like(image, like)
