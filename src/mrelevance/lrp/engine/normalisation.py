"""Normalisation layers: what they average over, and their affine form with frozen statistics."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation
from mrelevance.runtime.errors import InputError

FOLDABLE = (
    "instance_norm", "group_norm", "batch_norm", "_native_batch_norm_legit",
    "_native_batch_norm_legit_no_training",
)  # fmt: skip
"""Kinds that scale the channels of what they read; they can become part of a convolution."""

NORMALISATIONS = (*FOLDABLE, "layer_norm", "native_layer_norm")


@dataclass(frozen=True)
class Normalisation:
    """A normalisation layer `y = weight (x - mean) / sqrt(variance + eps) + bias`.

    Attributes
    ----------
    average
        Mean of x over the values that share their statistics, broadcast to x.
    weight, bias
        Broadcast to x; None where the layer has none.
    eps
        Added to the variance.
    mean, variance
        Of the training data, broadcast to x; None where they are those of the input.
    """

    average: Callable[[Tensor], Tensor]
    weight: Tensor | None
    bias: Tensor | None
    eps: float
    mean: Tensor | None = None
    variance: Tensor | None = None


def normalisation_of(operation: Operation, shape: torch.Size) -> Normalisation:
    """Arguments of a normalisation layer whose input has that shape (B, C, ...).

    Raises
    ------
    InputError
        Batch norm is in training mode although it has running statistics.
    """
    arguments = operation.arguments[1:]
    if operation.kind in ("layer_norm", "native_layer_norm"):
        size, weight, bias, eps = (*arguments, *(None, None, 1e-5)[len(arguments) - 1 :])[:4]
        axes = tuple(range(len(shape) - len(size), len(shape)))
        return Normalisation(lambda x: x.mean(axes, keepdim=True), weight, bias, eps)
    space = tuple(range(2, len(shape)))
    average = _mean_over(space)
    mean = variance = None
    if operation.kind == "group_norm":
        groups, weight, bias, eps = (*arguments, *(None, None, 1e-5)[len(arguments) - 1 :])[:4]
        average = _mean_in_groups(groups)
    elif operation.kind == "instance_norm":
        weight, bias, running_mean, running_variance, from_input, _, eps = arguments[:7]
        if not from_input:
            mean, variance = running_mean, running_variance
    elif operation.kind == "batch_norm":
        weight, bias, mean, variance, training, _, eps = arguments[:7]
        average = _mean_over((0, *space))
        if training and mean is not None:
            raise InputError(f"{operation} uses batch statistics; call network.eval() first")
    elif operation.kind == "_native_batch_norm_legit":
        average = _mean_over((0, *space))
        weight, bias, *running, _, _, eps = arguments
        if running:
            raise InputError(f"{operation} uses batch statistics; call network.eval() first")
    else:
        weight, bias, mean, variance, _, eps = arguments[:6]

    def per_channel(values: Tensor | None) -> Tensor | None:
        return None if values is None else values.view(1, -1, *[1] * len(space))

    weight, bias, mean, variance = map(per_channel, (weight, bias, mean, variance))
    return Normalisation(average, weight, bias, eps, mean, variance)


def _mean_over(axes: tuple[int, ...]) -> Callable[[Tensor], Tensor]:
    return lambda x: x.mean(axes, keepdim=True)


def _mean_in_groups(groups: int) -> Callable[[Tensor], Tensor]:
    """Mean over groups of channels and space."""

    def average(x: Tensor) -> Tensor:
        means = x.reshape(len(x), groups, -1).mean(2)
        means = means.repeat_interleave(x.shape[1] // groups, dim=1)
        return means.view(*x.shape[:2], *[1] * (x.ndim - 2))

    return average


def has_live_statistics(operation: Operation) -> bool:
    """Whether a normalisation takes its mean and variance from its input."""
    arguments = operation.arguments
    if operation.kind == "instance_norm":
        return bool(arguments[5])
    if operation.kind == "batch_norm":
        return arguments[3] is None
    return operation.kind in NORMALISATIONS and "no_training" not in operation.kind


def scale_and_shift(operation: Operation, x: Tensor) -> tuple[Tensor, Tensor]:
    """Scale a and shift c, broadcast to x, such that the normalisation of x is `a x + c`.

    Statistics of the input are those of x. The variance is the biased one, as in these layers.
    """
    layer = normalisation_of(operation, x.shape)
    mean, variance = layer.mean, layer.variance
    if mean is None:
        mean = layer.average(x)
        variance = layer.average((x - mean).square())
    scale = torch.rsqrt(variance + layer.eps)
    if layer.weight is not None:
        scale = scale * layer.weight
    shift = -scale * mean
    return scale, shift if layer.bias is None else shift + layer.bias
