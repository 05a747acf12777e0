import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.explained import explained_patient
from helpers.map_lesions import SEQUENCES, SIZE, lesion_crop, small_unet
from torch import nn
from torch.nn import functional

from mrelevance.attribution.gradients import GRADIENT_METHODS, RegionOutput, gradient_relevance
from mrelevance.attribution.lesion_crop import RegionMargin
from mrelevance.attribution.methods import MAPS, MappedNetwork, attribution_map
from mrelevance.attribution.patient import compute_relevance
from mrelevance.attribution.target import Target
from mrelevance.lrp import Explainer, Windows
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError

MARGIN = Target("margin")
OF_ENSEMBLES = (
    "alpha1_beta0", "deeplift", "deepshap", "input_x_gradient", "guided_backprop",
    "seg_grad_cam_coarsest",
)  # fmt: skip


@pytest.fixture(scope="module")
def explained():
    return small_unet(), lesion_crop()


def map_of(explained, method, seed=3):
    network, crop = explained
    return attribution_map(method, MappedNetwork(network, MARGIN, "live"), crop, seed)


@pytest.mark.parametrize("method", MAPS)
def test_every_method_gives_a_finite_map_of_the_crop(explained, method):
    values = map_of(explained, method)
    assert values.shape == (SEQUENCES, *SIZE) and not values.requires_grad
    assert bool(values.isfinite().all()) and bool(values.any())
    torch.testing.assert_close(values, map_of(explained, method), rtol=0, atol=0)


def test_parameters_are_those_of_the_identifier(explained):
    network, crop = explained
    explainer = Explainer(network, crop.image, "epsilon", epsilon=0.25)
    weights = crop.region / crop.region.sum()
    expected = explainer.explain(crop.image, (1, 0)).weighted_map(weights)
    found = map_of(explained, "epsilon-0.25")
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert not torch.allclose(found, map_of(explained, "epsilon"))
    finer = map_of(explained, "integrated_gradients-64")
    margin = RegionMargin(network, crop.region, MARGIN)
    change = float(margin(crop.image[None]) - margin(crop.baseline[None]))
    assert float(finer.sum()) == pytest.approx(change, rel=0.01)


def test_what_gives_no_map_is_refused(explained):
    with pytest.raises(InputError, match="method shapley gives no map; choose from zero, epsilon"):
        map_of(explained, "shapley")


