"""The way in which a network is written does not matter; agreement with captum."""

from functools import cache

import pytest
import torch
from captum.attr import LRP, DeepLift
from captum.attr._utils.lrp_rules import EpsilonRule
from helpers.small_networks import SIZE, image_of, randomised, step_network
from torch import nn
from torch.nn import functional

from mrelevance.lrp import Explainer
from mrelevance.runtime.errors import InputError


def distance(relevance, expected) -> float:
    return float((relevance - expected).abs().max() / expected.abs().max())


def built(kind: type[nn.Module]) -> nn.Module:
    """The same weights for every way of writing the network."""
    torch.manual_seed(0)
    return randomised(kind())


@cache
def explainer_of(kind: type[nn.Module]) -> Explainer:
    """For other composites, take `with_composite`: exporting takes longest."""
    return Explainer(built(kind), image_of())


class Modules(nn.Module):
    """Two convolutions with norm and rectifier, the second one used twice, and a residual."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv3d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm3d(4)
        self.second = nn.Conv3d(4, 4, 3, padding=1)
        self.last = nn.Conv3d(4, 2, 1)

    def forward(self, image):
        x = nn.LeakyReLU(0.1)(self.norm(self.first(image)))
        y = nn.LeakyReLU(0.1)(self.second(x))
        z = nn.LeakyReLU(0.1)(self.second(y))
        return self.last(x + z)


class InPlace(Modules):
    def forward(self, image):
        x = functional.leaky_relu_(self.norm(self.first(image)), 0.1)
        z = functional.leaky_relu_(self.second(x), 0.1)
        z = nn.LeakyReLU(0.1, inplace=True)(self.second(z))
        z += x
        return self.last(z)


class Functional(Modules):
    def forward(self, image):
        first, second, norm = self.first, self.second, self.norm
        padded = functional.pad(image, [1] * 6)
        x = functional.conv3d(padded, first.weight, first.bias)
        x = functional.batch_norm(
            x, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.1, norm.eps
        )
        x = functional.dropout(functional.leaky_relu(x, 0.1), 0.5, self.training)
        y = functional.leaky_relu(functional.conv3d(x, second.weight, second.bias, 1, "same"), 0.1)
        y = functional.conv3d(y, second.weight, second.bias, padding=1)
        y = functional.prelu(y, torch.full((4,), 0.1, dtype=y.dtype))
        return torch.conv3d(torch.add(x, y), self.last.weight, self.last.bias).contiguous()


class Dropping(Modules):
    """Dropout, which evaluation skips, and an operation whose output is not used."""

    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout3d(0.5)

    def forward(self, image):
        x = self.dropout(functional.leaky_relu(self.norm(self.first(image)), 0.1))
        torch.sin(x).sum()
        y = functional.leaky_relu(self.second(x), 0.1)
        y = self.dropout(functional.leaky_relu(self.second(y), 0.1))
        return self.last(x + y)


@pytest.mark.parametrize("way", [InPlace, Functional, Dropping])
@pytest.mark.parametrize("composite", ["alpha2_beta1", "deeplift"])
def test_ways_of_writing_a_network_do_not_matter(way, composite):
    image = image_of()
    options = {"baseline": image_of(seed=5)} if composite == "deeplift" else {}
    one, other = built(Modules), built(way)
    torch.testing.assert_close(one(image), other(image))
    expected, explanation = (
        explainer_of(kind).with_composite(composite, **options).explain(image, (1, 0))
        for kind in (Modules, way)
    )
    assert distance(explanation.sequence_parts, expected.sequence_parts) < 1e-10
    assert distance(explanation.voxel((1, 2, 3)), expected.voxel((1, 2, 3))) < 1e-10


def test_a_module_used_twice_is_two_layers_with_the_same_weights():
    class Twins(Modules):
        def __init__(self):
            super().__init__()
            self.copy = nn.Conv3d(4, 4, 3, padding=1)

        def forward(self, image):
            x = functional.leaky_relu(self.norm(self.first(image)), 0.1)
            y = functional.leaky_relu(self.second(x), 0.1)
            return self.last(x + functional.leaky_relu(self.copy(y), 0.1))

    once, twice, image = built(Twins), built(Modules), image_of()
    once.copy.load_state_dict(once.second.state_dict())
    expected = Explainer(once, image, "alpha2_beta1").voxel(image, (1, 2, 3))
    relevance = Explainer(twice, image, "alpha2_beta1").voxel(image, (1, 2, 3))
    assert distance(relevance, expected) < 1e-12


def test_an_explained_network_and_its_image_are_left_as_they_were():
    network, image = built(InPlace), image_of()
    before, copy = network(image), image.clone()
    explainer = Explainer(network, image, "alpha1_beta0")
    first, second = explainer.shares(image), explainer.shares(image)
    assert torch.equal(first, second)
    assert torch.equal(image, copy) and torch.equal(network(image), before)


def test_images_of_other_sizes_are_explained_too():
    network, image = built(Modules), image_of((5, 7, 3))
    explainer = Explainer(network, image_of(), "alpha2_beta1")
    expected = Explainer(network, image, "alpha2_beta1").shares(image)
    assert torch.equal(explainer.shares(image[0]), expected)


class Gated(nn.Module):
    """An attention gate, `gate * signal`, and a bilinear product."""

    def __init__(self, bilinear: bool = False):
        super().__init__()
        self.signal = nn.Conv3d(3, 4, 3, padding=1)
        self.gate = nn.Conv3d(3, 1, 1)
        self.other = nn.Conv3d(3, 4, 1)
        self.last = nn.Conv3d(4, 2, 1)
        self.bilinear = bilinear

    def forward(self, image):
        signal = self.signal(image)
        if self.bilinear:
            return self.last(signal * self.other(image) * 0.5)
        return self.last(torch.sigmoid(self.gate(image)) * signal)


def test_a_gate_is_a_weight_and_takes_no_relevance():
    """So relevance equals that of a network whose gate is a constant."""

    class Constant(Gated):
        def forward(self, image):
            return self.last(self.signal(image) * self.opening)

    network, image = built(Gated), image_of()
    constant = built(Constant)
    constant.register_buffer("opening", torch.sigmoid(network.gate(image)).detach())
    for composite in ("zero", "alpha2_beta1"):
        relevance = Explainer(network, image, composite).voxel(image, (2, 2, 2))
        expected = Explainer(constant, image, composite).voxel(image, (2, 2, 2))
        assert distance(relevance, expected) < 1e-10


@pytest.mark.parametrize("bilinear", [False, True])
def test_deeplift_is_complete_for_products_of_two_activations(bilinear):
    torch.manual_seed(0)
    network, image, baseline = randomised(Gated(bilinear)), image_of(), image_of(seed=4)
    explainer = Explainer(network, image, "deeplift", baseline=baseline)
    with torch.no_grad():
        change = (network(image) - network(baseline))[0, 1]
    normalisers = explainer.normalisers(image)
    assert distance(normalisers, change) < 1e-10
    voxel = (1, 1, 1)
    assert float(explainer.voxel(image, voxel).sum()) == pytest.approx(float(change[voxel]))


def test_deeplift_of_a_baseline_equal_to_the_image_has_nothing_to_explain():
    network, image = step_network("residual"), image_of()
    explainer = Explainer(network, image, "deeplift", baseline=lambda x: x.clone())
    assert not explainer.normalisers(image).any()
    with pytest.raises(InputError, match="none of the 96 voxels"):
        explainer.region(image, torch.ones(SIZE, dtype=torch.bool))


def test_zero_rule_without_biases_is_gradient_times_input():
    """Ancona et al. 2018, prop. 2, for networks of rectifiers; max pooling included."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv3d(3, 4, 3, padding=1, bias=False), nn.ReLU(), nn.MaxPool3d(2),
        nn.Conv3d(4, 4, 3, padding=1, bias=False), nn.ReLU(),
        nn.Upsample(scale_factor=2, mode="trilinear"), nn.Conv3d(4, 2, 1, bias=False),
    ).double().eval()  # fmt: skip
    image = image_of().requires_grad_()
    logit = network(image)[0, 1, 2, 3, 1]
    (gradient,) = torch.autograd.grad(logit, image)
    relevance = Explainer(network, image, "zero").voxel(image, (2, 3, 1))
    assert distance(relevance, (gradient * image)[0].detach()) < 1e-12


