"""Operations as linear maps around the activations of one forward pass.

Let q be the part of an activation that stems from a weighting of the image, and m the multiplier
such that `relevance = activation * m`. Each operation is a pair of linear maps

    forward:  q of the inputs  ->  q of the output      (forward mode)
    reverse:  m of the output  ->  m of the inputs      (reverse mode)

that are transposes of each other under every rule. In this form nothing is divided by an input.
For DeepLIFT, `activation` is the difference from the baseline's activation; the rest is the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.pair import Pair


@dataclass(frozen=True)
class LinearMap:
    """An operation as a linear map, in both directions.

    `reverse` returns one multiplier per input; None for an input that takes no relevance.
    `contrast` is the standard deviation of the baseline over that of the image, the median of what
    a normalisation with live statistics divides by, without axes; None for all else.
    """

    forward: Callable[..., Tensor]
    reverse: Callable[[Tensor], tuple[Tensor | None, ...]]
    contrast: Tensor | None = None


Built = tuple[Pair, LinearMap]
"""What a builder returns: the output of the operation, and its map.

A builder takes an operation, the values of its inputs (`Pair`) and a rule.
"""


def scaling_map(slope: Tensor) -> LinearMap:
    """Elementwise product with a slope of the output's shape."""
    return LinearMap(lambda q: slope * q, lambda m: (slope * m,))


def apply_each(operation: Operation, values: list[Pair]) -> Pair:
    """Apply an operation to the image's values and to the baseline's."""

    image = operation.apply_to([value.image for value in values])
    if values[0].baseline is None:
        return Pair(image)
    return Pair(image, operation.apply_to([value.baseline for value in values]))


def linear_and_transpose(operation: Operation, values: list[Pair]) -> tuple[Callable, Callable]:
    """Linear part of an affine operation, and its transpose by automatic differentiation.

    Neither keeps memory of the size of the values, unless the operation adds a constant. What the
    transpose gives has memory of its own for every element.
    """
    zeros = [value.image.new_zeros(()).expand(value.image.shape) for value in values]
    offset = None
    if _may_add_constant(operation):
        offset = operation.apply_to(zeros)
        offset = offset if bool(offset.any()) else None

    def linear(*qs: Tensor) -> Tensor:
        result = operation.apply_to(qs)
        return result if offset is None else result - offset

    def transpose(m: Tensor) -> tuple[Tensor, ...]:
        _, pull = torch.func.vjp(lambda *xs: operation.apply_to(xs), *zeros)
        return tuple(map(_with_own_elements, pull(m)))

    return linear, transpose


def _with_own_elements(values: Tensor) -> Tensor:
    """Copy where elements share memory: the transpose of a sum repeats its multiplier so."""
    shared = any(step == 0 for step in values.stride())
    return values.clone(memory_format=torch.contiguous_format) if shared else values


def _may_add_constant(operation: Operation) -> bool:
    """Whether an affine operation may give more than zero for zeros: it pads, or reads a tensor."""
    return "pad" in operation.kind or _holds_tensor((operation.arguments, operation.keywords))


def _holds_tensor(arguments: Any) -> bool:
    if isinstance(arguments, dict):
        arguments = list(arguments.values())
    if isinstance(arguments, list | tuple):
        return any(map(_holds_tensor, arguments))
    return isinstance(arguments, Tensor)
