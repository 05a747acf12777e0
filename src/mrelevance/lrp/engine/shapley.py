"""Shapley values of one activation: how much of its change each sequence's part accounts for.

An activation reads `z = z0 + p_1 + ... + p_C`, where z0 is the baseline's value and p_c the part
that stems from sequence c. The parts are the players of a game whose value is `f(z0 + sum of those
present)`. With every part present it is `f(z)`, so the Shapley values add up to `f(z) - f(z0)`. A
player's Shapley value is its part times a slope: the average, over what may be present before it,
of the secant slopes of f. The slope is therefore never steeper than f. With two players, the sums
of positive and of negative contributions, this is DeepLIFT's RevealCancel rule (Shrikumar et al.
2017).
"""

from collections.abc import Callable, Iterator
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

Secant = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Slope of a function from `lower` to `upper = lower + part`, each (subsets, n); part is (n,)."""


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
    lowest = baseline + sum(part.clamp_max(0) for part in parts)
    highest = baseline + sum(part.clamp_min(0) for part in parts)
    if operation.kind in RECTIFIERS:
        below = _slope_below_zero(operation, baseline)
        undecided = (lowest < 0) & (highest > 0)
        slopes = [((lowest >= 0) & (highest > 0)).to(baseline) for _ in parts]
        _fill(slopes, undecided, baseline, parts, rectified_share, orders)
        return [below + (1 - below) * slope for slope in slopes]
    slopes = [secant_slope(operation, baseline, baseline, torch.zeros_like(baseline))] * len(parts)
    slopes = [slope.clone() for slope in slopes]

    def secant(lower: Tensor, upper: Tensor, part: Tensor) -> Tensor:
        name = operation.inputs[0]
        change = operation.apply({name: upper}) - operation.apply({name: lower})
        return secant_slope(operation, upper, lower, change)

    _fill(slopes, highest > lowest, baseline, parts, secant, orders)
    return slopes


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


def _fill(
    slopes: list[Tensor], where: Tensor, baseline: Tensor, parts: list[Tensor], secant: Secant,
    orders: Tensor | None,
) -> None:  # fmt: skip
    """Compute the slopes of the elements in `where`, some at a time, in place."""
    index = where.flatten().nonzero()[:, 0]
    flat = [slope.view(-1) for slope in slopes]
    for some in index.split(CHUNK.get(baseline.device.type, CHUNK["cuda"])):
        z0 = baseline.reshape(-1)[some]
        chosen = [part.reshape(-1)[some] for part in parts]
        means = (
            _over_subsets(z0, chosen, secant)
            if orders is None
            else _over_orders(z0, chosen, secant, orders)
        )
        for slope, mean in zip(flat, means, strict=True):
            slope[some] = mean


def _over_subsets(z0: Tensor, parts: list[Tensor], secant: Secant) -> Iterator[Tensor]:
    """Mean slope of each part (n,) over all subsets of the others, by their Shapley weights."""
    count = len(parts)
    sums = z0[None]
    for part in parts:  # subset s holds part c if bit c of s is set
        sums = torch.cat([sums, sums + part])
    sizes = [bin(subset).count("1") for subset in range(2 ** (count - 1))]
    weights = z0.new_tensor([
        factorial(size) * factorial(count - size - 1) / factorial(count) for size in sizes
    ])  # fmt: skip
    for player, part in enumerate(parts):
        pairs = sums.view(2 ** (count - 1 - player), 2, 2**player, -1)
        lower, upper = (pairs[:, side].flatten(0, 1) for side in (0, 1))
        yield weights @ secant(lower, upper, part)


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