def sequential(pool: bool = True) -> nn.Sequential:
    torch.manual_seed(0)
    layers = [
        nn.Conv3d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv3d(4, 4, 3, padding=1), nn.ReLU(),
        *[nn.MaxPool3d(2)] * pool, nn.Conv3d(4, 2, 1),
    ]  # fmt: skip
    return randomised(nn.Sequential(*layers))


class Flat(nn.Module):
    """Captum explains networks with one row of outputs."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image):
        return self.network(image)[:, 1].flatten(1)


def test_agrees_with_captum_on_lrp():
    network, image = sequential(), image_of()
    for layer in network:
        if isinstance(layer, nn.Conv3d):
            layer.rule = EpsilonRule(epsilon=0)
    expected = LRP(Flat(network)).attribute(image, target=7).detach()[0]
    relevance = Explainer(sequential(), image, "zero").voxel(image, (1, 0, 1))
    assert distance(relevance, expected) < 1e-8


def test_agrees_with_captum_on_deeplift():
    """Without max pooling, for which captum's own convergence delta is not zero."""
    network, image, baseline = sequential(pool=False), image_of(), image_of(seed=3)
    expected = DeepLift(Flat(network)).attribute(image, baseline, target=7).detach()[0]
    explainer = Explainer(sequential(pool=False), image, "deeplift", baseline=baseline)
    assert distance(explainer.voxel(image, (0, 1, 3)), expected) < 1e-12
