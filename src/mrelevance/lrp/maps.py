"""Operations as linear maps around the activations of one forward pass.

With q the part of an activation that stems from a weighting of the image, and m the multiplier
such that `relevance = activation * m`, each operation becomes a pair of linear maps

    tangent:  q of the inputs  ->  q of the output      (adjoint pass, forwards)
    adjoint:  m of the output  ->  m of the inputs      (relevance pass, backwards)

that are transposes of each other, whatever the rule. In this form nothing is divided by an
input. For DeepLIFT `activation` is the difference to the baseline's, and the same holds.

A builder takes an operation, the values of its inputs and a rule, and returns the output and the
map. Values are (S, C, D, H, W): sample 0 is the image, sample 1, if any, the baseline, for which
normalisation keeps the statistics of sample 0.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from mrelevance.lrp.graph import Activation, Operation
from mrelevance.lrp.normalisation import scale_and_shift
from mrelevance.lrp.rules import Rule


@dataclass(frozen=True)
class LinearMap:
    """An operation as a linear map; None in the adjoint: this input takes no relevance."""

    tangent: Callable[..., Tensor]
    adjoint: Callable[[Tensor], tuple[Tensor | None, ...]]


Built = tuple[Tensor, LinearMap]


def build_convolution(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Convolution with the normalisation folded into it."""
    (x,) = values
    convolution = operation.arguments[1]
    u, scale, output = folded_convolution(operation, x)
    absolute = convolution.weight.abs() if rule.gains else None
    size = x.shape[1:]
    return output, weighted_map(
        linear=convolution.linear,
        adjoint=lambda m: convolution.adjoint(m, size),
        absolute_linear=lambda q: convolution.linear(q, absolute),
        absolute_adjoint=lambda m: convolution.adjoint(m, size, absolute),
        x=x[:1],
        sums=u[:1],
        output=output[:1],
        scale=scale,
        rule=rule,
    )


