"""A network that reads one sequence only: every method that claims to be faithful must say so."""

import pytest
import torch
from monai.networks.nets import DynUNet
from torch import nn

from mrelevance.attribution.ablation import ABLATIONS, occlusion_parts
from mrelevance.attribution.gradients import RegionOutput, gradient_relevance
from mrelevance.attribution.shapley import shapley_values
from mrelevance.lrp import Explainer
from mrelevance.lrp.composites import COMPOSITES, FROM_BASELINE

SEQUENCES, READ = 4, 2
SIZE = (8, 12, 8)
MARGIN = (1, 0)


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """An untrained network of the study's kind, whose first layer weighs all but one with zero."""
    torch.manual_seed(4)
    network = DynUNet(
        3, SEQUENCES, 2, kernel_size=[3, 3, 3], strides=[1, 2, 2], upsample_kernel_size=[2, 2],
        filters=[8, 16, 16], norm_name=("BATCH", {"affine": True}),
    ).double().eval()  # fmt: skip
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv3d) and layer.in_channels == SEQUENCES:
                layer.weight[:, [c for c in range(SEQUENCES) if c != READ]] = 0
            elif isinstance(layer, nn.BatchNorm3d):
                layer.running_mean.normal_(0, 0.3)
                layer.bias.normal_(0, 0.3)
    return network.requires_grad_(False)


@pytest.fixture(scope="module")
def images() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    image, baseline = torch.randn(2, SEQUENCES, *SIZE, generator=generator, dtype=torch.float64)
    return image, baseline


def margin(network, given) -> torch.Tensor:
    background, tumour = network(given)[0]
    return tumour - background


def assert_only_read(shares: torch.Tensor) -> None:
    expected = torch.zeros(SEQUENCES, dtype=torch.float64)
    expected[READ] = 1
    torch.testing.assert_close(shares, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("composite", COMPOSITES)
def test_every_composite(network, images, composite):
    image, baseline = images
    given = {"baseline": baseline} if composite in FROM_BASELINE else {}
    shares = Explainer(network, image, composite, **given).shares(image, MARGIN)
    for voxel in [(0, 0, 0), (3, 5, 4), (7, 11, 7)]:
        assert_only_read(shares[:, *voxel])


def test_the_measurement_and_the_occlusions(network, images):
    outputs = {}
    values, change = shapley_values(
        lambda given: margin(network, given), *images, observe=outputs.__setitem__
    )
    assert_only_read((values.sum((1, 2, 3)) / change.sum()).double())
    for ablation in ABLATIONS:
        parts = occlusion_parts(ablation, outputs, SEQUENCES).sum((1, 2, 3))
        assert_only_read(parts / parts.sum())


@pytest.mark.parametrize("method", ["gradient", "input_x_gradient", "integrated_gradients"])
def test_gradients(network, images, method):
    region = torch.zeros(SIZE, dtype=torch.bool)
    region[3:6, 4:9, 2:5] = True
    output = RegionOutput(lambda given: margin(network, given)[region].sum()[None], *images)
    relevance = gradient_relevance(output, seed=0)
    assert_only_read(torch.from_numpy(relevance[method] / relevance[method].sum()))
