"""Rules for the layers that read the image."""

import torch
from torch import Tensor

from mrelevance.lrp.graph import Operation
from mrelevance.lrp.maps import LinearMap, folded_convolution
from mrelevance.lrp.rules import InputRule, quotient


def build_input_layer(operation: Operation, values: list[Tensor], rule: InputRule) -> LinearMap:
    """Map weights v of the image to q of the layer's output, and m back to relevance.

    Other than the maps between layers it takes v itself, not `x v`, and returns relevance: the
    rules give relevance to voxels that are zero. Bounds are each sequence's extremes.
    """
    x = values[0][:1]
    convolution = operation.arguments[1]
    _, scale, output = folded_convolution(operation, x)
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
    gain = quotient(output, total)

    def tangent(v: Tensor) -> Tensor:
        return gain * sum(convolution.linear(factor * v, weight) for factor, weight in terms)

    def adjoint(m: Tensor) -> tuple[Tensor]:
        scaled = gain * m
        return (
            sum(
                factor * convolution.adjoint(scaled, x.shape[1:], weight)
                for factor, weight in terms
            ),
        )

    return LinearMap(tangent, adjoint)
