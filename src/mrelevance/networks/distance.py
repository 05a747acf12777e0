"""How far some members of an ensemble are from all, where fewer are explained than deployed."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mrelevance.networks.deployment import SIGMOID, Outputs
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
