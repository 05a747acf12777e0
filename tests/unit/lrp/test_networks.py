"""Every network of the list: complete under DeepLIFT, conserving, close in single precision."""

from functools import cache

import pytest
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from helpers.small_networks import image_of, leaky, randomised
from monai.networks import nets
from torch import nn

from mrelevance.lrp import Explainer

CHANNELS = {"spatial_dims": 3, "in_channels": 2, "out_channels": 2}
STAGES = {"kernel_size": [3, 3, 3], "strides": [1, 2, 2], "upsample_kernel_size": [2, 2]}
AFFINE = ("INSTANCE", {"affine": True})
# As nnU-Net's planner writes them.
NNUNET = {
    "input_channels": 2, "num_classes": 2, "n_stages": 3, "features_per_stage": [4, 6, 8],
    "conv_op": nn.Conv3d, "kernel_sizes": 3, "strides": [1, 2, 2], "n_conv_per_stage_decoder": 1,
    "conv_bias": True, "norm_op": nn.InstanceNorm3d, "norm_op_kwargs": {"affine": True},
    "nonlin": nn.LeakyReLU, "nonlin_kwargs": {"inplace": True}, "deep_supervision": False,
}  # fmt: skip

NETWORKS = {
    "UNet": (
        lambda: nets.UNet(**CHANNELS, channels=[4, 6, 8], strides=[2, 2], norm=AFFINE),
        (8, 12, 8),
    ),
    "UNet residual, batch norm": (
        lambda: nets.UNet(
            **CHANNELS, channels=[4, 6, 8], strides=[2, 2], num_res_units=2, norm="BATCH"
        ),
        (8, 12, 8),
    ),
    "BasicUNet, odd size": (
        lambda: nets.BasicUNet(**CHANNELS, features=[4, 4, 6, 6, 8, 4]),
        (17, 16, 33),
    ),
    "BasicUNetPlusPlus": (
        lambda: nets.BasicUNetPlusPlus(**CHANNELS, features=[4, 4, 4, 4, 6, 4]),
        (16, 16, 32),
    ),
    "DynUNet": (
        lambda: nets.DynUNet(**CHANNELS, **STAGES, filters=[4, 6, 8], norm_name=AFFINE),
        (8, 12, 8),
    ),
    "DynUNet residual": (
        lambda: nets.DynUNet(
            **CHANNELS, **STAGES, filters=[4, 6, 8], norm_name=AFFINE, res_block=True
        ),
        (8, 12, 8),
    ),
    "SegResNet": (
        lambda: nets.SegResNet(
            **CHANNELS, init_filters=8, blocks_down=[1, 1, 1], blocks_up=[1, 1], dropout_prob=0.2
        ),
        (8, 12, 8),
    ),
    "SegResNetDS": (
        lambda: nets.SegResNetDS(
            **CHANNELS, init_filters=4, blocks_down=[1, 1, 1], norm="INSTANCE"
        ),
        (8, 12, 8),
    ),
    "AttentionUnet": (
        lambda: nets.AttentionUnet(**CHANNELS, channels=[4, 6, 8], strides=[2, 2], dropout=0.2),
        (8, 12, 8),
    ),
    "VNet": (lambda: nets.VNet(3, 2, 2), (16, 16, 16)),
    "HighResNet, odd size": (
        lambda: nets.HighResNet(
            **CHANNELS,
            layer_params=(
                {"name": "conv_0", "n_features": 4, "kernel_size": 3},
                {"name": "res_1", "n_features": 4, "kernels": (3, 3), "repeat": 2},
                {"name": "res_2", "n_features": 8, "kernels": (3, 3), "repeat": 1},
                {"name": "conv_1", "n_features": 8, "kernel_size": 1},
                {"name": "conv_2", "kernel_size": 1},
            ),
        ),
        (7, 9, 5),
    ),
    "nnU-Net PlainConvUNet": (
        lambda: PlainConvUNet(**NNUNET, n_conv_per_stage=2),
        (8, 12, 8),
    ),
    "nnU-Net ResidualEncoderUNet": (
        lambda: ResidualEncoderUNet(**NNUNET, n_blocks_per_stage=[1, 2, 2]),
        (8, 12, 8),
    ),
}
EVERY_STATISTICS = pytest.mark.parametrize(
    ("name", "statistics"),
    [
        *((name, "live") for name in NETWORKS),
        # VNet is large, and has no statistics of the image.
        *((name, "frozen") for name in NETWORKS if name != "VNet"),
    ],
)


def network_and_image(name):
    build, size = NETWORKS[name]
    torch.manual_seed(0)
    return randomised(build()), image_of(size, sequences=2)


@cache
def explainer_of(name: str) -> Explainer:
    """Of the network; for other composites, take `with_composite`: exporting takes longest."""
    return Explainer(*network_and_image(name))


@cache
def explainer_of_leaky(name: str) -> Explainer:
    network, image = network_and_image(name)
    return Explainer(leaky(network), image)


def freeze_statistics(module, inputs, output):
    """Normalise both images of a batch (image, baseline) by the statistics of the first."""
    (u,) = inputs
    groups = module.num_groups if isinstance(module, nn.GroupNorm) else u.shape[1]
    first = u[:1].reshape(groups, -1)
    each = u.shape[1] // groups
    shape = (1, -1, 1, 1, 1)
    mean = first.mean(1).repeat_interleave(each).view(shape)
    deviation = (first.var(1, correction=0) + module.eps).sqrt().repeat_interleave(each).view(shape)
    normalised = (u - mean) / deviation
    if not module.affine:
        return normalised
    return normalised * module.weight.view(shape) + module.bias.view(shape)


