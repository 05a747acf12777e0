"""Comparisons, masks and choices between two activations, computed with numbers 0 and 1."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Activation, Operation
from mrelevance.lrp.engine.linear_map import Built, LinearMap, apply_each, scaling_map
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.rules import Rule

COMPARISONS = ("gt", "ge", "lt", "le", "eq", "ne")
STEPS = (*COMPARISONS, "sign", "sgn", "floor", "ceil", "round", "trunc", "heaviside")
"""Functions of single values that are constant but for jumps."""


def with_numbers_for_masks(operation: Operation, dtype: torch.dtype) -> list[Operation]:
    """Let an operation that gives or reads a mask give or read numbers 0 and 1 instead.

    A comparison of two activations becomes that of their difference with zero.
    """
    if operation.kind in COMPARISONS:
        numbers = replace(operation, call=_as_number(operation.call, dtype))
        if len(operation.inputs) == 1:
            return [numbers]
        name = f"{operation.name}_difference"
        difference = replace(operation, name=name, kind="sub", call=torch.sub)
        return [difference, replace(numbers, arguments=(Activation(name), 0))]
    return [_with_number_for_mask(operation)]


def _with_number_for_mask(operation: Operation) -> Operation:
    kind, arguments = operation.kind, operation.arguments
    if kind in ("to", "_to_copy"):  # to a whole number
        return replace(
            operation, kind="trunc", call=torch.trunc, arguments=arguments[:1], keywords={}
        )
    if kind in ("logical_not", "bitwise_not"):
        return replace(operation, kind="rsub", call=torch.rsub, arguments=(arguments[0], 1.0))
    if kind in ("logical_and", "bitwise_and", "__and__"):
        return replace(operation, kind="mul", call=torch.mul)
    if kind == "where":
        return replace(operation, call=choose)
    if kind == "masked_fill":
        source, mask, value = arguments
        return replace(operation, kind="where", call=choose, arguments=(mask, value, source))
    return operation


def _as_number(call: Callable, dtype: torch.dtype) -> Callable:
    return lambda *arguments: call(*arguments).to(dtype)


def choose(mask: Tensor, chosen: Tensor | float, other: Tensor | float) -> Tensor:
    """`torch.where` for a mask of numbers, and sides that are tensors or numbers."""
    return torch.where(mask != 0, chosen, other)


def build_step(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Step function: relevance passes unchanged; with a baseline, its secant slope."""
    (x,) = values
    output = apply_each(operation, values)
    difference, change = x.change, output.change
    flat = difference == 0
    return output, scaling_map(torch.where(flat, 0, change / torch.where(flat, 1, difference)))


def build_choice(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Choice between two values by a mask (0 or 1).

    Without a baseline the mask takes no relevance. With one, `y = m a + (1 - m) b` changes by
    `mean(m) da + (1 - mean(m)) db + (mean(a) - mean(b)) dm`, which is exact.
    """
    output = apply_each(operation, values)
    given = iter(values)
    mask, chosen, other = (
        next(given) if isinstance(argument, Activation) else Pair(torch.as_tensor(argument))
        for argument in operation.arguments
    )
    weight = (mask.image != 0).to(output.image.dtype)
    of_mask = None
    if mask.baseline is not None:
        weight, of_mask = _mean(mask), _mean(chosen) - _mean(other)
    slopes = [
        slope
        for slope, argument in zip([of_mask, weight, 1 - weight], operation.arguments, strict=True)
        if isinstance(argument, Activation)
    ]
    sizes = [value.image.shape for value in values]

    def forward(*qs: Tensor | None) -> Tensor:
        passed = [s * q for s, q in zip(slopes, qs, strict=True) if s is not None]
        return sum(passed).expand_as(output.image)

    def reverse(m: Tensor) -> tuple[Tensor | None, ...]:
        return tuple(
            None if slope is None else (slope * m).sum_to_size(size)
            for slope, size in zip(slopes, sizes, strict=True)
        )

    return output, LinearMap(forward, reverse)


def _mean(value: Pair) -> Tensor:
    return value.image if value.baseline is None else (value.image + value.baseline) / 2
