"""Stages of a network: its layers, grouped by the resolution at which they compute."""

from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Layer:
    """A module with parameters of its own, and the grid (D, H, W) of its output."""

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
    """Layers with parameters in the order in which an image (C, D, H, W) first reaches them."""
    layers: dict[nn.Module, Layer] = {}

    def note(module: nn.Module, inputs: tuple, output: Tensor) -> None:
        layers.setdefault(module, Layer(module, tuple(output.shape[2:])))

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
    of the image, behind the coarsest stage.
    """
    *body, last = executed_layers(network, image)
    runs = [list(run) for _, run in groupby(body, key=lambda layer: layer.grid)]
    coarsest = min((run[0].voxels for run in runs), default=0)
    stages = [Stage("output", [last.module])]
    part = "decoder"
    for run in reversed(runs):
        factor = max(
            round(length / own) for length, own in zip(image.shape[1:], run[0].grid, strict=True)
        )
        if run[0].voxels == coarsest:
            part = "coarsest"
        elif part == "coarsest":
            part = "encoder"
        scale = "1" if factor == 1 else f"1/{factor}"
        stages.append(Stage(f"{part} {scale}", [layer.module for layer in run]))
    return stages