def logits_with_frozen_statistics(network, image, baseline):
    handles = [
        module.register_forward_hook(freeze_statistics)
        for module in network.modules()
        if isinstance(module, nn.InstanceNorm3d | nn.GroupNorm)
    ]
    with torch.no_grad():
        logits = network(torch.cat([image, baseline]))
    for handle in handles:
        handle.remove()
    return logits[0] if isinstance(logits, list) else logits


def margin_change(network, image, baseline, statistics):
    """Change of the margin (D, H, W), of the network as it is or with the image's statistics."""
    logits_of = {"live": live_logits, "frozen": logits_with_frozen_statistics}[statistics]
    logits = logits_of(network, image, baseline)
    margins = logits[:, 1] - logits[:, 0]
    assert float((margins[0] - margins[1]).abs().max()) > 1e-2
    return margins[0] - margins[1]


def live_logits(network, image, baseline):
    def logits(one):
        given = network(one)
        return given[0] if isinstance(given, list) else given

    with torch.no_grad():
        return torch.cat([logits(image), logits(baseline)])


@pytest.mark.parametrize("composite", ["deeplift", "deepshap"])
@EVERY_STATISTICS
def test_composites_with_a_baseline_are_complete(name, composite, statistics):
    """`N_a = y(x) - y(x0)` at every voxel, whatever the biases, and relevance maps sum to it."""
    network, image = network_and_image(name)
    baseline = image.clone()
    baseline[..., 2:5, 2:5, 2:5] = image_of((3, 3, 3), sequences=2, seed=9)
    expected = margin_change(network, image, baseline, statistics)
    scale = float(expected.abs().max())
    explainer = explainer_of(name).with_composite(
        composite, baseline=baseline, statistics=statistics
    )
    explanation = explainer.explain(image, (1, 0))
    parts = explanation.sequence_parts
    torch.testing.assert_close(parts.sum(0), expected, rtol=0, atol=1e-10 * scale)
    assert float(parts[0].abs().max()) > 1e-3 * scale
    maps = explanation.weighted_map(torch.ones_like(expected)).sum((1, 2, 3))
    totals = parts.sum((1, 2, 3))
    torch.testing.assert_close(maps, totals, rtol=0, atol=1e-10 * float(expected.abs().sum()))


@EVERY_STATISTICS
def test_deeplift_by_sequence_is_complete_for_each_sequence(name, statistics):
    """The part of sequence `c` is `y(x) - y(x with c replaced)` at every voxel."""
    network, image = network_and_image(name)
    baseline = image_of(image.shape[2:], sequences=2, seed=9)
    explainer = explainer_of(name).with_composite(
        "deeplift_by_sequence", baseline=baseline, statistics=statistics
    )
    parts = explainer.explain(image, (1, 0)).sequence_parts
    for sequence in range(2):
        replaced = image.clone()
        replaced[:, sequence] = baseline[:, sequence]
        expected = margin_change(network, image, replaced, statistics)
        scale = float(expected.abs().max())
        torch.testing.assert_close(parts[sequence], expected, rtol=0, atol=1e-10 * scale)


CONSERVING = [
    *((name, "alpha2_beta1") for name in NETWORKS if name != "VNet"),
    ("VNet", "alpha1_beta0"),
    ("AttentionUnet", "gamma"),
    ("SegResNet", "gamma"),
]


@pytest.mark.parametrize(("name", "composite"), CONSERVING)
def test_signed_rules_conserve_whatever_the_biases(name, composite):
    _, image = network_and_image(name)
    explanation = explainer_of_leaky(name).with_composite(composite).explain(image, (1, 0))
    assert float(explanation.logit.abs().max()) > 1e-2
    ratio = explanation.normalisers / explanation.logit
    torch.testing.assert_close(ratio, torch.ones_like(ratio), rtol=1e-7, atol=0)


# alpha2_beta1 divides by the opposing part, a difference of two sums. Where that part is weak, few
# of its digits are left in single precision.
SINGLE_PRECISION = {"alpha1_beta0": 1e-5, "alpha2_beta1": 1e-2, "epsilon": 1e-3, "deeplift": 1e-3}


@pytest.mark.parametrize("composite", SINGLE_PRECISION)
def test_single_precision_is_close_to_double(composite):
    network, image = network_and_image("DynUNet")
    options = {"epsilon": {"epsilon": 0.1}, "deeplift": {"baseline": torch.zeros_like(image)}}
    options = options.get(composite, {})
    double = explainer_of("DynUNet").with_composite(composite, **options).explain(image, (1, 0))
    single = Explainer(network, image, composite, dtype=torch.float32, **options)
    single = single.explain(image, (1, 0))
    assert next(network.parameters()).dtype == torch.float64
    region = torch.zeros(image.shape[2:], dtype=torch.bool)
    region[2:5, 2:5, 2:5] = True
    expected, relevance = double.weighted_map(region), single.weighted_map(region)
    assert relevance.dtype == torch.float32
    difference = (relevance.double() - expected).norm() / expected.norm()
    assert 0 < float(difference) < SINGLE_PRECISION[composite]
