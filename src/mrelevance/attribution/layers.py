"""Stages of a network: its layers, grouped by the resolution at which they compute."""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Layer:
    """A module with parameters of its own, and the grid (D, H, W) on which it computes."""

    module: nn.Module
    grid: tuple[int, ...]

    @property
    def voxels(self) -> int:
        """Number of voxels of the grid."""
        return torch.Size(self.grid).numel()


@dataclass(frozen=True)
class Stage:
    """Consecutive layers of one resolution, in the order of computation."""

    name: str
    modules: list[nn.Module]


@torch.no_grad()
def executed_layers(network: nn.Module, image: Tensor) -> list[Layer]:
    """Layers with parameters in the order in which an image (C, D, H, W) first reaches them.

    Layers whose output has no grid, such as those of windows or lists of tokens, have that of the
    layer before.
    """
    layers: dict[nn.Module, Layer] = {}
    grid = tuple(image.shape[1:])

    def note(module: nn.Module, inputs: tuple, output: Any) -> None:
        nonlocal grid
        if isinstance(output, Tensor) and output.ndim == image.ndim + 1 and len(output) == 1:
            channels_last = isinstance(module, nn.Linear | nn.LayerNorm)
            grid = tuple(output.shape[1:-1] if channels_last else output.shape[2:])
        layers.setdefault(module, Layer(module, grid))

    own = [module for module in network.modules() if any(True for _ in module.parameters(False))]
    hooks = [module.register_forward_hook(note) for module in own]
    try:
        network(image[None])
    finally:
        for hook in hooks:
            hook.remove()
    return list(layers.values())


def stages_from_output(network: nn.Module, image: Tensor) -> list[Stage]:
    """Stages of a network from its output to its input.

    The first stage is the last layer alone, which gives the logits. The others are runs of layers
    of one resolution, named by their part of a U-Net: `decoder 1/2` computes at half the resolution
    of the image, behind the coarsest stage. Networks may return to a resolution, as transformers
    do whose encoder has convolutions on its skip connections: a name that occurs again is numbered.
    """
    *body, last = executed_layers(network, image)
    runs = [list(run) for _, run in groupby(body, key=lambda layer: layer.grid)]
    coarsest = min((run[0].voxels for run in runs), default=0)
    stages = [Stage("output", [last.module])]
    part = "decoder"
    names: Counter[str] = Counter()
    for run in reversed(runs):
        factor = max(
            round(length / own) for length, own in zip(image.shape[1:], run[0].grid, strict=True)
        )
        if run[0].voxels == coarsest:
            part = "coarsest"
        elif part == "coarsest":
            part = "encoder"
        scale = "1" if factor == 1 else f"1/{factor}"
        name = f"{part} {scale}"
        names[name] += 1
        name = name if names[name] == 1 else f"{name} ({names[name]})"
        stages.append(Stage(name, [layer.module for layer in run]))
    return stages
