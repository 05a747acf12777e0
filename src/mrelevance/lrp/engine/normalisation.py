"""Normalisation with frozen statistics: an affine map per channel."""

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Operation
from mrelevance.runtime.errors import InputError


def scale_and_shift(operation: Operation, u: Tensor) -> tuple[Tensor, Tensor]:
    """Scale a and shift c (1, C, 1, ...) such that the normalisation of `u` is `a u + c`.

    Batch norm uses its running statistics; instance and group norm use those of `u` (1, C, ...).
    The variance is the biased one, as in these layers.

    Raises
    ------
    InputError
        Batch norm uses the statistics of the batch.
    """
    arguments = operation.arguments[1:]
    if operation.kind == "group_norm":
        groups, weight, bias, eps = (*arguments, *(None, None, 1e-5)[len(arguments) - 1 :])[:4]
        mean, variance = _statistics(u.reshape(1, groups, -1))
        repeats = u.shape[1] // groups
        mean, variance = mean.repeat_interleave(repeats), variance.repeat_interleave(repeats)
    elif operation.kind == "instance_norm":
        weight, bias, running_mean, running_variance, from_input, _, eps = arguments[:7]
        if from_input:
            mean, variance = _statistics(u.reshape(1, u.shape[1], -1))
        else:
            mean, variance = running_mean, running_variance
    elif operation.kind == "batch_norm":
        weight, bias, mean, variance, training, _, eps = arguments[:7]
        if training:
            raise InputError(f"{operation} uses batch statistics; call network.eval() first")
    else:
        weight, bias, mean, variance, _, eps = arguments[:6]
    scale = torch.rsqrt(variance + eps)
    if weight is not None:
        scale = scale * weight
    shift = -scale * mean
    if bias is not None:
        shift = shift + bias
    shape = (1, -1, *[1] * (u.ndim - 2))
    return scale.view(shape), shift.view(shape)


def _statistics(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance (groups,) of values (1, groups, n)."""
    variance, mean = torch.var_mean(values, dim=2, correction=0)
    return mean.flatten(), variance.flatten()
