"""Shapley values of one activation: how much of its change each sequence's part accounts for.

An activation reads `z = z0 + p_1 + ... + p_C`, where z0 is the baseline's value and p_c the part
that stems from sequence c. The parts are the players of a game whose value is `f(z0 + sum of those
present)`. With every part present it is `f(z)`, so the Shapley values add up to `f(z) - f(z0)`. A
player's Shapley value is its part times a slope: the average, over what may be present before it,
of the secant slopes of f. The slope is therefore never steeper than f. With two players, the sums
of positive and of negative contributions, this is DeepLIFT's RevealCancel rule (Shrikumar et al.
2017).
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from math import factorial

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.nonlinear import secant_slope

RECTIFIERS = ("relu", "leaky_relu", "prelu", "_prelu_kernel")
EXACT_SEQUENCES = 8
"""Up to this number of sequences all subsets are used; above, sampled orders of joining."""

CHUNK = {"cpu": 2**13, "cuda": 2**19}
"""Elements at a time. Their subsets then stay in the processor's cache."""

SEARCHED = 2**24
"""Elements searched at a time for those to compute; their indices take twice as much memory."""

Secant = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Slope of a function from `lower` to `upper = lower + part`, each (subsets, n); part is (n,)."""

Means = Callable[[Tensor, list[Tensor]], Iterable[Tensor]]
"""Mean slope of each part, from z0 and the parts, all of shape (n,)."""


def shapley_slopes(
    operation: Operation, baseline: Tensor, parts: list[Tensor], orders: Tensor | None
) -> list[Tensor]:
    """Slope of every part through an activation function; slope times part is its Shapley value.

    Parameters
    ----------
    operation
        The activation function.
    baseline
        z0, of any shape.
    parts
        The part of each sequence, each of z0's shape.
    orders
        Orders of joining to sample, (orders, C); None for all subsets, exactly.
    """
    # Elements are addressed by their number, whatever the network's memory format.
    baseline, parts = baseline.contiguous(), [part.contiguous() for part in parts]
    lowest, highest = _extremes(baseline, parts)
    if operation.kind in RECTIFIERS:
        below = _slope_below_zero(operation, baseline)
        undecided = (lowest < 0) & (highest > 0)
        above = ((lowest >= 0) & (highest > 0)).to(baseline)
        del lowest, highest
        slopes = [above.clone() for _ in parts[1:]] + [above]
        means = _rectified if orders is None else _sampled(rectified_share, orders)
        _fill(slopes, undecided, baseline, parts, means)
        return [slope.mul_(1 - below).add_(below) for slope in slopes]
    slopes = [secant_slope(operation, baseline, baseline, torch.zeros_like(baseline))] * len(parts)
    slopes = [slope.clone() for slope in slopes]

    def secant(lower: Tensor, upper: Tensor, part: Tensor) -> Tensor:
        name = operation.inputs[0]
        change = operation.apply({name: upper}) - operation.apply({name: lower})
        return secant_slope(operation, upper, lower, change)

    means = partial(_over_subsets, secant=secant) if orders is None else _sampled(secant, orders)
    _fill(slopes, highest > lowest, baseline, parts, means)
    return slopes


def _sampled(secant: Secant, orders: Tensor) -> Means:
    return partial(_over_orders, secant=secant, orders=orders)


def rectified_share(lower: Tensor, upper: Tensor, part: Tensor) -> Tensor:
    """Share of a step that lies above zero: the secant slope of ReLU, without cancellation."""
    step = part.abs().clamp_min(torch.finfo(part.dtype).tiny)
    return torch.maximum(lower, upper).div_(step).clamp_(0, 1)


def _slope_below_zero(operation: Operation, like: Tensor) -> Tensor | float:
    if operation.kind == "relu":
        return 0.0
    if operation.kind == "leaky_relu":
        given = (*operation.arguments[1:], *operation.keywords.values())
        return given[0] if given else 0.01
    weight = operation.arguments[1]
    return weight.view(1, -1, *[1] * (like.ndim - 2)) if weight.numel() > 1 else weight.view(())


def _extremes(baseline: Tensor, parts: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Lowest and highest value of z0 with any of the parts."""
    lowest, highest = baseline.clone(), baseline.clone()
    for part in parts:
        lowest += part.clamp_max(0)
        highest += part.clamp_min(0)
    return lowest, highest


