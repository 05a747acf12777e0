"""Variances, standard deviations and norms of activations, as hand-written normalisation has them.

With `u = x - mean(x)` and subscript 0 for the baseline, the variance changes by
`sum((u + u0) dx) / n`, and a root `s` by the change of its square over `s + s0`. Followed by the
quotient of `mrelevance.lrp.engine.bilinear`, this is the form of `live_normalisation`, operation by
operation.
"""

from typing import Any

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.linear_map import Built, LinearMap, apply_each
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.rules import Rule

STATISTICS = ("var", "std", "linalg_vector_norm")


def build_statistic(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Variance, standard deviation or Euclidean norm over some axes."""
    (x,) = values
    output = apply_each(operation, values)
    axes, divisor = _axes_and_divisor(operation, x.image)
    centre = operation.kind != "linalg_vector_norm"
    size = x.image.sum(axes, keepdim=True).shape

    def deviation(side: Tensor) -> Tensor:
        return side - side.mean(axes, keepdim=True) if centre else side

    deviations = x.each(deviation)
    u_sum = deviations.image
    if x.baseline is not None:
        u_sum = u_sum + deviations.baseline
    slope = u_sum / divisor
    if operation.kind != "var":
        roots = output.image if x.baseline is None else output.image + output.baseline
        roots = roots.reshape(size)
        slope = torch.where(roots == 0, 0, slope / torch.where(roots == 0, 1, roots))
    return output, LinearMap(
        lambda q: (slope * q).sum(axes, keepdim=True).reshape(output.image.shape),
        lambda m: (slope * m.reshape(size),),
    )


def _axes_and_divisor(operation: Operation, x: Tensor) -> tuple[tuple[int, ...], float]:
    """Axes of the statistic, and by what the sum of squares is divided."""
    given: dict[str, Any] = {**operation.keywords}
    arguments = operation.arguments[1:]
    if operation.kind == "linalg_vector_norm":
        axes = arguments[1] if len(arguments) > 1 else given.get("dim")
        correction = None
    else:
        by_flag = bool(arguments) and isinstance(arguments[0], bool)
        rest = arguments[1:] if by_flag else arguments
        axes = rest[0] if rest else given.get("dim")
        if by_flag or (len(rest) > 1 and isinstance(rest[1], bool)):
            correction = float(arguments[0] if by_flag else rest[1])
        else:
            correction = given.get("correction")
            correction = 1.0 if correction is None else float(correction)
    if isinstance(axes, int):
        axes = (axes,)
    axes = tuple(range(x.ndim)) if not axes else tuple(axis % x.ndim for axis in axes)
    if correction is None:
        return axes, 1.0
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    return axes, count - correction


def is_euclidean(operation: Operation) -> bool:
    """Whether a norm is the root of the sum of squares."""
    order = operation.arguments[1] if len(operation.arguments) > 1 else 2
    return operation.keywords.get("ord", order) == 2
