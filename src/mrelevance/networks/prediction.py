"""Prediction for one patient: segmentation, regions of its lesions, and scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
import torch

from mrelevance.networks.channels import pick_channels
from mrelevance.networks.lesions import describe_regions, find_regions
from mrelevance.networks.predictor import Predictor
from mrelevance.networks.scores import score_patient
from mrelevance.runtime.files import read_json, read_table, write_table
from mrelevance.runtime.images import (
    first_channel,
    image_like,
    read_image,
    spacing_zyx,
    to_array,
    voxel_volume_ml,
    write_image,
)


@dataclass(frozen=True)
class PreprocessedPatient:
    """What the preprocessing of one patient left for the network.

    Attributes
    ----------
    image
        The sequences that the network reads, (C, D, H, W), float32.
    label
        Lesion instances (D, H, W), 0 background.
    covered
        Whether all these sequences cover a voxel, bool (D, H, W).
    types
        Lesion to its type.
    grid
        3D image with the geometry of both.
    """

    name: str
    image: np.ndarray
    label: np.ndarray
    covered: np.ndarray
    types: dict[int, str]
    grid: sitk.Image


@dataclass(frozen=True)
class Prediction:
    """What a network predicts for one patient.

    Attributes
    ----------
    probability
        Probability of tumour, (D, H, W), float32.
    segmentation
        The predicted tumour, (D, H, W), bool.
    regions
        Map of region_id, (D, H, W), see `find_regions`.
    lesions
        Table of `describe_regions`, and `uncovered_voxels`: those of the region's voxels that not
        every sequence covers, and that explanations leave out.
    scores
        Row of `score_patient`.
    grid
        3D image with the geometry of the arrays.
    """

    probability: np.ndarray
    segmentation: np.ndarray
    regions: np.ndarray
    lesions: pd.DataFrame
    scores: pd.DataFrame
    grid: sitk.Image


def read_preprocessed(
    name: str, paths: Mapping[str, str | Path], sequences: list[str]
) -> PreprocessedPatient:
    """Read a preprocessed patient.

    `paths` names the files `image`, `coverage`, `label`, `channels` and `lesions`, the last being
    the table of the labelled lesions. `sequences` are those that the network reads, in order.

    Raises
    ------
    InputError
        A file is missing, or the image lacks a sequence.
    """
    what = f"patient {name}, preprocessed image"
    image = read_image(paths["image"], what)
    channels = read_json(paths["channels"])["sequences"]
    what_covered = f"patient {name}, coverage"
    coverage = to_array(read_image(paths["coverage"], what_covered))
    return PreprocessedPatient(
        name,
        pick_channels(to_array(image), channels, sequences, what),
        to_array(read_image(paths["label"], f"patient {name}, preprocessed label")),
        (pick_channels(coverage, channels, sequences, what_covered) > 0).all(axis=0),
        read_table(paths["lesions"]).set_index("lesion")["type"].to_dict(),
        first_channel(image),
    )


def predict_patient(
    predictor: Predictor, patient: PreprocessedPatient, lesion_overlap: float
) -> Prediction:
    """Segment a patient; find and score the lesions.

    A lesion is detected if at least the share `lesion_overlap` of its voxels is predicted, see
    `find_regions`.

    Raises
    ------
    InputError
        A lesion of the label has no type.
    """
    logits = predictor.logits(torch.from_numpy(patient.image), patient.name)
    probability = logits.softmax(dim=0)[1].numpy()
    segmentation = probability > 0.5
    spacing = spacing_zyx(patient.grid)
    regions, table = find_regions(segmentation, patient.label, spacing, lesion_overlap)
    lesions = describe_regions(
        table, patient.name, patient.label, patient.types, voxel_volume_ml(patient.grid)
    )
    uncovered = np.bincount(regions[~patient.covered], minlength=len(lesions) + 1)
    lesions["uncovered_voxels"] = uncovered[lesions["region_id"]]
    scores = score_patient(patient.name, segmentation, patient.label, lesions, spacing)
    return Prediction(probability, segmentation, regions, lesions, scores, patient.grid)


def write_prediction(prediction: Prediction, paths: Mapping[str, str | Path]) -> None:
    """Write a prediction; `paths` maps the names of its arrays and tables to files."""
    for name in ("probability", "segmentation", "regions"):
        write_image(image_like(getattr(prediction, name), prediction.grid), paths[name])
    write_table(prediction.lesions, paths["lesions"])
    write_table(prediction.scores, paths["scores"])