def _fill(
    slopes: list[Tensor], where: Tensor, baseline: Tensor, parts: list[Tensor], means: Means
) -> None:
    """Compute the slopes of the elements in `where`, some at a time, in place."""
    flat = [slope.view(-1) for slope in slopes]
    baseline, parts = baseline.reshape(-1), [part.reshape(-1) for part in parts]
    chunk = CHUNK.get(baseline.device.type, CHUNK["cuda"])
    start = 0
    for piece in where.flatten().split(SEARCHED):
        for some in piece.nonzero()[:, 0].add_(start).split(chunk):
            if not len(some):
                continue
            for slope, mean in zip(
                flat, means(baseline[some], [part[some] for part in parts]), strict=True
            ):
                slope[some] = mean
        start += len(piece)


def _rectified(z0: Tensor, parts: list[Tensor]) -> Tensor:
    """Mean slope of each part (n,) through ReLU over all subsets of the others, (C, n).

    The Shapley value is a weighted sum of ReLU over all `2^C` sums; divided by the part it is the
    slope. Of parts so small that only rounding would be left, it is the mean of the derivatives.
    """
    sums = _sums_of_subsets(z0, parts)
    stacked = torch.stack(parts)
    weights = _value_weights(len(parts), z0.dtype, z0.device)
    scale = z0.abs() + stacked.abs().sum(0)
    tiny = stacked.abs() <= 16 * torch.finfo(z0.dtype).eps * scale
    derivatives = None
    if tiny.any():
        without_part = weights.clamp_max(0).neg()
        derivatives = without_part @ (sums > 0).to(sums)
    values = weights @ sums.clamp_min_(0)
    slopes = values.div_(stacked.masked_fill(tiny, 1)).clamp_(0, 1)
    if derivatives is not None:
        slopes = torch.where(tiny, derivatives, slopes)
    return slopes


def _over_subsets(z0: Tensor, parts: list[Tensor], secant: Secant) -> Iterator[Tensor]:
    """Mean slope of each part (n,) over all subsets of the others, by their Shapley weights."""
    sums = _sums_of_subsets(z0, parts)
    weights = _slope_weights(len(parts), z0.dtype, z0.device)
    for player, part in enumerate(parts):
        pairs = sums.view(-1, 2, 2**player, sums.shape[1])
        lower, upper = (pairs[:, side].flatten(0, 1) for side in (0, 1))
        yield weights @ secant(lower, upper, part)


def _sums_of_subsets(z0: Tensor, parts: list[Tensor]) -> Tensor:
    """Sum of z0 and the parts of each subset, (2^C, n); subset s holds part c if bit c is set."""
    sums = z0.new_empty(2 ** len(parts), len(z0))
    sums[0] = z0
    for player, part in enumerate(parts):
        half = 2**player
        torch.add(sums[:half], part, out=sums[half : 2 * half])
    return sums


@cache
def _slope_weights(count: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Shapley weight of each subset of the others among `count` players, (2^(count - 1),)."""
    sizes = [subset.bit_count() for subset in range(2 ** (count - 1))]
    weights = [factorial(size) * factorial(count - size - 1) / factorial(count) for size in sizes]
    return torch.tensor(weights, dtype=dtype, device=device)


@cache
def _value_weights(count: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Weight of the value of each subset in the Shapley value of each player, (C, 2^C)."""
    weights = _slope_weights(count, dtype, device)
    rows = []
    for player in range(count):
        low = weights.view(-1, 1, 2**player)
        rows.append(torch.cat([-low, low], dim=1).flatten())
    return torch.stack(rows)


def _over_orders(z0: Tensor, parts: list[Tensor], secant: Secant, orders: Tensor) -> list[Tensor]:
    """Mean slope of each part (n,) over the given orders of joining."""
    totals = [torch.zeros_like(z0) for _ in parts]
    for order in orders.tolist():
        lower = z0
        for player in order:
            upper = lower + parts[player]
            totals[player] += secant(lower[None], upper[None], parts[player])[0]
            lower = upper
    return [total / len(orders) for total in totals]
