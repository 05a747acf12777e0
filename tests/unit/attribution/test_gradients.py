import numpy as np
import pytest
import torch
from torch import nn

from mrelevance.attribution.gradients import RegionOutput, gradient_relevance
from mrelevance.runtime.seeds import patient_seed

SHAPE = (4, 5, 6)
WEIGHTS = torch.tensor([2.0, -1.0, 0.0])


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(2)
    image, baseline = torch.randn(2, 3, *SHAPE, generator=generator)
    region = torch.zeros(SHAPE, dtype=torch.bool)
    region[1:3, 2:4, 1:5] = True
    return image, baseline, region


def linear(x: torch.Tensor) -> torch.Tensor:
    return (WEIGHTS.view(3, 1, 1, 1) * x[0]).sum(0) + 7


def relevance_of(output, images, seed=1):
    image, baseline, region = images
    in_region = RegionOutput(lambda x: output(x)[region].sum()[None], image, baseline)
    return gradient_relevance(in_region, seed)


def test_linear_output_has_known_answers(images):
    image, baseline, region = images
    relevance = relevance_of(linear, images)
    voxels = int(region.sum())
    assert relevance["gradient"] == pytest.approx(voxels * WEIGHTS.abs().numpy())
    inside = image[:, region].sum(1)
    assert relevance["input_x_gradient"] == pytest.approx((WEIGHTS * inside).numpy(), rel=1e-5)
    change = (image - baseline)[:, region].sum(1)
    path = relevance["integrated_gradients"]
    assert path == pytest.approx((WEIGHTS * change).numpy(), rel=1e-5)
    weighted = WEIGHTS.view(3, 1, 1, 1) * image * voxels / image[0].numel()
    expected = (weighted * (weighted.sum(0) > 0)).sum((1, 2, 3))
    assert relevance["seg_grad_cam"] == pytest.approx(expected.numpy(), rel=1e-5)


def test_integrated_gradients_are_complete(images):
    image, baseline, region = images
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv3d(3, 4, 3, padding=1), nn.SiLU(), nn.Conv3d(4, 1, 1))

    def output(x):
        return network(x)[0, 0]

    relevance = relevance_of(output, images)
    with torch.no_grad():
        change = (output(image[None]) - output(baseline[None]))[region].sum()
    assert relevance["integrated_gradients"].sum() == pytest.approx(float(change), rel=1e-3)
    assert not network[0].weight.grad


def test_random_shares_follow_the_seed_and_sum_to_one(images):
    first, again, other = (relevance_of(linear, images, seed)["random"] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.sum() == pytest.approx(1) and (first >= 0).all()
    assert patient_seed(1, "P1") == patient_seed(1, "P1") != patient_seed(1, "P2")
