"""How far some members of an ensemble are from all, where fewer are explained than deployed."""

from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from mrelevance.networks.deployment import SIGMOID, Outputs
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError


@dataclass(frozen=True)
class Distance:
    """Between what is explained and what is deployed, in one patient.

    Attributes
    ----------
    probability
        Mean absolute difference of the probabilities of all outputs and voxels.
    dice
        Dice coefficient of the two segmentations by the name of the output, without the background;
        1 where both are empty.
    """

    probability: float
    dice: dict[str, float]


def distance_of_patient(
    patient: str, image: Tensor, explained: Predictor, deployed: Predictor
) -> pd.DataFrame:
    """Distance of the explained members from all that are deployed, in one patient.

    `image` (C, D, H, W) is in the network's space.

    Returns
    -------
    A row for each output but the background: `patient`, `output`, `dice` of the two segmentations,
    `probability_difference` (mean absolute, over all outputs and voxels), `members_explained` and
    `members_deployed`.
    """
    outputs = deployed.deployment.outputs
    logits = [predictor.logits(image, patient) for predictor in (explained, deployed)]
    distance = distance_between(*logits, outputs)
    members = [len(predictor.ensemble.members) for predictor in (explained, deployed)]
    return pd.DataFrame(
        {
            "patient": patient,
            "output": list(distance.dice),
            "dice": list(distance.dice.values()),
            "probability_difference": distance.probability,
            "members_explained": members[0],
            "members_deployed": members[1],
        }
    )


def distance_between(explained: Tensor, deployed: Tensor, outputs: Outputs) -> Distance:
    """Distance of logits (outputs, D, H, W) from those of the whole ensemble.

    Raises
    ------
    InputError
        The logits differ in shape, or in number from the names of the outputs.
    """
    if explained.shape != deployed.shape or len(explained) != len(outputs.names):
        raise InputError(
            f"logits of shapes {tuple(explained.shape)} and {tuple(deployed.shape)} for outputs "
            f"{', '.join(outputs.names)}: give those of one image and network"
        )
    difference = _probabilities(explained, outputs) - _probabilities(deployed, outputs)
    background = () if outputs.heads == SIGMOID else (0,)
    dice = {
        name: _dice(_decided(explained, number, outputs), _decided(deployed, number, outputs))
        for number, name in enumerate(outputs.names)
        if number not in background
    }
    return Distance(float(difference.abs().double().mean()), dice)


def _probabilities(logits: Tensor, outputs: Outputs) -> Tensor:
    return logits.sigmoid() if outputs.heads == SIGMOID else logits.softmax(dim=0)


def _decided(logits: Tensor, number: int, outputs: Outputs) -> Tensor:
    """Where an output is on, bool (D, H, W)."""
    return logits[number] > 0 if outputs.heads == SIGMOID else logits.argmax(dim=0) == number


def _dice(first: Tensor, second: Tensor) -> float:
    total = int(first.sum()) + int(second.sum())
    return 2 * int(torch.logical_and(first, second).sum()) / total if total else 1.0