@pytest.mark.parametrize("composite", ["epsilon", "alpha1_beta0", "deeplift"])
def test_maps_sum_to_the_shares_of_the_patient(explained, composite):
    network, crop = explained
    patient = explained_patient(
        crop.image.numpy(), {("TP", 1): crop.region.numpy()}, baseline=crop.baseline.numpy()
    )
    settings = {"composites": [composite], "tau": 0.1, "statistics": "live"}
    predictor = Predictor(network, Windows(SIZE))
    (relevance,) = compute_relevance(patient, predictor, Target("margin"), settings)
    sums = map_of(explained, composite).sum((1, 2, 3))
    pooled = relevance.table["relevance_pooled"].to_numpy()
    np.testing.assert_allclose(sums / sums.sum(), pooled, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", GRADIENT_METHODS)
def test_maps_of_gradient_methods_sum_to_their_relevance(explained, method):
    network, crop = explained

    def of_region(image):
        return MARGIN.of_logits(network(image)[0])[crop.region].sum()[None]

    relevance = gradient_relevance(RegionOutput(of_region, crop.image, crop.baseline), seed=1)
    sums = map_of(explained, method).sum((1, 2, 3)) * crop.region.sum()
    np.testing.assert_allclose(sums, relevance[method], rtol=1e-4, atol=1e-4)


def test_deeplift_and_integrated_gradients_are_complete(explained):
    network, crop = explained
    margin = RegionMargin(network, crop.region, MARGIN)
    change = float(margin(crop.image[None]) - margin(crop.baseline[None]))
    assert float(map_of(explained, "deeplift").sum()) == pytest.approx(change, rel=1e-4)
    assert float(map_of(explained, "integrated_gradients").sum()) == pytest.approx(change, rel=0.1)


def test_region_margin_takes_images_one_by_one_or_together(explained):
    network, crop = explained
    margin = RegionMargin(network, crop.region, MARGIN)
    both = margin(torch.stack([crop.image, crop.baseline]))
    torch.testing.assert_close(both[1:], margin(crop.baseline[None]))
    logits = network(crop.image[None])[0]
    torch.testing.assert_close(both[0], (logits[1] - logits[0])[crop.region].mean())


class Rectified(torch.autograd.Function):
    """A leaky rectifier with the backward pass of guided backpropagation or deconvolution."""

    @staticmethod
    def forward(context, values, slope, guided):
        context.save_for_backward(torch.where(values > 0, 1.0, slope) if guided else values * 0 + 1)
        return functional.leaky_relu(values, slope)

    @staticmethod
    def backward(context, gradient):
        (factor,) = context.saved_tensors
        return (gradient * factor).clamp_min(0), None, None


@pytest.mark.parametrize(
    ("method", "guided"), [("guided_backprop", True), ("deconvolution", False)]
)
def test_rectifiers_hand_back_positive_values_only(explained, method, guided):
    """Against the same network with both rectifiers written by hand."""
    network, crop = explained
    image = crop.image[None].clone().requires_grad_()
    skip = Rectified.apply(network.norm(network.first(image)), 0.1, guided)
    below = network.up(Rectified.apply(network.down(skip), 0.0, guided))
    logits = network.last(torch.cat([skip, below], 1))[0]
    (expected,) = torch.autograd.grad((logits[1] - logits[0])[crop.region].mean(), image)
    torch.testing.assert_close(map_of(explained, method), expected[0])
    plain = map_of(explained, "gradient")
    assert not torch.allclose(expected[0].abs(), plain), "otherwise the test proves nothing"


@pytest.mark.parametrize("method", ["guided_backprop", "deconvolution"])
@pytest.mark.parametrize("kind", ["functional", "smooth"])
def test_activations_that_would_keep_their_gradient_are_an_error(method, kind):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv3d(SEQUENCES, 4, 3, padding=1)
            self.smooth = nn.SiLU()
            self.last = nn.Conv3d(4, 2, 1)

        def forward(self, image):
            x = self.first(image)
            return self.last(functional.relu(x) if kind == "functional" else self.smooth(x))

    network, crop = Network().eval(), lesion_crop()
    with pytest.raises(InputError, match="no rectifier that is a module of its own"):
        map_of((network, crop), method)


def test_seg_grad_cam_gives_every_sequence_the_same_and_is_never_negative(explained):
    values = map_of(explained, "seg_grad_cam_coarsest")
    torch.testing.assert_close(values[0], values[2])
    assert bool((values >= 0).all())


def test_the_network_is_left_as_it_was(explained):
    network, crop = explained
    with torch.no_grad():
        before = network(crop.image[None])
        map_of(explained, "guided_backprop")
        torch.testing.assert_close(network(crop.image[None]), before, rtol=0, atol=0)
    assert network.leaky.inplace and isinstance(network.leaky, nn.LeakyReLU)


def test_an_unknown_method_is_refused(explained):
    with pytest.raises(InputError, match="method lime is unknown; known are zero"):
        map_of(explained, "lime")


def test_maps_of_an_ensemble_are_the_mean_of_its_members(explained):
    """Of each network on the crop as it is or mirrored; the map of a mirrored one mirrored back."""
    network, crop = explained
    other = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(1.1)
    predictor = Predictor([network, other], Windows(SIZE), mirrorings=((), (0, 2)))
    mapped = MappedNetwork(predictor.of_crops, MARGIN, "live")
    axes = (-3, -1)
    flipped = replace(
        crop,
        image=crop.image.flip(axes),
        baseline=crop.baseline.flip(axes),
        region=crop.region.flip(axes),
    )
    for method in OF_ENSEMBLES:
        found = attribution_map(method, mapped, crop, 1)
        expected = [map_of((fold, crop), method) for fold in (network, other)]
        expected += [map_of((fold, flipped), method).flip(axes) for fold in (network, other)]
        expected = torch.stack(expected).mean(0)
        scale = float(expected.abs().max())
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * scale)
    logits = predictor.of_crops(crop.image[None])[0]
    torch.testing.assert_close(logits, predictor.logits(crop.image), rtol=1e-5, atol=1e-5)
    assert Predictor(network, Windows(SIZE)).of_crops is network