def folded_convolution(operation: Operation, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`u = W x`, the normalisation's scale a (1, C or 1, 1, ...), and `z = a (u + b) + c`."""
    convolution = operation.arguments[1]
    u = convolution.linear(x)
    bias = u.new_zeros(()) if convolution.bias is None else per_channel(convolution.bias, u)
    scale, shift = u.new_ones(()), u.new_zeros(())
    if operation.normalisation:
        scale, shift = scale_and_shift(operation.normalisation, u[:1] + bias)
    return u, scale, torch.addcmul(scale * bias + shift, scale, u)


def build_mixing(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Interpolation and average pooling: linear, weights never negative."""
    (x,) = values
    output = apply_each(operation, values)
    linear, adjoint = linear_and_adjoint(operation, values)
    return output, weighted_map(
        linear=linear,
        adjoint=lambda m: adjoint(m)[0],
        absolute_linear=linear,
        absolute_adjoint=lambda m: adjoint(m)[0],
        x=x[:1],
        sums=output[:1],
        output=output[:1],
        scale=output.new_ones(()),
        rule=rule,
    )


def weighted_map(
    *, linear: Callable, adjoint: Callable, absolute_linear: Callable, absolute_adjoint: Callable,
    x: Tensor, sums: Tensor, output: Tensor, scale: Tensor, rule: Rule,
) -> LinearMap:  # fmt: skip
    """Give the contributions of a layer `z = scale W x + bias` the gains of a rule.

    `sums` is `W x`, `output` z. The positive contributions of `W x` add up to
    `(W x + |W| |x|) / 2`: two linear maps in each direction serve every rule, and one where a
    rule treats both signs alike.
    """
    if rule.gains is None:
        gain = scale if rule.gain is None else scale * rule.gain(output)
        return LinearMap(lambda q: gain * linear(q), lambda m: (adjoint(gain * m),))
    contributed = scale * sums
    magnitude = scale.abs() * absolute_linear(x.abs())
    positive = ((contributed + magnitude) / 2).clamp_min(0)
    negative = ((contributed - magnitude) / 2).clamp_max(0)
    for_positive, for_negative = rule.gains(positive, negative, output)
    both = scale * (for_positive + for_negative) / 2
    difference = scale.abs() * (for_positive - for_negative) / 2
    sign = x.sign()
    return LinearMap(
        lambda q: torch.addcmul(both * linear(q), difference, absolute_linear(sign * q)),
        lambda m: (torch.addcmul(adjoint(both * m), sign, absolute_adjoint(difference * m)),),
    )


def build_normalisation(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Normalisation that no convolution feeds alone: one contribution and a bias."""
    (x,) = values
    scale, shift = scale_and_shift(operation, x[:1])
    output = scale * x + shift
    return output, sum_map([x[:1]], [scale], output[:1], rule)


def build_addition(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Sum or difference of activations and constants; constants are biases."""
    output = apply_each(operation, values)
    factors = [1.0, operation.keywords.get("alpha", 1.0)]
    if operation.kind in ("sub", "rsub"):
        factors[1] = -factors[1]
    if operation.kind == "rsub":
        factors = [-1.0 * operation.keywords.get("alpha", 1.0), 1.0]
    scales = [
        output.new_tensor(factor)
        for factor, addend in zip(factors, operation.arguments, strict=False)
        if isinstance(addend, Activation)
    ]
    return output, sum_map([value[:1] for value in values], scales, output[:1], rule)


def sum_map(values: list[Tensor], scales: list[Tensor], output: Tensor, rule: Rule) -> LinearMap:
    """Share out a sum of scaled addends and a bias by the rule, addends being contributions."""
    if rule.gains is None:
        slopes = scales
    else:
        addends = [scale * value for scale, value in zip(scales, values, strict=True)]
        positive = sum(addend.clamp_min(0) for addend in addends)
        negative = sum(addend.clamp_max(0) for addend in addends)
        for_positive, for_negative = rule.gains(
            positive.expand_as(output), negative.expand_as(output), output
        )
        slopes = [
            scale * torch.where(addend >= 0, for_positive, for_negative)
            for scale, addend in zip(scales, addends, strict=True)
        ]
    sizes = [value.shape[1:] for value in values]
    return LinearMap(
        lambda *qs: sum(slope * q for slope, q in zip(slopes, qs, strict=True)),
        lambda m: tuple(
            summed_to(slope * m, size) for slope, size in zip(slopes, sizes, strict=True)
        ),
    )


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
    """`(f(x) - f(x0)) / (x - x0)`, the derivative halfway where the two nearly agree.

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


def build_selection(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Views, copies, padding, concatenation, scaling by constants: plainly linear."""
    output = apply_each(operation, values)
    linear, adjoint = linear_and_adjoint(operation, values)
    return output, LinearMap(linear, adjoint)


def build_maximum(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Max pooling: relevance follows the maximum; with a baseline, the cross maximum.

    The change of the maximum is then ascribed to the voxel that is the maximum of the image
    where it rose, of the baseline where it fell: that voxel changed at least as much.
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

    def tangent(q: Tensor) -> Tensor:
        chosen = q.flatten(2).gather(2, index.expand(len(q), -1, -1)).view(-1, *shape)
        return chosen if slope is None else slope * chosen

    def adjoint(m: Tensor) -> tuple[Tensor]:
        m = m if slope is None else slope * m
        zeros = m.new_zeros(len(m), x.shape[1], x[0, 0].numel())
        spread = zeros.scatter_add(2, index.expand(len(m), -1, -1), m.flatten(2))
        return (spread.view(-1, *x.shape[1:]),)

    return output, LinearMap(tangent, adjoint)


def build_product(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Product of two activations; `operation.kind` says what it is.

    `gated`: signal times gate; the gate is a weight and takes no relevance. `product`, with a
    baseline: the midpoint rule `d(ab) = mean(a) db + mean(b) da`, which is exact.
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


def per_channel(values: Tensor, like: Tensor) -> Tensor:
    """Reshape (C,) to broadcast over the voxels of `like` (B, C, ...)."""
    return values.view(-1, *[1] * (like.ndim - 2))


def summed_to(m: Tensor, size: torch.Size) -> Tensor:
    """Sum over the axes along which an input of `size` (without batch) was broadcast."""
    return m.sum_to_size(len(m), *size)


def apply_each(operation: Operation, values: list[Tensor]) -> Tensor:
    """Apply to one sample after the other, as the exported graph may fix the batch at one."""
    samples = [
        operation.apply(dict(zip(operation.inputs, sample, strict=True)))
        for sample in zip(*(value.split(1) for value in values), strict=True)
    ]
    return samples[0] if len(samples) == 1 else torch.cat(samples)


def linear_and_adjoint(operation: Operation, values: list[Tensor]) -> tuple[Callable, Callable]:
    """Linear part of an affine operation, and its transpose by automatic differentiation."""
    zeros = [torch.zeros_like(value[:1]) for value in values]
    offset = apply_each(operation, zeros)
    affine = bool(offset.any())

    def linear(*qs: Tensor) -> Tensor:
        result = apply_each(operation, list(qs))
        return result - offset if affine else result

    def adjoint(m: Tensor) -> tuple[Tensor, ...]:
        _, pull = torch.func.vjp(lambda *xs: apply_each(operation, list(xs)), *zeros)
        samples = [pull(sample) for sample in m.split(1)]
        if len(samples) == 1:
            return samples[0]
        return tuple(torch.cat(parts) for parts in zip(*samples, strict=True))

    return linear, adjoint


ADDITIONS = ("add", "sub", "rsub")
MIXING = (
    "upsample_trilinear3d", "upsample_bilinear2d", "avg_pool3d", "avg_pool2d",
    "adaptive_avg_pool3d", "adaptive_avg_pool2d", "_adaptive_avg_pool3d", "mean",
)  # fmt: skip
SELECTIONS = (
    "cat", "pad", "constant_pad_nd", "view", "_unsafe_view", "reshape", "permute", "transpose",
    "slice", "select", "narrow", "unsqueeze", "squeeze", "expand", "repeat", "flatten",
    "unflatten", "upsample_nearest3d", "upsample_nearest2d", "neg", "scaled",
)  # fmt: skip
ACTIVATIONS = (
    "relu", "leaky_relu", "prelu", "_prelu_kernel", "elu", "selu", "celu", "gelu", "silu", "mish",
    "tanh", "sigmoid", "hardtanh", "relu6", "hardswish", "softplus",
)  # fmt: skip
BUILDERS: dict[str, Callable[[Operation, list[Tensor], Rule], Built]] = {
    "convolution": build_convolution,
    "instance_norm": build_normalisation,
    "group_norm": build_normalisation,
    "batch_norm": build_normalisation,
    "_native_batch_norm_legit_no_training": build_normalisation,
    "max_pool3d": build_maximum,
    "max_pool2d": build_maximum,
    "gated": build_product,
    "product": build_product,
    **dict.fromkeys(ADDITIONS, build_addition),
    **dict.fromkeys(MIXING, build_mixing),
    **dict.fromkeys(SELECTIONS, build_selection),
    **dict.fromkeys(ACTIVATIONS, build_activation),
}
