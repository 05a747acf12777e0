"""Linear operations: layers whose contributions a rule weighs, and those that only move values."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Activation, Operation
from mrelevance.lrp.engine.linear_map import Built, LinearMap, apply_each, linear_and_transpose
from mrelevance.lrp.engine.normalisation import scale_and_shift
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.rules import Rule

BLOCK = 2**22
"""Elements at a time, where a computation needs several tensors of a layer's size."""


def build_convolution(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Convolution with the normalisation folded into it."""
    (x,) = values
    convolution = operation.arguments[1]
    u, scale, output = folded_convolution(operation, x, keep_sums=rule.gains is not None)
    absolute = convolution.weight.abs() if rule.gains else None
    size = x.image.shape[1:]
    return output, layer_map(
        linear=convolution.linear,
        transpose=lambda m: convolution.transpose(m, size),
        absolute_linear=lambda q: convolution.linear(q, absolute),
        absolute_transpose=lambda m: convolution.transpose(m, size, absolute),
        x=x.image,
        sums=u,
        output=output.image,
        scale=scale,
        rule=rule,
    )


def folded_convolution(
    operation: Operation, x: Pair, keep_sums: bool = False
) -> tuple[Tensor, Tensor, Pair]:
    """`u = W x` of the image, the normalisation's scale a, and `z = a (u + b) + c`.

    Unless `keep_sums`, z takes the memory of u and replaces it.
    """
    convolution = operation.arguments[1]
    u = x.each(convolution.linear)
    zero = u.image.new_zeros(())
    bias = zero if convolution.bias is None else per_channel(convolution.bias, u.image)
    scale, shift = torch.ones_like(zero), zero
    if operation.normalisation:
        scale, shift = scale_and_shift(operation.normalisation, u.image + bias)
    constant = scale * bias + shift

    def output(side: Tensor) -> Tensor:
        return torch.addcmul(constant, scale, side, out=None if keep_sums else side)

    return u.image, scale, u.each(output)


def per_channel(values: Tensor, like: Tensor) -> Tensor:
    """Reshape (C,) to broadcast over the voxels of `like` (B, C, ...)."""
    return values.view(-1, *[1] * (like.ndim - 2))


def build_dense(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Linear layer, or matrix product or einsum of an activation with a constant."""
    (x,) = values
    output = apply_each(operation, values)
    unbiased = operation
    if operation.kind == "dense" and len(operation.arguments) > 2:
        unbiased = replace(operation, arguments=operation.arguments[:2])
    biased = unbiased is not operation and operation.arguments[2] is not None
    sums = output.image - operation.arguments[2] if biased else output.image
    plain = linear_and_transpose(unbiased, values)
    absolute = linear_and_transpose(_with_absolute(unbiased), values)
    return output, _unscaled_map(plain, absolute, x.image, sums, output.image, rule)


def _unscaled_map(
    plain: tuple[Callable, Callable], absolute: tuple[Callable, Callable], x: Tensor, sums: Tensor,
    output: Tensor, rule: Rule,
) -> LinearMap:  # fmt: skip
    """`layer_map` of a layer without a scale; `plain` and `absolute` as `linear_and_transpose`."""
    return layer_map(
        linear=plain[0],
        transpose=lambda m: plain[1](m)[0],
        absolute_linear=absolute[0],
        absolute_transpose=lambda m: absolute[1](m)[0],
        x=x,
        sums=sums,
        output=output,
        scale=x.new_ones(()),
        rule=rule,
    )


def _with_absolute(operation: Operation) -> Operation:
    """The operation with the magnitudes of its constant weights."""

    def absolute(argument: Any) -> Any:
        if isinstance(argument, list | tuple):
            return type(argument)(absolute(each) for each in argument)
        return argument.abs() if torch.is_tensor(argument) else argument

    return replace(operation, arguments=absolute(operation.arguments))


def build_mixing(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Interpolation and average pooling: linear layers whose weights are never negative."""
    (x,) = values
    output = apply_each(operation, values)
    plain = linear_and_transpose(operation, values)
    return output, _unscaled_map(plain, plain, x.image, output.image, output.image, rule)


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
    both, difference = _combined_gains(sums, absolute_linear(x.abs()), output, scale, rule)
    sign = x.sign().to(torch.int8)

    def forward(q: Tensor) -> Tensor:
        flipped = absolute_linear(sign.to(q.dtype).mul_(q))
        return linear(q).mul_(both).addcmul_(difference, flipped)

    def reverse(m: Tensor) -> tuple[Tensor]:
        flipped = absolute_transpose(difference * m)
        return (transpose(both * m).addcmul_(sign.to(m.dtype), flipped),)

    return LinearMap(forward, reverse)


def _combined_gains(
    sums: Tensor, magnitude: Tensor, output: Tensor, scale: Tensor, rule: Rule
) -> tuple[Tensor, Tensor]:
    """Factors of `W x` and of `|W| |x|` in the relevance of a layer, each of its output's shape.

    They are half the sum and half the difference of the gains of positive and negative
    contributions. `magnitude` is `|W| |x|`; its memory is used again for the second one.
    """
    both, difference = torch.empty_like(magnitude), magnitude
    scale = scale.expand_as(output)
    pieces = (sums, magnitude, output, scale, both, difference)
    for u, size, z, factor, half_sum, half_difference in zip(
        *(_blocks(piece, rule.elementwise) for piece in pieces), strict=True
    ):
        contributed, size = factor * u, factor.abs() * size
        positive = ((contributed + size) / 2).clamp_min(0)
        negative = ((contributed - size) / 2).clamp_max(0)
        for_positive, for_negative = rule.gains(positive, negative, z)
        half_sum.copy_(factor * (for_positive + for_negative) / 2)
        half_difference.copy_(factor.abs() * (for_positive - for_negative) / 2)
    return both, difference


def _blocks(values: Tensor, divisible: bool) -> tuple[Tensor, ...]:
    """Views of (B, C, ...) of some channels each, at most `BLOCK` elements if they can be."""
    channels = values.shape[1]
    step = max(1, BLOCK * channels // max(values.numel(), 1))
    return values.split(step if divisible else channels, dim=1)


def build_normalisation(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Normalisation with frozen statistics that is not folded: one contribution and a bias."""
    (x,) = values
    scale, shift = scale_and_shift(operation, x.image)
    output = x.each(lambda side: torch.addcmul(shift, scale, side))
    return output, sum_map([x.image], [scale], output.image, rule)


def build_addition(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Sum or difference of activations and constants; constants count as biases."""
    output = apply_each(operation, values)
    factors = [1.0, operation.keywords.get("alpha", 1.0)]
    if operation.kind in ("sub", "rsub"):
        factors[1] = -factors[1]
    if operation.kind == "rsub":
        factors = [-1.0 * operation.keywords.get("alpha", 1.0), 1.0]
    scales = [
        output.image.new_tensor(factor)
        for factor, addend in zip(factors, operation.arguments, strict=False)
        if isinstance(addend, Activation)
    ]
    return output, sum_map([value.image for value in values], scales, output.image, rule)


def sum_map(values: list[Pair], scales: list[Tensor], output: Tensor, rule: Rule) -> LinearMap:
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
    sizes = [value.shape for value in values]
    return LinearMap(
        lambda *qs: sum(slope * q for slope, q in zip(slopes, qs, strict=True)),
        lambda m: tuple(
            (slope * m).sum_to_size(size) for slope, size in zip(slopes, sizes, strict=True)
        ),
    )


def build_selection(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Views, copies, padding, concatenation and scaling by constants; no rule applies."""
    output = apply_each(operation, values)
    linear, transpose = linear_and_transpose(operation, values)
    return output, LinearMap(linear, transpose)
