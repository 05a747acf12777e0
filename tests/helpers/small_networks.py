"""Small networks for the tests of relevance propagation.

Biases and the scales of normalisations are random, with both signs, so that a rule that forgets
one of them fails its test.
"""

from functools import cache
from types import SimpleNamespace

import torch
from torch import nn

from helpers.dense import Step, StepNetwork
from mrelevance.lrp import Explainer, Windows

SEQUENCES = 3
SIZE = (4, 6, 4)
LAYERS = {
    2: SimpleNamespace(
        conv=nn.Conv2d,
        transposed=nn.ConvTranspose2d,
        instance_norm=nn.InstanceNorm2d,
        batch_norm=nn.BatchNorm2d,
        max_pool=nn.MaxPool2d,
        average_pool=nn.AvgPool2d,
        interpolation="bilinear",
    ),
    3: SimpleNamespace(
        conv=nn.Conv3d,
        transposed=nn.ConvTranspose3d,
        instance_norm=nn.InstanceNorm3d,
        batch_norm=nn.BatchNorm3d,
        max_pool=nn.MaxPool3d,
        average_pool=nn.AvgPool3d,
        interpolation="trilinear",
    ),
}
CONVOLUTIONS = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)
BATCH_NORMS = (nn.BatchNorm2d, nn.BatchNorm3d)
NORMALISATIONS = (*BATCH_NORMS, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.GroupNorm)


def randomised(network: nn.Module, seed: int = 0, bias: float = 0.3) -> nn.Module:
    """Draw biases, normalisation scales and statistics; double precision, evaluation mode."""
    generator = torch.Generator().manual_seed(seed)

    def normal(values, scale):
        with torch.no_grad():
            values.copy_(scale * torch.randn(values.shape, generator=generator))

    for module in network.modules():
        kind = type(module)
        if isinstance(module, CONVOLUTIONS):
            normal(module.weight, (module.weight[0].numel() + 1e-9) ** -0.5)
        elif kind in NORMALISATIONS and module.affine:
            normal(module.weight, 1)
        if isinstance(getattr(module, "bias", None), torch.Tensor):
            normal(module.bias, bias)
        if kind in BATCH_NORMS:
            normal(module.running_mean, 0.5)
            with torch.no_grad():
                module.running_var.uniform_(0.5, 2, generator=generator)
    return network.double().eval()


def leaky(network: nn.Module) -> nn.Module:
    """Replace rectifiers by leaky ones, so that every neuron keeps a contribution."""
    for name, module in network.named_children():
        if isinstance(module, nn.ReLU):
            setattr(network, name, nn.LeakyReLU(0.1))
        leaky(module)
    return network


def image_of(size=SIZE, sequences=SEQUENCES, seed=1) -> torch.Tensor:
    """Random image (1, C, ...) of both signs."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, sequences, *size, generator=generator, dtype=torch.float64)


def plain(axes: int = 3) -> StepNetwork:
    """Convolutions and rectifiers, one leaky."""
    layers = LAYERS[axes]
    return StepNetwork([
        Step("a", "linear", ("image",), layers.conv(SEQUENCES, 4, 3, padding=1)),
        Step("b", "activation", ("a",), nn.ReLU()),
        Step("c", "linear", ("b",), layers.conv(4, 4, 3, padding=1, groups=2)),
        Step("d", "activation", ("c",), nn.LeakyReLU(0.1)),
        Step("e", "linear", ("d",), layers.conv(4, 2, 1)),
    ])  # fmt: skip


def normalised(axes: int = 3) -> StepNetwork:
    """A small U-Net: folded instance, group and batch norm, strides, a transposed convolution."""
    layers = LAYERS[axes]
    return StepNetwork([
        Step("a", "linear", ("image",), layers.conv(SEQUENCES, 4, 3, padding=1),
             layers.instance_norm(4, affine=True)),
        Step("b", "activation", ("a",), nn.PReLU(4)),
        Step("c", "linear", ("b",), layers.conv(4, 4, 3, stride=2, padding=1), nn.GroupNorm(2, 4)),
        Step("d", "activation", ("c",), nn.ELU()),
        Step("e", "linear", ("d",), layers.transposed(4, 3, 2, stride=2), layers.batch_norm(3)),
        Step("f", "cat", ("b", "e")),
        Step("g", "activation", ("f",), nn.SiLU()),
        Step("h", "linear", ("g",), layers.conv(7, 2, 1)),
    ])  # fmt: skip


def residual(axes: int = 3) -> StepNetwork:
    """Residual sums, normalisation on its own, pooling; two layers read the image."""
    layers = LAYERS[axes]
    return StepNetwork([
        Step("a", "linear", ("image",), layers.conv(SEQUENCES, 4, 3, padding=1),
             layers.batch_norm(4)),
        Step("b", "activation", ("a",), nn.LeakyReLU(0.2)),
        Step("c", "linear", ("b",), layers.conv(4, 4, 3, padding=1)),
        Step("shortcut", "linear", ("image",), layers.conv(SEQUENCES, 4, 1)),
        Step("d", "add", ("c", "shortcut")),
        Step("e", "normalise", ("d",), layers.instance_norm(4, affine=True)),
        Step("f", "activation", ("e",), nn.Tanh()),
        Step("g", "maximum", ("f",), layers.max_pool(2)),
        Step("h", "linear", ("g",), layers.conv(4, 4, 1)),
        Step("i", "pool", ("h",), nn.Upsample(scale_factor=2, mode=layers.interpolation,
                                              align_corners=True)),
        Step("j", "pool", ("d",), layers.average_pool(3, 1, 1)),
        Step("k", "add", ("i", "j")),
        Step("l", "activation", ("k",), nn.LeakyReLU(0.01)),
        Step("m", "linear", ("l",), layers.conv(4, 2, 3, padding=1)),
    ])  # fmt: skip


STEP_NETWORKS = {"plain": plain, "normalised": normalised, "residual": residual}


def step_network(name: str, axes: int = 3) -> StepNetwork:
    """One of `STEP_NETWORKS` in 2D or 3D, with random weights and biases."""
    torch.manual_seed(0)
    return randomised(STEP_NETWORKS[name](axes))


@cache
def step_explainer(
    name: str, size: tuple[int, ...] = SIZE, windows: Windows | None = None
) -> Explainer:
    """Explainer of `step_network` for images of some size; for others, take `with_composite`.

    To export a network takes much longer than to explain an image with it.
    """
    return Explainer(step_network(name, axes=len(size)), image_of(size), windows=windows)
