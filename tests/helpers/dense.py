"""A second, slow implementation of layer-wise relevance propagation with dense matrices.

It follows the formulas of the papers, neuron by neuron, and shares no code with mrelevance.lrp. A
network is a list of steps. The matrix of a linear layer is found from one-hot images. Each neuron
k divides its relevance R_k among the neurons j below it:

    R_j = sum over k of fraction(c_k)_j R_k        c_kj = w_kj x_j, what j contributed to k
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


@dataclass(frozen=True)
class Step:
    """One layer: `linear`, `pool`, `normalise`, `add`, `cat`, `maximum` or `activation`."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    module: nn.Module | None = None
    normalisation: nn.Module | None = None


class StepNetwork(nn.Module):
    """A network that computes its steps in order, from the activation `image`."""

    def __init__(self, steps: list[Step]):
        super().__init__()
        self.steps = steps
        self.layers = nn.ModuleDict({step.name: step.module for step in steps if step.module})
        self.normalisations = nn.ModuleDict(
            {step.name: step.normalisation for step in steps if step.normalisation}
        )

    def forward(self, image):
        values = {"image": image}
        for step in self.steps:
            inputs = [values[name] for name in step.inputs]
            if step.kind == "add":
                values[step.name] = inputs[0] + inputs[1]
            elif step.kind == "cat":
                values[step.name] = torch.cat(inputs, 1)
            else:
                values[step.name] = step.module(inputs[0])
            if step.normalisation:
                values[step.name] = step.normalisation(values[step.name])
        return values[self.steps[-1].name]


@dataclass(frozen=True)
class Layer:
    """A step around one image: flat values, and the matrix and bias of a linear step."""

    step: Step
    inputs: list[np.ndarray]
    output: np.ndarray
    matrix: np.ndarray | None = None
    bias: np.ndarray | None = None
    winners: np.ndarray | None = None
    affine: tuple[np.ndarray, np.ndarray] | None = None


def trace(network: StepNetwork, image: torch.Tensor, target, statistics_from=None) -> list[Layer]:
    """Run the steps; normalisation statistics are those of the trace `statistics_from`, if any."""
    tensors = {"image": image}
    layers = []
    with torch.no_grad():
        for number, step in enumerate(network.steps):
            inputs = [tensors[name] for name in step.inputs]
            flat = [tensor.numpy().ravel() for tensor in inputs]
            matrix = bias = winners = affine = None
            if step.kind in ("linear", "pool"):
                matrix, bias, shape = dense(step.module, inputs[0])
                if step.normalisation:
                    u = (matrix @ flat[0] + bias).reshape(shape)
                    affine = frozen_normalisation(step.normalisation, u)
                    if statistics_from:
                        affine = statistics_from[number].affine
                    scale, shift = affine
                    matrix, bias = scale[:, None] * matrix, scale * bias + shift
                output = matrix @ flat[0] + bias
            elif step.kind == "normalise":
                shape = inputs[0].shape[1:]
                affine = frozen_normalisation(step.module, inputs[0][0].numpy())
                if statistics_from:
                    affine = statistics_from[number].affine
                matrix, bias = np.diag(affine[0]), affine[1]
                output = matrix @ flat[0] + bias
            elif step.kind == "add":
                shape, output = inputs[0].shape[1:], flat[0] + flat[1]
            elif step.kind == "cat":
                joined = torch.cat(inputs, 1)
                shape, output = joined.shape[1:], joined.numpy().ravel()
            elif step.kind == "maximum":
                output, winners, shape = maxima(step.module, inputs[0])
            else:
                result = step.module(inputs[0])
                shape, output = result.shape[1:], result.numpy().ravel()
            if number == len(network.steps) - 1:
                matrix, bias, output, shape = choose(target, matrix, bias, output, shape)
            layers.append(Layer(step, flat, output, matrix, bias, winners, affine))
            tensors[step.name] = torch.from_numpy(output).reshape(1, *shape)
    return layers


