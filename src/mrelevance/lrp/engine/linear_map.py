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

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation


@dataclass(frozen=True)
class LinearMap:
    """An operation as a linear map, in both directions.

    `reverse` returns one multiplier per input; None for an input that takes no relevance.
    """

    forward: Callable[..., Tensor]
    reverse: Callable[[Tensor], tuple[Tensor | None, ...]]


Built = tuple[Tensor, LinearMap]
"""What a builder returns: the output of the operation, and its map.

A builder takes an operation, the values of its inputs and a rule. Values are (S, C, ...): sample 0
is the image, sample 1, if there is one, the baseline. Normalisation of the baseline uses the
statistics of sample 0.
"""


def apply_each(operation: Operation, values: list[Tensor]) -> Tensor:
    """Apply an operation to one sample at a time: the exported graph may fix the batch at one."""
    samples = [
        operation.apply(dict(zip(operation.inputs, sample, strict=True)))
        for sample in zip(*(value.split(1) for value in values), strict=True)
    ]
    return samples[0] if len(samples) == 1 else torch.cat(samples)


def linear_and_transpose(operation: Operation, values: list[Tensor]) -> tuple[Callable, Callable]:
    """Linear part of an affine operation, and its transpose by automatic differentiation."""
    zeros = [torch.zeros_like(value[:1]) for value in values]
    offset = apply_each(operation, zeros)
    affine = bool(offset.any())

    def linear(*qs: Tensor) -> Tensor:
        result = apply_each(operation, list(qs))
        return result - offset if affine else result

    def transpose(m: Tensor) -> tuple[Tensor, ...]:
        _, pull = torch.func.vjp(lambda *xs: apply_each(operation, list(xs)), *zeros)
        samples = [pull(sample) for sample in m.split(1)]
        if len(samples) == 1:
            return samples[0]
        return tuple(torch.cat(parts) for parts in zip(*samples, strict=True))

    return linear, transpose


def summed_to(m: Tensor, size: torch.Size) -> Tensor:
    """Sum over the axes along which an input of `size` (without batch) was broadcast."""
    return m.sum_to_size(len(m), *size)
