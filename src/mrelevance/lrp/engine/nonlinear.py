"""Activation functions and other functions of single values; no rule applies."""

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.linear_map import Built, apply_each, scaling_map
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.rules import Rule


def build_activation(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Activation function: relevance passes unchanged; with a baseline, its secant slope."""
    (x,) = values
    output = apply_each(operation, values)
    if x.baseline is None:
        return output, scaling_map((output.image / x.image).masked_fill_(x.image == 0, 0))
    slope = secant_slope(operation, x.image, x.baseline, output.change)
    return output, scaling_map(slope)


def secant_slope(operation: Operation, x: Tensor, baseline: Tensor, change: Tensor) -> Tensor:
    """`(f(x) - f(x0)) / (x - x0)`; where the two nearly agree, the derivative halfway.

    `change` is `f(x) - f(x0)`. DeepLIFT's rescale rule (Shrikumar et al. 2017, eq. 7-9).
    """
    # Both may be minus infinity.
    difference = torch.where(x == baseline, 0, x - baseline)
    size = x.abs().add_(baseline.abs()).mul_(torch.finfo(x.dtype).eps ** 0.4)
    close = difference.abs() <= size
    del size
    difference.masked_fill_(close, 1)
    slope = torch.div(change, difference, out=difference)
    halfway = (x + baseline).div_(2).requires_grad_()
    with torch.enable_grad():
        total = operation.apply({operation.inputs[0]: halfway}).sum()
        (derivative,) = torch.autograd.grad(total, halfway)
    derivative = torch.where(derivative.isfinite(), derivative, 0)  # of a root at zero
    return torch.where(close, derivative, slope)
