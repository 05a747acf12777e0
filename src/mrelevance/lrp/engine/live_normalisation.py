r"""Normalisation whose statistics follow the input, as a linear map between image and baseline.

With `u = x - mean(x)`, `a = sqrt(mean(u^2) + eps)` and `y = u / a`, subscript 0 for the baseline
and `A = a + a0`, the midpoint rule for the product `u = y a` gives the change of y exactly,

    dy = 2 du / A - (y + y0) mean((u + u0) du) / A^2,

because `a^2 - a0^2 = mean((u + u0) du)`. This is linear in du, and its coefficients are at most
`2 / max(a, a0)`. The midpoint rule for the product `u (1/a)` is exact as well, but explodes where
the baseline has little contrast.
"""

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.linear_map import Built, LinearMap
from mrelevance.lrp.engine.normalisation import normalisation_of
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.rules import Rule


def build_live_normalisation(operation: Operation, values: list[Pair], rule: Rule) -> Built:
    """Normalisation with the statistics of image and baseline themselves; no rule applies."""
    (x,) = values
    layer = normalisation_of(operation, x.image.shape)
    weight = x.image.new_ones(()) if layer.weight is None else layer.weight

    def centred(side: Tensor) -> tuple[Tensor, Tensor]:
        u = side - layer.average(side)
        return u, (layer.average(u.square()) + layer.eps).sqrt()

    def affine(y: Tensor) -> Tensor:
        return weight * y if layer.bias is None else torch.addcmul(layer.bias, weight, y)

    (u, a), (u0, a0) = centred(x.image), centred(x.baseline)
    y, y0 = u / a, u0 / a0
    u_sum, y_sum, a_sum = u + u0, y + y0, a + a0

    def forward(q: Tensor) -> Tensor:
        along = layer.average(u_sum * q) / a_sum.square()
        return weight * (2 * (q - layer.average(q)) / a_sum - y_sum * along)

    def reverse(m: Tensor) -> tuple[Tensor]:
        m = weight * m
        along = layer.average(y_sum * m) / a_sum.square()
        return (2 * (m - layer.average(m)) / a_sum - u_sum * along,)

    contrast = float((a0 / a).median())
    return Pair(affine(y), affine(y0)), LinearMap(forward, reverse, contrast)
