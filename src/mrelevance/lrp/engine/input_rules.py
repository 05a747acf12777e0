"""Maps of the convolutions that read the image, under an input rule."""

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.engine.linear import folded_convolution
from mrelevance.lrp.engine.linear_map import LinearMap
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.rules import InputRule, quotient


def build_input_layer(operation: Operation, values: list[Pair], rule: InputRule) -> LinearMap:
    """Map weights v of the image to q of the layer's output, and m to relevance of the image.

    Unlike inner layers, this map takes v directly, not `x v`, and returns relevance, not its
    multiplier: input rules give relevance to voxels that are zero, too. The bounds are the
    extremes of each sequence.
    """
    x = values[0].image
    convolution = operation.arguments[1]
    _, scale, output = folded_convolution(operation, Pair(x))
    weight = convolution.scaled_weight(scale.flatten())
    dimensions = tuple(range(2, x.ndim))
    factors = {
        "image": x,
        "one": torch.ones_like(x),
        "low": x.amin(dimensions, keepdim=True).clamp_max(0).expand_as(x),
        "high": x.amax(dimensions, keepdim=True).clamp_min(0).expand_as(x),
    }
    terms = [(factors[kind], weight) for kind, weight in rule.terms(weight)]
    total = sum(convolution.linear(factor, weight) for factor, weight in terms)
    gain = quotient(output.image, total)

    def forward(v: Tensor) -> Tensor:
        return gain * sum(convolution.linear(factor * v, weight) for factor, weight in terms)

    def reverse(m: Tensor) -> tuple[Tensor]:
        scaled = gain * m
        return (
            sum(
                factor * convolution.transpose(scaled, x.shape[1:], weight)
                for factor, weight in terms
            ),
        )

    return LinearMap(forward, reverse)
