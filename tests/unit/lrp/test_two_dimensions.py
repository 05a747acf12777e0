"""Networks in 2D: the same interface, the same rules."""

import numpy as np
import pytest
import torch
from captum.attr import LRP, DeepLift
from captum.attr._utils.lrp_rules import EpsilonRule
from dynamic_network_architectures.architectures.unet import PlainConvUNet
from helpers import dense as dense
from helpers.small_networks import (
    STEP_NETWORKS,
    image_of,
    leaky,
    randomised,
    step_explainer,
    step_network,
)
from monai.inferers import sliding_window_inference
from monai.networks import nets
from torch import nn

from mrelevance.lrp import Explainer, Windows
from mrelevance.runtime.errors import InputError

SIZE = (4, 6)
VOXELS = [(0, 0), (2, 5)]
TARGET = (1, 0)
EVERY_NETWORK = pytest.mark.parametrize("name", STEP_NETWORKS)
RULES = {
    "zero": (dense.fractions_zero, None, {}),
    "epsilon": (dense.fractions_epsilon(0.25), dense.fractions_zero, {"epsilon": 0.25}),
    "gamma": (dense.fractions_gamma(0.5), None, {"gamma": 0.5}),
    "alpha1_beta0": (dense.fractions_alpha_beta(1, 0), None, {}),
    "alpha2_beta1": (dense.fractions_alpha_beta(2, 1), None, {}),
}
CHANNELS = {"spatial_dims": 2, "in_channels": 2, "out_channels": 2}
NETWORKS = {
    "UNet residual, batch norm": (
        lambda: nets.UNet(
            **CHANNELS, channels=[4, 6, 8], strides=[2, 2], num_res_units=2, norm="BATCH"
        ),
        (8, 12),
    ),
    "BasicUNet, odd size": (
        lambda: nets.BasicUNet(**CHANNELS, features=[4, 4, 6, 6, 8, 4]),
        (17, 32),
    ),
    "AttentionUnet": (
        lambda: nets.AttentionUnet(**CHANNELS, channels=[4, 6, 8], strides=[2, 2]),
        (8, 12),
    ),
    "SegResNet": (
        lambda: nets.SegResNet(
            **CHANNELS, init_filters=8, blocks_down=[1, 1, 1], blocks_up=[1, 1]
        ),
        (8, 12),
    ),
    "nnU-Net PlainConvUNet": (
        lambda: PlainConvUNet(
            2, 3, [4, 6, 8], nn.Conv2d, 3, [1, 2, 2], 2, 2, 1, conv_bias=True,
            norm_op=nn.InstanceNorm2d, norm_op_kwargs={"affine": True}, nonlin=nn.LeakyReLU,
        ),
        (8, 12),
    ),
}  # fmt: skip


def distance(relevance, expected) -> float:
    expected = torch.as_tensor(expected)
    return float((relevance - expected).abs().max() / expected.abs().max())


@EVERY_NETWORK
@pytest.mark.parametrize("composite", RULES)
def test_map_of_a_voxel_is_that_of_the_dense_formula(name, composite):
    network, image = step_network(name, axes=2), image_of(SIZE)
    rule, elsewhere, parameters = RULES[composite]
    explainer = step_explainer(name, SIZE).with_composite(composite, **parameters)
    for voxel in VOXELS:
        number = np.ravel_multi_index(voxel, SIZE)
        expected = dense.relevance_map(network, image, number, TARGET, rule, elsewhere)
        assert distance(explainer.voxel(image, voxel, TARGET), expected) < 1e-9


@EVERY_NETWORK
@pytest.mark.parametrize("input_rule", ["z_box", "flat", "w_square"])
def test_input_rule_is_the_dense_formula(name, input_rule):
    network, image = step_network(name, axes=2), image_of(SIZE)
    explainer = step_explainer(name, SIZE).with_composite("gamma", input_rule=input_rule)
    relevance = explainer.voxel(image, (1, 3))
    expected = dense.relevance_map(
        network, image, 9, 1, dense.fractions_gamma(0.25), input_rule=input_rule
    )
    assert distance(relevance, expected) < 1e-9


@EVERY_NETWORK
def test_deeplift_is_the_dense_rescale_rule(name):
    network, image, baseline = step_network(name, axes=2), image_of(SIZE), image_of(SIZE, seed=2)
    explainer = step_explainer(name, SIZE).with_composite(
        "deeplift", baseline=baseline, statistics="frozen"
    )
    for voxel in VOXELS:
        number = np.ravel_multi_index(voxel, SIZE)
        expected = dense.deeplift_map(network, image, baseline, number, TARGET)
        assert distance(explainer.voxel(image, voxel, TARGET), expected) < 1e-9


