"""Nonlinear operations: activation functions, max pooling and products of two activations.

Their maps depend on the activations alone, so no rule applies.
"""

import torch
from torch import Tensor
from torch.nn import functional

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.linear_map import Built, LinearMap, apply_each, summed_to
from mrelevance.lrp.rules import Rule


def build_activation(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Activation function: relevance passes unchanged; with a baseline, its secant slope."""
    (x,) = values
    output = apply_each(operation, values)
    if len(x) == 1:
        slope = (output / x).masked_fill_(x == 0, 0)
    else:
        slope = secant_slope(operation, x[:1], x[1:], output)
    return output, LinearMap(lambda q: slope * q, lambda m: (slope * m,))


def secant_slope(operation: Operation, x: Tensor, baseline: Tensor, output: Tensor) -> Tensor:
    """`(f(x) - f(x0)) / (x - x0)`; where the two nearly agree, the derivative halfway.

    DeepLIFT's rescale rule (Shrikumar et al. 2017, eq. 7-9).
    """
    difference = x - baseline
    close = difference.abs() <= torch.finfo(x.dtype).eps ** 0.4 * (x.abs() + baseline.abs())
    with torch.enable_grad():
        halfway = ((x + baseline) / 2).requires_grad_()
        value = operation.apply({operation.inputs[0]: halfway})
        (derivative,) = torch.autograd.grad(value.sum(), halfway)
    quotient = (output[:1] - output[1:]) / torch.where(close, 1, difference)
    return torch.where(close, derivative, quotient)


def build_maximum(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Max pooling: relevance follows the maximum; with a baseline, the cross maximum.

    The change of the maximum then goes to one voxel: where the maximum rose, the maximum of the
    image; where it fell, that of the baseline. This voxel changed at least as much.
    """
    (x,) = values
    pools = {2: functional.max_pool2d, 3: functional.max_pool3d}
    output, index = pools[x.ndim - 2](x, *operation.arguments[1:], return_indices=True)
    shape = output.shape[1:]
    slope = None
    if len(x) == 2:
        rose = output[:1] >= output[1:]
        index = torch.where(rose, index[:1], index[1:])
        change = output[:1] - output[1:]
        source = (x[:1] - x[1:]).flatten(2).gather(2, index.flatten(2)).view(1, *shape)
        slope = torch.where(source == 0, 1, change / torch.where(source == 0, 1, source))
    index = index.flatten(2)

    def forward(q: Tensor) -> Tensor:
        chosen = q.flatten(2).gather(2, index.expand(len(q), -1, -1)).view(-1, *shape)
        return chosen if slope is None else slope * chosen

    def reverse(m: Tensor) -> tuple[Tensor]:
        m = m if slope is None else slope * m
        zeros = m.new_zeros(len(m), x.shape[1], x[0, 0].numel())
        spread = zeros.scatter_add(2, index.expand(len(m), -1, -1), m.flatten(2))
        return (spread.view(-1, *x.shape[1:]),)

    return output, LinearMap(forward, reverse)


def build_product(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Product of two activations, of the kind `gated` or `product`.

    Without a baseline the kind is `gated`: signal times gate; the gate is a weight and takes no
    relevance. With a baseline both kinds follow the midpoint rule
    `d(ab) = mean(a) db + mean(b) da`, which is exact.
    """
    output = apply_each(operation, values)
    first, second = values
    sizes = first.shape[1:], second.shape[1:]
    if len(first) == 1:
        return output, LinearMap(
            lambda q, _: second * q, lambda m: (summed_to(second * m, sizes[0]), None)
        )
    middles = first.mean(0, keepdim=True), second.mean(0, keepdim=True)
    return output, LinearMap(
        lambda p, q: middles[1] * p + middles[0] * q,
        lambda m: (summed_to(middles[1] * m, sizes[0]), summed_to(middles[0] * m, sizes[1])),
    )
