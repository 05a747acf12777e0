r"""Softmax and its logarithm as linear maps between image and baseline.

With `p = softmax(x)`, `lse = log sum exp(x)` and `phi(d) = (1 - exp(-d)) / d`, `phi(0) = 1`,
subscript 0 for the baseline,

    L_i = exp(max(log p_i, log p0_i)) phi(|log p_i - log p0_i|)       logarithmic mean of p and p0
    w_j = exp(max(x_j, x0_j) - max(lse, lse0)) phi(|x_j - x0_j|) / phi(|lse - lse0|)
    d log p_i = dx_i - sum_j w_j dx_j        dp_i = L_i d log p_i

are exact, because `a - b = L(a, b) (log a - log b)` for a logarithmic mean L. Nothing over- or
underflows; exp times a reciprocal by the product rule is exact as well, but grows without bounds
where attention is sharp. Positions masked by minus infinity take no part.
"""

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.linear_map import Built, LinearMap, apply_each
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.rules import Rule

SOFTMAX = ("softmax", "_softmax")
LOGARITHMS = ("log_softmax", "_log_softmax")
SUMS = ("logsumexp",)


def build_softmax(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Softmax, log-softmax or log-sum-exp; without a baseline by its derivatives (AttnLRP)."""
    (x,) = values
    output = apply_each(operation, values)
    axes = _axes(operation)
    x0 = x if x.baseline is None else Pair(x.baseline)
    weights = _weights(x.image, x0.image, axes)
    log_p, log_p0 = (side.image - _log_sum(side.image, axes) for side in (x, x0))
    slope = _logarithmic_mean(log_p, log_p0) if operation.kind in SOFTMAX else None

    def log_sum_change(q: Tensor) -> Tensor:
        return (weights * q).sum(axes, keepdim=True)

    if operation.kind in SUMS:
        size = x.image.amax(axes, keepdim=True).shape
        return output, LinearMap(
            lambda q: log_sum_change(q).reshape(output.image.shape),
            lambda m: (weights * m.reshape(size),),
        )

    def forward(q: Tensor) -> Tensor:
        change = q - log_sum_change(q)
        return change if slope is None else slope * change

    def reverse(m: Tensor) -> tuple[Tensor]:
        m = m if slope is None else slope * m
        return (m - weights * m.sum(axes, keepdim=True),)

    return output, LinearMap(forward, reverse)


def _axes(operation: Operation) -> tuple[int, ...]:
    given = operation.arguments[1] if len(operation.arguments) > 1 else operation.keywords["dim"]
    return (given,) if isinstance(given, int) else tuple(given)


def _log_sum(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    return torch.logsumexp(x, axes, keepdim=True)


def _weights(x: Tensor, x0: Tensor, axes: tuple[int, ...]) -> Tensor:
    """w, such that the change of log-sum-exp is `sum(w dx)`."""
    sums, sums0 = _log_sum(x, axes), _log_sum(x0, axes)
    largest = torch.maximum(sums, sums0)
    of_sums = _phi((sums - sums0).abs())
    return torch.exp(torch.maximum(x, x0) - largest) * _phi(_distance(x, x0)) / of_sums


def _logarithmic_mean(log_p: Tensor, log_p0: Tensor) -> Tensor:
    return torch.exp(torch.maximum(log_p, log_p0)) * _phi(_distance(log_p, log_p0))


def _distance(x: Tensor, x0: Tensor) -> Tensor:
    """`|x - x0|`, zero where both are minus infinity."""
    return torch.where(x == x0, 0, (x - x0).abs())


def _phi(distance: Tensor) -> Tensor:
    """`(1 - exp(-d)) / d` for d >= 0, one at zero."""
    apart = distance > 0
    return torch.where(apart, -torch.expm1(-distance) / torch.where(apart, distance, 1), 1)
