"""Linear operations: layers whose contributions a rule weighs, and those that only move values."""

from collections.abc import Callable

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Activation, Operation
from mrelevance.lrp.engine.linear_map import (
    Built,
    LinearMap,
    apply_each,
    linear_and_transpose,
    summed_to,
)
from mrelevance.lrp.engine.normalisation import scale_and_shift
from mrelevance.lrp.rules import Rule


def build_convolution(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Convolution with the normalisation folded into it."""
    (x,) = values
    convolution = operation.arguments[1]
    u, scale, output = folded_convolution(operation, x)
    absolute = convolution.weight.abs() if rule.gains else None
    size = x.shape[1:]
    return output, layer_map(
        linear=convolution.linear,
        transpose=lambda m: convolution.transpose(m, size),
        absolute_linear=lambda q: convolution.linear(q, absolute),
        absolute_transpose=lambda m: convolution.transpose(m, size, absolute),
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


def per_channel(values: Tensor, like: Tensor) -> Tensor:
    """Reshape (C,) to broadcast over the voxels of `like` (B, C, ...)."""
    return values.view(-1, *[1] * (like.ndim - 2))


def build_mixing(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Interpolation and average pooling: linear layers whose weights are never negative."""
    (x,) = values
    output = apply_each(operation, values)
    linear, transpose = linear_and_transpose(operation, values)
    return output, layer_map(
        linear=linear,
        transpose=lambda m: transpose(m)[0],
        absolute_linear=linear,
        absolute_transpose=lambda m: transpose(m)[0],
        x=x[:1],
        sums=output[:1],
        output=output[:1],
        scale=output.new_ones(()),
        rule=rule,
    )


def layer_map(
    *, linear: Callable, transpose: Callable, absolute_linear: Callable,
    absolute_transpose: Callable, x: Tensor, sums: Tensor, output: Tensor, scale: Tensor,
    rule: Rule,
) -> LinearMap:  # fmt: skip
    """Weigh the contributions of a layer `z = scale W x + bias` by the gains of a rule.

    `sums` is `W x`, `output` is z. The positive contributions of `W x` add up to
    `(W x + |W| |x|) / 2`, so two linear maps in each direction serve every rule. A rule that
    treats both signs alike needs only one.
    """
    if rule.gains is None:
        gain = scale if rule.gain is None else scale * rule.gain(output)
        return LinearMap(lambda q: gain * linear(q), lambda m: (transpose(gain * m),))
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
        lambda m: (torch.addcmul(transpose(both * m), sign, absolute_transpose(difference * m)),),
    )


def build_normalisation(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Normalisation that is not folded into a convolution: one contribution and a bias."""
    (x,) = values
    scale, shift = scale_and_shift(operation, x[:1])
    output = scale * x + shift
    return output, sum_map([x[:1]], [scale], output[:1], rule)


def build_addition(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Sum or difference of activations and constants; constants count as biases."""
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
    """Weigh the addends of a sum `z = sum_j scale_j x_j + bias` by the gains of a rule."""
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


def build_selection(operation: Operation, values: list[Tensor], rule: Rule) -> Built:
    """Views, copies, padding, concatenation and scaling by constants; no rule applies."""
    output = apply_each(operation, values)
    linear, transpose = linear_and_transpose(operation, values)
    return output, LinearMap(linear, transpose)
