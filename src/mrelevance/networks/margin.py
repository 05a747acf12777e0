"""How far a voxel is from the decision whether it belongs to a region.

With a softmax, classes compete, and the winner decides. With sigmoid heads a region is an output of
its own whose sign decides; then there are no classes outside. It competes with a logit of zero, of
which sigmoid is the softmax.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def region_sides(logits: Tensor, inside: Sequence[int], outside: Sequence[int]) -> Tensor:
    """Winner's logit among the classes outside of a region, and among those inside, (2, ...).

    `logits` are (classes, ...). With two classes, these are the logits themselves. Without classes
    outside, the first is zero.
    """
    winner = _winner(logits, inside)
    return torch.stack([_winner(logits, outside) if outside else torch.zeros_like(winner), winner])


def region_margin(logits: Tensor, inside: Sequence[int], outside: Sequence[int]) -> Tensor:
    """Winner's logit inside a region minus winner's outside, (...), of logits (classes, ...).

    It is positive where the winning class belongs to the region. Without classes outside, it is
    the logit of the region.
    """
    winner = _winner(logits, inside)
    return winner - _winner(logits, outside) if outside else winner


def region_probability(logits: Tensor, inside: Sequence[int], outside: Sequence[int]) -> Tensor:
    """Probability of a region, (...), of logits (classes, ...)."""
    if not outside:
        return region_margin(logits, inside, outside).sigmoid()
    return logits.softmax(dim=0)[list(inside)].sum(dim=0)


def _winner(logits: Tensor, classes: Sequence[int]) -> Tensor:
    """Largest logit among the classes; its gradient goes to the winner alone."""
    if len(classes) == 1:
        return logits[classes[0]]
    return logits[list(classes)].max(dim=0).values
