"""Nonlinear operations: activation functions, maxima and products of two activations.

Their maps depend on the activations alone, so no rule applies.
"""

import torch
from torch import Tensor
from torch.nn import functional

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.linear_map import Built, LinearMap, apply_each, scaling_map
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
    difference = x - baseline
    size = x.abs().add_(baseline.abs()).mul_(torch.finfo(x.dtype).eps ** 0.4)
    close = difference.abs() <= size
    del size
    difference.masked_fill_(close, 1)
    slope = torch.div(change, difference, out=difference)
    halfway = (x + baseline).div_(2).requires_grad_()
    with torch.enable_grad():
        total = operation.apply({operation.inputs[0]: halfway}).sum()
        (derivative,) = torch.autograd.grad(total, halfway)
    return torch.where(close, derivative, slope)


def build_pooled_maximum(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Max pooling: relevance follows the maximum, see `maximum_map`."""
    (x,) = values
    space = x.image.ndim - 2
    pool = {2: functional.max_pool2d, 3: functional.max_pool3d}[space]

    def pooled(side: Tensor) -> tuple[Tensor, Tensor]:
        return pool(side, *operation.arguments[1:], return_indices=True)

    (output, index), of_baseline = pooled(x.image), None
    if x.baseline is not None:
        of_baseline, index_of_baseline = pooled(x.baseline)
        index = torch.where(output >= of_baseline, index, index_of_baseline)
    output = Pair(output, of_baseline)
    return output, maximum_map(x, output, index, first_axis=2)


def build_channel_maximum(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Maximum over channels (1, K, ...), kept as one: relevance follows the winner."""
    (x,) = values
    output = x.each(lambda side: side.amax(1, keepdim=True))
    index = x.image.argmax(1, keepdim=True)
    if x.baseline is not None:
        rose = output.image >= output.baseline
        index = torch.where(rose, index, x.baseline.argmax(1, keepdim=True))
    voxels = index[0, 0].numel()
    return output, maximum_map(
        x, output, index * voxels + torch.arange(voxels, device=index.device).view_as(index),
        first_axis=1,
    )  # fmt: skip


def maximum_map(x: Pair, output: Pair, index: Tensor, first_axis: int) -> LinearMap:
    """Relevance of a maximum goes to the value at `index`, counted over the axes from first_axis.

    With a baseline this is the cross maximum: where the maximum rose, the maximum of the image;
    where it fell, that of the baseline. This value changed at least as much as the maximum.
    """
    shape, size = output.image.shape, x.image.shape
    leading = size[:first_axis]
    index = index.reshape(*leading, -1)
    slope = None
    if x.baseline is not None:
        source = x.change.flatten(first_axis).gather(first_axis, index).view(shape)
        slope = torch.where(source == 0, 1, output.change / torch.where(source == 0, 1, source))

    def forward(q: Tensor) -> Tensor:
        chosen = q.flatten(first_axis).gather(first_axis, index).view(shape)
        return chosen if slope is None else slope * chosen

    def reverse(m: Tensor) -> tuple[Tensor]:
        m = (m if slope is None else slope * m).reshape(*leading, -1)
        zeros = m.new_zeros(size).flatten(first_axis)
        return (zeros.scatter_add(first_axis, index, m).view(size),)

    return LinearMap(forward, reverse)


def build_product(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Product of two activations, of the kind `gated` or `product`.

    Without a baseline the kind is `gated`: signal times gate; the gate is a weight and takes no
    relevance. With a baseline both kinds follow the midpoint rule
    `d(ab) = mean(a) db + mean(b) da`, which is exact.
    """
    output = apply_each(operation, values)
    first, second = values
    sizes = first.image.shape, second.image.shape
    if first.baseline is None:
        gate = second.image
        return output, LinearMap(
            lambda q, _: gate * q, lambda m: ((gate * m).sum_to_size(sizes[0]), None)
        )
    a, b = ((side.image + side.baseline) / 2 for side in values)
    return output, LinearMap(
        lambda p, q: b * p + a * q,
        lambda m: ((b * m).sum_to_size(sizes[0]), (a * m).sum_to_size(sizes[1])),
    )
