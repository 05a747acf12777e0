"""`attribute` beside the real Captum, and what it says of inputs that do not fit."""

import captum.attr
import pytest
import torch
from helpers.small_networks import randomised
from torch import nn

from mrelevance.lrp import Explainer, attribute
from mrelevance.runtime.errors import InputError

SIZE = (4, 6, 5)


def images(number: int, *size: int, seed: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(number, 3, *size, generator=generator, dtype=torch.float64)


def classifier() -> nn.Module:
    return randomised(
        nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 2), nn.ReLU(),
            nn.Flatten(), nn.Linear(20, 3),
        )
    )  # fmt: skip


def segmenter() -> nn.Module:
    return randomised(
        nn.Sequential(
            nn.Conv3d(3, 4, 3, padding=1), nn.LeakyReLU(0.1), nn.Conv3d(4, 4, 3, padding=1),
            nn.LeakyReLU(0.1), nn.Conv3d(4, 3, 1),
        )
    )  # fmt: skip


class InRegion(nn.Module):
    """A segmentation network as a classifier: logits added up over a region."""

    def __init__(self, network: nn.Module, region: torch.Tensor):
        super().__init__()
        self.network, self.region = network, region

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return (self.network(image) * self.region).sum((2, 3, 4))


@pytest.fixture
def region() -> torch.Tensor:
    region = torch.zeros(SIZE, dtype=torch.bool)
    region[1:3, 2:5, 1:4] = True
    return region


@pytest.mark.parametrize("target", [1, [0, 2], torch.tensor([2, 1])])
def test_deeplift_of_a_classifier_is_that_of_captum(target):
    # Max pooling, where Captum shares out relevance differently, is left out.
    network = classifier()
    network[2] = nn.AvgPool2d(2)
    inputs, baselines = images(2, 8, 8), images(2, 8, 8, seed=4)
    expected, delta = captum.attr.DeepLift(network).attribute(
        inputs, baselines, target=target, return_convergence_delta=True
    )
    found, own = attribute(
        network, inputs, baselines, target, composite="deeplift", return_convergence_delta=True
    )
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)
    assert own.shape == delta.shape
    torch.testing.assert_close(own, torch.zeros_like(own), rtol=0, atol=1e-11)


def test_deeplift_of_one_voxel_is_that_of_captum():
    network, inputs = segmenter(), images(2, *SIZE)
    target = [(1, 2, 3, 1), (0, 0, 0, 4)]
    expected = captum.attr.DeepLift(network).attribute(inputs, 0.0, target=target)
    found = attribute(network, inputs, 0.0, target, composite="deeplift")
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)
    assert (found[1] != 0).any() and (found[0] != found[1]).any()
    one = attribute(network, inputs, 0.0, target[0], composite="deeplift")
    torch.testing.assert_close(one[0], expected[0], rtol=1e-9, atol=1e-11)


def test_deeplift_of_a_region_is_captums_of_the_logits_added_up(region):
    network, inputs = segmenter(), images(2, *SIZE)
    summed = InRegion(network, region)
    expected = captum.attr.DeepLift(summed).attribute(inputs, 0.5, target=2)
    found = attribute(network, inputs, 0.5, 2, composite="deeplift", region=region)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)
    wrapped = attribute(summed, inputs, 0.5, 2, composite="deeplift")
    torch.testing.assert_close(wrapped, expected, rtol=1e-9, atol=1e-11)


def test_every_image_has_its_own_region_and_target(region):
    network, inputs = segmenter(), images(2, *SIZE)
    regions = torch.stack([region, ~region])
    found = attribute(network, inputs, inputs.flip(0), [(1, 0), 2], region=regions)
    for number, target in enumerate([(1, 0), 2]):
        baseline = inputs.flip(0)[number : number + 1]
        explainer = Explainer(network, inputs[number], "deepshap", baseline=baseline)
        explanation = explainer.explain(inputs[number], target)
        expected = explanation.weighted_map(regions[number])
        torch.testing.assert_close(found[number], expected)


@pytest.mark.parametrize("composite", ["deeplift", "deepshap"])
def test_relevance_adds_up_to_the_change_of_the_output(composite):
    network, inputs = classifier(), images(3, 8, 8)
    baselines = images(1, 8, 8, seed=4)
    found = attribute(network, inputs, baselines, 1, composite=composite)
    change = (network(inputs) - network(baselines))[:, 1]
    torch.testing.assert_close(found.sum((1, 2, 3)), change.detach(), rtol=1e-9, atol=1e-9)


def test_a_function_gives_each_image_its_baseline(region):
    network, inputs = segmenter(), images(2, *SIZE)
    given = {"target": 1, "region": region}
    from_function = attribute(network, inputs, lambda image: 0.3 * image, **given)
    torch.testing.assert_close(from_function, attribute(network, inputs, 0.3 * inputs, **given))


def test_the_delta_tells_what_a_rule_loses(region):
    network, inputs = segmenter(), images(1, *SIZE)
    found, delta = attribute(
        network, inputs, None, 1, composite="epsilon", epsilon=0.25, region=region,
        return_convergence_delta=True,
    )  # fmt: skip
    output = network(inputs)[0, 1][region].sum()
    torch.testing.assert_close(delta[0], found.sum() - output.detach())
    assert abs(delta[0]) > 1e-3


def test_relevance_has_the_type_of_the_inputs(region):
    network = segmenter().float()
    found = attribute(network, images(1, *SIZE).float(), 0.0, 1, region=region)
    assert found.dtype == torch.float32 and found.shape == (1, 3, *SIZE)


WRONG = {
    "say which are explained": {},
    "needs baselines": {"baselines": None, "region": ...},
    "3 targets for 2 images": {"target": [0, 1, 2], "region": ...},
    "either a region or a target with a voxel": {"target": (1, 0, 0, 0), "region": ...},
    "lies outside the output": {"target": (1, 4, 0, 0)},
    "one baseline for each image": {"baselines": torch.zeros(3, 3, *SIZE), "region": ...},
    "one such region for each of 2": {"region": torch.ones(3, *SIZE, dtype=torch.bool)},
    "it must be bool": {"region": torch.ones(SIZE)},
    "give a batch of floating images": {"inputs": torch.zeros(3, 8)},
    "no such class|has 3 classes|class 7": {"target": 7, "region": ...},
    "give a torch.nn.Module": {"network": len, "region": ...},
    "wrap it so that it gives scores": {"network": nn.Flatten(0)},
}


@pytest.mark.parametrize("message", WRONG)
def test_what_does_not_fit_is_named(message, region):
    given = {"network": segmenter(), "inputs": images(2, *SIZE), "baselines": 0.0, "target": 1}
    given |= WRONG[message]
    if given.get("region") is ...:
        given["region"] = region
    with pytest.raises(InputError, match=message):
        attribute(**given)
