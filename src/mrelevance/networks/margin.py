"""How far a voxel is from the decision whether it belongs to a region."""

from collections.abc import Sequence

import torch
from torch import Tensor


def region_sides(logits: Tensor, inside: Sequence[int], outside: Sequence[int]) -> Tensor:
    """Winner's logit among the classes outside of a region, and among those inside, (2, ...).

    `logits` are (classes, ...). With two classes, these are the logits themselves.
    """
    return torch.stack([_winner(logits, outside), _winner(logits, inside)])


def region_margin(logits: Tensor, inside: Sequence[int], outside: Sequence[int]) -> Tensor:
    """Winner's logit inside a region minus winner's outside, (...), of logits (classes, ...).

    It is positive where the winning class belongs to the region.
    """
    return _winner(logits, inside) - _winner(logits, outside)


def _winner(logits: Tensor, classes: Sequence[int]) -> Tensor:
    """Largest logit among the classes; its gradient goes to the winner alone."""
    if len(classes) == 1:
        return logits[classes[0]]
    return logits[list(classes)].max(dim=0).values
