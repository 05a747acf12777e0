"""Prediction for one patient: segmentation, regions of its lesions, and scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
import torch

from mrelevance.cohort.labels import region_lesions
from mrelevance.networks.channels import pick_channels
from mrelevance.networks.lesions import describe_regions, find_regions
from mrelevance.networks.margin import region_margin, region_probability
from mrelevance.networks.predictor import Predictor
from mrelevance.networks.scores import score_patient
from mrelevance.runtime.columns import name_region
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
from mrelevance.runtime.segmentation import IGNORED, Region, Segmentation


@dataclass(frozen=True)
class PreprocessedPatient:
    """What the preprocessing of one patient left for the network.

    Attributes
    ----------
    image
        The sequences that the network reads, (C, D, H, W), float32.
    label
        Numbered lesions of the region (D, H, W), 0 outside.
    covered
        Whether all these sequences cover a voxel, bool (D, H, W).
    ignored
        Voxels that take no part, (D, H, W), bool.
    types
        Lesion to its type.
    grid
        3D image with the geometry of both.
    """

    name: str
    image: np.ndarray
    label: np.ndarray
    covered: np.ndarray
    ignored: np.ndarray
    types: dict[int, str]
    grid: sitk.Image


@dataclass(frozen=True)
class Prediction:
    """What a network predicts for one patient and region.

    Attributes
    ----------
    probability
        Probability of the region, (D, H, W), float32.
    segmentation
        The predicted region, (D, H, W), bool.
    label
        Numbered lesions of the region, (D, H, W).
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
    label: np.ndarray
    regions: np.ndarray
    lesions: pd.DataFrame
    scores: pd.DataFrame
    grid: sitk.Image


def read_preprocessed(
    name: str,
    paths: Mapping[str, str | Path],
    sequences: list[str],
    segmentation: Segmentation,
    region: Region,
) -> PreprocessedPatient:
    """Read a preprocessed patient, with the labelled lesions of a region.

    `paths` names the files `image`, `coverage`, `label`, `channels`, `lesions`, which is the table
    of the labelled lesions, and `classes`, the volume of classes, where there is one. `sequences`
    are those that the network reads, in order.

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
    label = to_array(read_image(paths["label"], f"patient {name}, preprocessed label"))
    types = read_table(paths["lesions"]).set_index("lesion")["type"].to_dict()
    ignored = np.zeros(label.shape, bool)
    if paths.get("classes"):
        classes = to_array(read_image(paths["classes"], f"patient {name}, preprocessed classes"))
        ignored = classes == IGNORED
        lesions = region_lesions(label, classes, region.inside, segmentation.lesion_classes)
        if lesions is not label:
            types = types_of_parts(lesions, label, types)
            label = lesions
    return PreprocessedPatient(
        name,
        pick_channels(to_array(image), channels, sequences, what),
        label,
        (pick_channels(coverage, channels, sequences, what_covered) > 0).all(axis=0),
        ignored,
        types,
        first_channel(image),
    )


def types_of_parts(parts: np.ndarray, lesions: np.ndarray, types: dict[int, str]) -> dict[int, str]:
    """Type of each part of a lesion: that of the lesion which most of its voxels belong to.

    `parts` and `lesions` number both from 1, (D, H, W); `types` are those of the lesions.
    """
    return {
        number: types[int(np.bincount(lesions[parts == number]).argmax())]
        for number in range(1, int(parts.max()) + 1)
    }


def predict_patient(
    predictor: Predictor, patient: PreprocessedPatient, lesion_overlap: float, region: Region
) -> Prediction:
    """Segment a region in a patient; find and score its lesions.

    A lesion is detected if at least the share `lesion_overlap` of its voxels is predicted, see
    `find_regions`.

    Raises
    ------
    InputError
        A lesion of the label has no type.
    """
    logits = predictor.logits(torch.from_numpy(patient.image), patient.name)
    probability = region_probability(logits, region.inside, region.outside).numpy()
    segmentation = (region_margin(logits, region.inside, region.outside) > 0).numpy()
    spacing = spacing_zyx(patient.grid)
    counted = segmentation & ~patient.ignored
    regions, table = find_regions(counted, patient.label, spacing, lesion_overlap)
    lesions = describe_regions(
        table, patient.name, patient.label, patient.types, voxel_volume_ml(patient.grid)
    )
    uncovered = np.bincount(regions[~patient.covered], minlength=len(lesions) + 1)
    lesions["uncovered_voxels"] = uncovered[lesions["region_id"]]
    scores = score_patient(patient.name, counted, patient.label, lesions, spacing)
    label = patient.label.astype(np.uint16)
    return Prediction(probability, segmentation, label, regions, lesions, scores, patient.grid)


def write_prediction(prediction: Prediction, region: str, paths: Mapping[str, str | Path]) -> None:
    """Write a prediction of the region of this name.

    `paths` maps the names of its arrays and tables to files.
    """
    for name in ("probability", "segmentation", "label", "regions"):
        write_image(image_like(getattr(prediction, name), prediction.grid), paths[name])
    for name in ("lesions", "scores"):
        write_table(name_region(getattr(prediction, name), region), paths[name])