def dense(module: nn.Module, x: torch.Tensor):
    """Matrix and bias of a linear module, from one-hot inputs."""
    count = x[0].numel()
    offset = module(torch.zeros_like(x))
    columns = module(torch.eye(count, dtype=x.dtype).reshape(count, *x.shape[1:])) - offset
    return columns.reshape(count, -1).numpy().T, offset.numpy().ravel(), offset.shape[1:]


def frozen_normalisation(module: nn.Module, u: np.ndarray):
    """Scale and shift of every neuron, from the layer's input u (C, ...)."""
    channels = u.shape[0]
    if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
        mean, variance = module.running_mean.numpy(), module.running_var.numpy()
    else:
        groups = module.num_groups if isinstance(module, nn.GroupNorm) else channels
        grouped = u.reshape(groups, -1)
        mean = np.repeat(grouped.mean(1), channels // groups)
        variance = np.repeat(grouped.var(1), channels // groups)
    scale = module.weight.detach().numpy() / np.sqrt(variance + module.eps)
    shift = module.bias.detach().numpy() - scale * mean
    voxels = u[0].size
    return np.repeat(scale, voxels), np.repeat(shift, voxels)


def maxima(pool: nn.MaxPool2d | nn.MaxPool3d, x: torch.Tensor):
    """Maxima of blocks two voxels wide, and the flat number of the neuron that is each one."""
    assert (pool.kernel_size, pool.stride, pool.padding) == (2, 2, 0)
    numbers = np.arange(x[0].numel()).reshape(x.shape[1:])
    channels, *size = x.shape[1:]
    winners = np.empty((channels, *(n // 2 for n in size)), int)
    for c, *voxel in np.ndindex(winners.shape):
        block = tuple(slice(2 * i, 2 * i + 2) for i in voxel)
        winners[c, *voxel] = numbers[c][block].ravel()[x[0, c][block].argmax()]
    return x.numpy().ravel()[winners.ravel()], winners.ravel(), winners.shape


def choose(target, matrix, bias, output, shape):
    """Reduce the last layer to one output channel: a logit, or the difference of two."""
    voxels = int(np.prod(shape[1:]))

    def chosen(values):
        by_class = values.reshape(shape[0], voxels, *values.shape[1:])
        if isinstance(target, int):
            return by_class[target]
        return by_class[target[0]] - by_class[target[1]]

    return chosen(matrix), chosen(bias), chosen(output), (1, *shape[1:])


# Rules: the fraction of a neuron's relevance that each contribution takes.


def fractions_zero(contributions, bias, rms):
    """Bach et al. 2015, eq. 56."""
    return contributions / (contributions.sum() + bias)


def fractions_epsilon(epsilon: float) -> Callable:
    """Bach et al. 2015, eq. 58; the stabiliser is relative to the layer's root mean square."""

    def fractions(contributions, bias, rms):
        z = contributions.sum() + bias
        return contributions / (z + (1 if z >= 0 else -1) * epsilon * rms)

    return fractions


def fractions_gamma(gamma: float) -> Callable:
    """Montavon et al. 2019, sec. 10.2.1; favours contributions with the sign of their sum."""

    def fractions(contributions, bias, rms):
        if not contributions.any():
            return contributions
        sign = 1 if contributions.sum() >= 0 else -1
        favoured = contributions + gamma * np.where(sign * contributions > 0, contributions, 0)
        return favoured / favoured.sum()

    return fractions


def fractions_alpha_beta(alpha: float, beta: float) -> Callable:
    """Bach et al. 2015, eq. 60; the positive part is the one with the sign of the sum."""

    def fractions(contributions, bias, rms):
        if not contributions.any():
            return contributions
        sign = 1 if contributions.sum() >= 0 else -1
        same = np.where(sign * contributions > 0, contributions, 0)
        other = np.where(sign * contributions < 0, contributions, 0)
        if not other.any():
            return same / same.sum()
        return alpha * same / same.sum() - beta * other / other.sum()

    return fractions


def fractions_at_image(rule: str, weights, connected, x, low, high):
    """z-box (Montavon et al. 2017, eq. 18), w-square (eq. 15), flat (Lapuschkin et al. 2019)."""
    if rule == "z_box":
        values = x * weights - low * weights.clip(0) - high * weights.clip(None, 0)
    elif rule == "w_square":
        values = weights**2
    else:
        values = connected.astype(float)
    return values / values.sum()


def relevance_map(
    network, image, voxel: int, target, rule, rule_elsewhere=None, input_rule=None, rule_of=None
):
    """`M_a` of the output voxel with flat number `voxel`, shaped like the image.

    `rule` is for linear layers and `rule_elsewhere` for pooling, sums and lone normalisations.
    `rule_of` maps names of steps to rules and takes precedence over both.
    """
    layers = trace(network, image, target)
    relevance = {layer.step.name: np.zeros(layer.output.size) for layer in layers}
    relevance["image"] = np.zeros(image.numel())
    relevance[layers[-1].step.name][voxel] = layers[-1].output[voxel]
    voxels = image[0, 0].numel()
    sequences = image[0].numpy().reshape(len(image[0]), -1)
    low = np.repeat(np.minimum(sequences.min(1), 0), voxels)
    high = np.repeat(np.maximum(sequences.max(1), 0), voxels)
    for layer in reversed(layers):
        received = relevance[layer.step.name]
        below = [relevance[name] for name in layer.step.inputs]
        rms = np.sqrt((layer.output**2).mean())
        here = rule if layer.step.kind == "linear" else (rule_elsewhere or rule)
        here = (rule_of or {}).get(layer.step.name, here)
        for k in np.flatnonzero(received):
            if layer.step.kind == "add":
                addends = np.array([values[k] for values in layer.inputs])
                for part, fraction in zip(below, here(addends, 0, rms), strict=True):
                    part[k] += fraction * received[k]
            elif layer.step.kind == "maximum":
                below[0][layer.winners[k]] += received[k]
            elif layer.step.kind == "activation":
                below[0][k] += received[k]
            elif layer.step.kind == "cat":
                which = 0 if k < below[0].size else 1
                below[which][k - which * below[0].size] += received[k]
            elif input_rule and layer.step.kind == "linear" and layer.step.inputs == ("image",):
                weights = layer.matrix[k]
                below[0] += received[k] * fractions_at_image(
                    input_rule, weights, weights != 0, layer.inputs[0], low, high
                )
            else:
                contributions = layer.matrix[k] * layer.inputs[0]
                below[0] += received[k] * here(contributions, layer.bias[k], rms)
    return relevance["image"].reshape(image.shape[1:])


def deeplift_map(network, image, baseline, voxel: int, target):
    """`M_a` by the multipliers of DeepLIFT (Shrikumar et al. 2017), rescale rule."""
    layers = trace(network, image, target)
    at_baseline = trace(network, baseline, target, statistics_from=layers)
    multipliers = {layer.step.name: np.zeros(layer.output.size) for layer in layers}
    multipliers["image"] = np.zeros(image.numel())
    multipliers[layers[-1].step.name][voxel] = 1
    for layer, other in zip(reversed(layers), reversed(at_baseline), strict=True):
        m = multipliers[layer.step.name]
        below = [multipliers[name] for name in layer.step.inputs]
        if layer.step.kind == "add":
            below[0] += m
            below[1] += m
        elif layer.step.kind == "cat":
            below[0] += m[: below[0].size]
            below[1] += m[below[0].size :]
        elif layer.step.kind == "activation":
            change = layer.inputs[0] - other.inputs[0]
            below[0] += m * (layer.output - other.output) / change
        elif layer.step.kind == "maximum":
            change = layer.output - other.output
            for k in range(m.size):
                j = layer.winners[k] if change[k] >= 0 else other.winners[k]
                below[0][j] += m[k] * change[k] / (layer.inputs[0][j] - other.inputs[0][j])
        else:
            below[0] += layer.matrix.T @ m
    change = (image - baseline).numpy()[0]
    return change * multipliers["image"].reshape(change.shape)
