"""Small networks for the tests of relevance propagation, with weights that hide nothing.

Biases and the scales of normalisations are drawn at random, both signs, so that a rule which
forgets one of them is found out.
"""

import torch
from torch import nn

from helpers.dense import Step, StepNetwork

SEQUENCES = 3
SIZE = (4, 6, 4)


def randomised(network: nn.Module, seed: int = 0, bias: float = 0.3) -> nn.Module:
    """Double precision, evaluation mode, random biases, normalisation scales and statistics."""
    generator = torch.Generator().manual_seed(seed)

    def normal(values, scale):
        with torch.no_grad():
            values.copy_(scale * torch.randn(values.shape, generator=generator))

    for module in network.modules():
        kind = type(module)
        if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
            normal(module.weight, (module.weight[0].numel() + 1e-9) ** -0.5)
        elif kind in (nn.BatchNorm3d, nn.InstanceNorm3d, nn.GroupNorm) and module.affine:
            normal(module.weight, 1)
        if isinstance(getattr(module, "bias", None), torch.Tensor):
            normal(module.bias, bias)
        if kind is nn.BatchNorm3d:
            normal(module.running_mean, 0.5)
            with torch.no_grad():
                module.running_var.uniform_(0.5, 2, generator=generator)
    return network.double().eval()


def leaky(network: nn.Module) -> nn.Module:
    """Let rectifiers leak, so that no neuron is left with nothing but its bias."""
    for name, module in network.named_children():
        if isinstance(module, nn.ReLU):
            setattr(network, name, nn.LeakyReLU(0.1))
        leaky(module)
    return network


def image_of(size=SIZE, sequences=SEQUENCES, seed=1) -> torch.Tensor:
    """Random image (1, C, D, H, W), both signs."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, sequences, *size, generator=generator, dtype=torch.float64)


def plain() -> StepNetwork:
    """Convolutions and rectifiers, one leaky."""
    return StepNetwork([
        Step("a", "linear", ("image",), nn.Conv3d(SEQUENCES, 4, 3, padding=1)),
        Step("b", "activation", ("a",), nn.ReLU()),
        Step("c", "linear", ("b",), nn.Conv3d(4, 4, 3, padding=1, groups=2)),
        Step("d", "activation", ("c",), nn.LeakyReLU(0.1)),
        Step("e", "linear", ("d",), nn.Conv3d(4, 2, 1)),
    ])  # fmt: skip


def normalised() -> StepNetwork:
    """A small U-Net: folded instance, group and batch norm, strides, a transposed convolution."""
    return StepNetwork([
        Step("a", "linear", ("image",), nn.Conv3d(SEQUENCES, 4, 3, padding=1),
             nn.InstanceNorm3d(4, affine=True)),
        Step("b", "activation", ("a",), nn.PReLU(4)),
        Step("c", "linear", ("b",), nn.Conv3d(4, 4, 3, stride=2, padding=1), nn.GroupNorm(2, 4)),
        Step("d", "activation", ("c",), nn.ELU()),
        Step("e", "linear", ("d",), nn.ConvTranspose3d(4, 3, 2, stride=2), nn.BatchNorm3d(3)),
        Step("f", "cat", ("b", "e")),
        Step("g", "activation", ("f",), nn.SiLU()),
        Step("h", "linear", ("g",), nn.Conv3d(7, 2, 1)),
    ])  # fmt: skip


def residual() -> StepNetwork:
    """Residual sums, normalisation on its own, pooling; two layers read the image."""
    return StepNetwork([
        Step("a", "linear", ("image",), nn.Conv3d(SEQUENCES, 4, 3, padding=1), nn.BatchNorm3d(4)),
        Step("b", "activation", ("a",), nn.LeakyReLU(0.2)),
        Step("c", "linear", ("b",), nn.Conv3d(4, 4, 3, padding=1)),
        Step("shortcut", "linear", ("image",), nn.Conv3d(SEQUENCES, 4, 1)),
        Step("d", "add", ("c", "shortcut")),
        Step("e", "normalise", ("d",), nn.InstanceNorm3d(4, affine=True)),
        Step("f", "activation", ("e",), nn.Tanh()),
        Step("g", "maximum", ("f",), nn.MaxPool3d(2)),
        Step("h", "linear", ("g",), nn.Conv3d(4, 4, 1)),
        Step("i", "pool", ("h",), nn.Upsample(scale_factor=2, mode="trilinear",
                                              align_corners=True)),
        Step("j", "pool", ("d",), nn.AvgPool3d(3, 1, 1)),
        Step("k", "add", ("i", "j")),
        Step("l", "activation", ("k",), nn.LeakyReLU(0.01)),
        Step("m", "linear", ("l",), nn.Conv3d(4, 2, 3, padding=1)),
    ])  # fmt: skip


STEP_NETWORKS = {"plain": plain, "normalised": normalised, "residual": residual}


def step_network(name: str) -> StepNetwork:
    """One of `STEP_NETWORKS`, with random weights and biases."""
    torch.manual_seed(0)
    return randomised(STEP_NETWORKS[name]())
