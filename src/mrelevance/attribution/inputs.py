"""What the explanation of one patient starts from, read from the earlier stages' results."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from mrelevance.attribution.baselines import baseline_image, stretched_onto
from mrelevance.attribution.table import regions_of
from mrelevance.networks.loading import load_network
from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import first_channel, read_image, to_array


@dataclass(frozen=True)
class ExplainedPatient:
    """Network, image and baseline (C, D, H, W), region masks and grid of one patient.

    `lesions` (D, H, W) marks the labelled and the predicted tumour.
    """

    network: torch.nn.Module
    image: np.ndarray
    baseline: np.ndarray
    lesions: np.ndarray
    masks: dict[tuple[str, int], np.ndarray]
    grid: sitk.Image


def read_explained_patient(
    patient: str,
    paths: dict[str, str],
    sequences: list[str],
    baseline: str,
) -> ExplainedPatient:
    """Read what is needed to explain a patient.

    `paths` names the files `weights`, `image`, `label`, `segmentation`, `regions` and `lesions`,
    and `donor`, another patient's preprocessed image, if the baseline, which is named by its
    kind, needs one.

    Raises
    ------
    InputError
        A file is missing or does not fit the others.
    """
    image = read_image(paths["image"], f"patient {patient}, preprocessed image")
    voxels = to_array(image)
    mask = {
        name: to_array(read_image(paths[name], f"patient {patient}, {name}"))
        for name in ("label", "segmentation", "regions")
    }
    donor = None
    if paths.get("donor"):
        of_other = read_image(paths["donor"], f"baseline of patient {patient}, preprocessed image")
        donor = stretched_onto(of_other, image)
    lesions = (mask["label"] > 0) | (mask["segmentation"] > 0)
    return ExplainedPatient(
        load_network(Path(paths["weights"]).parent, sequences),
        voxels,
        baseline_image(baseline, voxels, lesions, patient, donor),
        lesions,
        regions_of(mask["regions"], read_table(paths["lesions"])),
        first_channel(image),
    )
