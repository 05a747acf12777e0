"""Maxima and minima: max pooling, over axes, of two activations; and max unpooling.

Relevance follows the extreme. With a baseline this is the cross maximum: where the maximum rose,
the maximum of the image; where it fell, that of the baseline. This value changed at least as much
as the maximum.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.linear_map import Built, LinearMap, apply_each
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.rules import Rule

POOLING: dict[str, Callable] = {
    "max_pool1d": functional.max_pool1d,
    "max_pool2d": functional.max_pool2d,
    "max_pool3d": functional.max_pool3d,
    "adaptive_max_pool2d": functional.adaptive_max_pool2d,
    "adaptive_max_pool3d": functional.adaptive_max_pool3d,
}


def build_pooled_maximum(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Max pooling: relevance follows the maximum, see `maximum_map`."""
    (x,) = values
    pool = POOLING[operation.kind]

    def pooled(side: Tensor) -> tuple[Tensor, Tensor]:
        return pool(side, *operation.arguments[1:], return_indices=True)

    (output, index), of_baseline = pooled(x.image), None
    if x.baseline is not None:
        of_baseline, index_of_baseline = pooled(x.baseline)
        index = torch.where(output >= of_baseline, index, index_of_baseline)
    output = Pair(output, of_baseline)
    return output, maximum_map(x, output, index, first_axis=2)


def build_extreme(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Largest or smallest value over some axes; relevance follows the winner."""
    (x,) = values
    output = apply_each(operation, values)
    axes = _axes(operation, x.image.ndim)
    others = [axis for axis in range(x.image.ndim) if axis not in axes]
    lengths = [x.image.shape[axis] for axis in axes]

    def arranged(side: Tensor) -> Tensor:
        return side.permute(*others, *axes).flatten(len(others))

    def restored(side: Tensor) -> Tensor:
        order = torch.tensor([*others, *axes]).argsort().tolist()
        return side.unflatten(len(others), lengths).permute(order)

    smallest = operation.kind in ("amin", "min")
    inner = _winner_map(x.each(arranged), output, smallest)
    return output, LinearMap(
        lambda q: inner.forward(arranged(q)), lambda m: (restored(*inner.reverse(m)),)
    )


def build_extreme_of_two(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Larger or smaller of two activations, element by element."""
    output = apply_each(operation, values)
    shape = output.image.shape

    def stacked(sides: list[Tensor]) -> Tensor:
        return torch.stack([side.expand(shape) for side in sides], -1)

    both = Pair(stacked([value.image for value in values]))
    if output.baseline is not None:
        both = Pair(both.image, stacked([value.baseline for value in values]))
    inner = _winner_map(both, output, smallest=operation.kind == "minimum")
    sizes = [value.image.shape for value in values]

    def forward(*qs: Tensor) -> Tensor:
        return inner.forward(stacked(list(qs)))

    def reverse(m: Tensor) -> tuple[Tensor, ...]:
        (passed,) = inner.reverse(m)
        return tuple(
            part.sum_to_size(size) for part, size in zip(passed.unbind(-1), sizes, strict=True)
        )

    return output, LinearMap(forward, reverse)


def _winner_map(x: Pair, output: Pair, smallest: bool) -> LinearMap:
    """Map of the largest or smallest value over the last axis, which may be kept or not."""
    sign = -1 if smallest else 1
    index = (sign * x.image).argmax(-1, keepdim=True)
    kept = output.each(lambda side: side.reshape(index.shape))
    if x.baseline is not None:
        rose = sign * kept.image >= sign * kept.baseline
        index = torch.where(rose, index, (sign * x.baseline).argmax(-1, keepdim=True))
    inner = maximum_map(x, kept, index, first_axis=x.image.ndim - 1)
    return LinearMap(
        lambda q: inner.forward(q).reshape(output.image.shape),
        lambda m: inner.reverse(m.reshape(index.shape)),
    )


def _axes(operation: Operation, count: int) -> tuple[int, ...]:
    given = operation.arguments[1] if len(operation.arguments) > 1 else None
    given = operation.keywords.get("dim", given)
    if given is None or given == []:
        return tuple(range(count))
    given = (given,) if isinstance(given, int) else given
    return tuple(axis % count for axis in given)


def maximum_map(x: Pair, output: Pair, index: Tensor, first_axis: int) -> LinearMap:
    """Relevance of a maximum goes to the value at `index`, counted over the axes from first_axis.

    `index` is chosen between image and baseline as the cross maximum asks.
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


def build_pooled_index(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Where in its window the maximum of a max pooling is, as max unpooling reads it.

    Without a baseline it takes no relevance. With one, let the maximum move from i0 to i. The step
    `i - i0` is shared out over the two values that decide it, in proportion to
    `(x_i - x_i0) - (x0_i - x0_i0)`, by how much the winner gained on its rival.
    """
    (x,) = values
    index = apply_each(operation, values)
    if x.baseline is None:
        return index, LinearMap(lambda q: torch.zeros_like(index.image), lambda m: (None,))
    shape, size = index.image.shape, x.image.shape
    now, before = (side.flatten(2) for side in (index.image, index.baseline))
    change = x.change.flatten(2)
    gained = change.gather(2, now) - change.gather(2, before)
    still = gained == 0
    slope = torch.where(still, 0, (now - before) / torch.where(still, 1, gained))

    def forward(q: Tensor) -> Tensor:
        q = q.flatten(2)
        return (slope * (q.gather(2, now) - q.gather(2, before))).view(shape)

    def reverse(m: Tensor) -> tuple[Tensor]:
        m = slope * m.flatten(2)
        zeros = m.new_zeros(size).flatten(2)
        return (zeros.scatter_add(2, now, m).scatter_add(2, before, -m).view(size),)

    return index, LinearMap(forward, reverse)


def build_unpooling(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Max unpooling: values return to where their maxima were.

    Without a baseline only the values take relevance. With one, where a value's place moved, both
    places change; the half that the values' own change does not explain is the place's part.
    """
    x, index = values
    output = apply_each(operation, values)
    shape = output.image.shape
    place = index.image.flatten(2)
    if x.baseline is None:

        def scattered(q: Tensor, at: Tensor) -> Tensor:
            return q.new_zeros(shape).flatten(2).scatter(2, at, q.flatten(2)).view(shape)

        return output, LinearMap(
            lambda q, _: scattered(q, place),
            lambda m: (m.flatten(2).gather(2, place).view(x.image.shape), None),
        )
    before = index.baseline.flatten(2)
    halfway = ((x.image + x.baseline) / 2).flatten(2)
    moved = place - before
    slope = torch.where(moved == 0, 0, halfway / torch.where(moved == 0, 1, moved))

    def forward(q: Tensor, step: Tensor) -> Tensor:
        half, along = q.flatten(2) / 2, slope * step.flatten(2)
        zeros = q.new_zeros(shape).flatten(2)
        zeros = zeros.scatter_add(2, place, half + along).scatter_add(2, before, half - along)
        return zeros.view(shape)

    def reverse(m: Tensor) -> tuple[Tensor, Tensor]:
        at_place, at_before = (m.flatten(2).gather(2, at) for at in (place, before))
        return (
            ((at_place + at_before) / 2).view(x.image.shape),
            (slope * (at_place - at_before)).view(x.image.shape),
        )

    return output, LinearMap(forward, reverse)