@pytest.mark.parametrize(
    ("composite", "options"),
    [
        ("alpha2_beta1", {}),
        ("deeplift", {"baseline": image_of(SIZE, seed=7)}),
        ("deeplift_by_sequence", {"baseline": image_of(SIZE, seed=7)}),
        ("deeplift_along_path", {"baseline": image_of(SIZE, seed=7), "segments": 2}),
    ],
)
def test_region_shares_and_weightings_are_sums_of_maps(composite, options):
    image = image_of(SIZE)
    explainer = step_explainer("residual", SIZE).with_composite(composite, **options)
    explanation = explainer.explain(image, TARGET)
    region = torch.zeros(SIZE, dtype=torch.bool)
    region[1:3, 2:5] = True
    region = explanation.included(region, tau=0.1)
    weights = image_of(SIZE, seed=3)[0]
    expected = torch.zeros_like(image[0])
    for voxel in region.nonzero().tolist():
        of_voxel = explanation.voxel(voxel)
        expected += of_voxel / of_voxel.sum()
        shares = explainer.shares(image[0], TARGET)[:, *voxel]
        assert distance(shares, of_voxel.sum((1, 2)) / of_voxel.sum()) < 1e-8
        if composite != "deeplift_by_sequence":
            weighted = explanation.input_weighted(weights)[*voxel]
            assert float(weighted) == pytest.approx(float((weights * of_voxel).sum()), rel=1e-8)
    assert distance(explainer.region(image, region, TARGET), expected) < 1e-8
    together = explainer.input_weighted(image, torch.stack([weights, weights]), TARGET)
    assert together.shape == (2, *SIZE)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_conserve_and_both_modes_agree(name):
    build, size = NETWORKS[name]
    torch.manual_seed(0)
    network, image = leaky(randomised(build())), image_of(size, sequences=2)
    explainer = Explainer(network, image, "alpha2_beta1")
    explanation = explainer.explain(image, TARGET)
    ratio = explanation.normalisers / explanation.logit
    torch.testing.assert_close(ratio, torch.ones_like(ratio), rtol=1e-7, atol=0)
    baseline = image_of(size, sequences=2, seed=9)
    deeplift = explainer.with_composite("deeplift", baseline=baseline).explain(image, TARGET)
    sums = deeplift.weighted_map(torch.ones(size)).sum((1, 2))
    assert distance(deeplift.sequence_parts.sum((1, 2)), sums) < 1e-8
    assert distance(deeplift.normalisers, deeplift.change) < 1e-8


def test_windows_are_those_of_sliding_window_inference():
    grid = (10, 9)
    image, network = image_of(grid), step_network("plain", axes=2)
    windows = Windows((6, 4), overlap=0.4)
    explainer = Explainer(network, image, "alpha1_beta0", windows=windows)
    explanation = explainer.explain(image, TARGET)
    with torch.no_grad():
        logits = sliding_window_inference(image, (6, 4), 1, network, 0.4, mode="gaussian")[0]
    # MONAI keeps its weights in single precision.
    assert distance(explanation.logit, logits[1] - logits[0]) < 1e-5
    assert distance(explanation.voxel((5, 4)).sum(), explanation.normalisers[5, 4]) < 1e-9
    with pytest.raises(InputError, match=r"windows of \[6, 4, 4\] voxels for an image of"):
        Explainer(network, image, "zero", windows=Windows((6, 4, 4)))


def sequential() -> nn.Sequential:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()]
    return randomised(nn.Sequential(*layers, nn.Conv2d(4, 2, 1)))


class Flat(nn.Module):
    """Captum explains networks with one row of outputs."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image):
        return self.network(image)[:, 1].flatten(1)


def test_agrees_with_captum():
    image, baseline = image_of(SIZE), image_of(SIZE, seed=3)
    network = sequential()
    for layer in network:
        if isinstance(layer, nn.Conv2d):
            layer.rule = EpsilonRule(epsilon=0)
    expected = LRP(Flat(network)).attribute(image, target=7).detach()[0]
    relevance = Explainer(sequential(), image, "zero").voxel(image, (1, 1))
    assert distance(relevance, expected) < 1e-8
    expected = DeepLift(Flat(sequential())).attribute(image, baseline, target=7).detach()[0]
    deeplift = Explainer(sequential(), image, "deeplift", baseline=baseline)
    assert distance(deeplift.voxel(image, (1, 1)), expected) < 1e-12


def test_the_first_axis_may_be_missing():
    network, image = step_network("plain", axes=2), image_of(SIZE)
    expected = Explainer(network, image, "zero").shares(image)
    assert expected.shape == (3, *SIZE)
    assert torch.equal(Explainer(network, image[0], "zero").shares(image[0]), expected)


def test_one_sequence_in_3d_is_not_taken_for_2d():
    network = nn.Sequential(nn.Conv3d(1, 2, 1)).double().eval()
    volume = image_of((4, 6, 5), sequences=1)
    expected = Explainer(network, volume, "zero").shares(volume)
    assert torch.equal(Explainer(network, volume[0], "zero").shares(volume[0]), expected)


def test_wrong_images_are_refused():
    network = step_network("plain", axes=2)
    with pytest.raises(InputError, match=r"shape \(4, 6\); give one image"):
        Explainer(network, torch.zeros(SIZE))
    with pytest.raises(InputError, match=r"give one image \(C, D, H, W\), or \(C, H, W\)"):
        Explainer(step_network("plain"), torch.zeros(3, *SIZE))
    explainer = Explainer(network, image_of(SIZE))
    for shape in [(2, 3, *SIZE), (1, 3, 2, *SIZE)]:
        with pytest.raises(InputError, match=r"give one image \(C, H, W\)"):
            explainer.shares(torch.zeros(shape))
    with pytest.raises(InputError, match=r"voxel \(1, 2, 3\) lies outside"):
        explainer.voxel(image_of(SIZE), (1, 2, 3))
    with pytest.raises(InputError, match=r"must be bool of shape \(4, 6\)"):
        explainer.region(image_of(SIZE), torch.ones(4, 6, 4, dtype=torch.bool))
