"""Explain every 3D segmentation network of MONAI and nnU-Net, and print the table of docs/lrp.md.

    python benchmarks/networks.py

Every class is built at about the smallest size it takes, with random weights, biases and statistics
in double precision. Image and baseline are random. `deeplift` and `deepshap` give the largest error
of `N_a = y_a(x) - y_a(x0)`, relative to the largest change; `alpha2_beta1` gives the largest
`N_a - y_a`, relative to the largest logit, of the network as it is and with leaky rectifiers in
place of plain ones. Networks with several outputs are explained by their final one.
"""

import argparse
import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from dynamic_network_architectures.architectures import unet as nnunet
from monai.networks import nets
from monai.networks.nets.restormer import Restormer
from monai.networks.nets.vista3d import ClassMappingClassify
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.networks.outputs import give_final_output
from mrelevance.runtime.errors import InputError

TESTS = Path(__file__).parents[1] / "tests/unit/lrp"
CHANNELS = {"spatial_dims": 3, "in_channels": 2, "out_channels": 2}
AFFINE = ("INSTANCE", {"affine": True})
SWIN = {"feature_size": 12, "depths": (1, 1, 1, 1), "num_heads": (1, 1, 1, 1), "window_size": 2}
HIGH_RES_LAYERS = (
    {"name": "conv_0", "n_features": 4, "kernel_size": 3},
    {"name": "res_1", "n_features": 4, "kernels": (3, 3), "repeat": 2},
    {"name": "conv_1", "n_features": 8, "kernel_size": 1},
    {"name": "conv_2", "kernel_size": 1},
)
# As nnU-Net's planner writes them.
NNUNET = {
    "input_channels": 2, "num_classes": 2, "n_stages": 3, "features_per_stage": [4, 6, 8],
    "conv_op": nn.Conv3d, "kernel_sizes": 3, "strides": [1, 2, 2], "n_conv_per_stage_decoder": 1,
    "conv_bias": True, "norm_op": nn.InstanceNorm3d, "norm_op_kwargs": {"affine": True},
    "nonlin": nn.LeakyReLU, "nonlin_kwargs": {"inplace": True}, "deep_supervision": False,
}  # fmt: skip


class PromptedVISTA3D(nn.Module):
    """VISTA3D, asked for two classes by their numbers."""

    def __init__(self):
        super().__init__()
        encoder = nets.SegResNetDS2(
            in_channels=2, out_channels=8, init_filters=8, blocks_down=(1, 1), norm="instance"
        )
        head = ClassMappingClassify(n_classes=4, feature_size=8)
        self.network = nets.VISTA3D(encoder, head, nn.Identity())
        self.register_buffer("classes", torch.tensor([1, 2]))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits of both classes (1, 2, D, H, W)."""
        features = self.network.image_encoder(image, with_point=False)[1]
        return self.network.class_head(features, self.classes)[0].transpose(0, 1)


class FirstOutput(nn.Module):
    """The logits of a network that gives a tuple of them and something else."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits (1, 2, D, H, W)."""
        return self.network(image)[0]


def dints() -> nn.Module:
    """DiNTS as it is after the search for an architecture."""
    space = nets.TopologyInstance(num_blocks=2, num_depths=2, channel_mul=0.25)
    return nets.DiNTS(space, 2, 2)


Entry = tuple[Callable[[], nn.Module], tuple[int, int, int]]
NETWORKS: dict[str, Entry] = {
    "AHNet": (lambda: nets.AHNet((1, 1, 1, 1), 3, 2, 2, psp_block_num=2), (32, 32, 32)),
    "AttentionUnet": (
        lambda: nets.AttentionUnet(**CHANNELS, channels=[4, 6, 8], strides=[2, 2]), (8, 12, 8),
    ),
    "AutoEncoder": (
        lambda: nets.AutoEncoder(**CHANNELS, channels=[4, 6], strides=[2, 2], norm=AFFINE),
        (8, 12, 8),
    ),
    "BasicUNet": (lambda: nets.BasicUNet(**CHANNELS, features=[4, 4, 6, 6, 8, 4]), (17, 16, 33)),
    "BasicUNetPlusPlus": (
        lambda: nets.BasicUNetPlusPlus(**CHANNELS, features=[4, 4, 4, 4, 6, 4]), (16, 16, 32),
    ),
    "DAF3D": (lambda: nets.DAF3D(2, 2), (32, 32, 32)),
    "DiNTS": (dints, (16, 16, 16)),
    "DynUNet": (
        lambda: nets.DynUNet(
            **CHANNELS, kernel_size=[3, 3, 3], strides=[1, 2, 2], upsample_kernel_size=[2, 2],
            filters=[4, 6, 8], norm_name=AFFINE, res_block=True,
        ),
        (8, 12, 8),
    ),
    "FlexibleUNet": (
        lambda: nets.FlexibleUNet(
            2, 2, "resnet10", spatial_dims=3, decoder_channels=(8, 8, 4, 4, 4),
            upsample="pixelshuffle",
        ),
        (32, 32, 32),
    ),
    "HighResNet": (
        lambda: nets.HighResNet(**CHANNELS, layer_params=HIGH_RES_LAYERS), (7, 9, 5),
    ),
    "HyenaNDUNETR": (lambda: nets.HyenaNDUNETR(2, 2, (True,) * 4, 12), (32, 32, 32)),
    "LocalNet": (lambda: nets.LocalNet(3, 2, 4, (0, 1, 2), out_channels=2), (8, 12, 8)),
    "MedNeXt": (
        lambda: nets.MedNeXt(
            init_filters=4, in_channels=2, kernel_size=3, blocks_down=(1, 1), blocks_bottleneck=1,
            blocks_up=(1, 1), use_residual_connection=True, global_resp_norm=True,
        ),
        (8, 12, 8),
    ),
    "RegUNet": (lambda: nets.RegUNet(3, 2, 4, 2, out_channels=2), (8, 12, 8)),
    "Restormer": (
        lambda: Restormer(3, 2, 2, dim=4, num_blocks=(1, 1), heads=(1, 1), num_refinement_blocks=1),
        (8, 12, 8),
    ),
    "SegResNet": (
        lambda: nets.SegResNet(**CHANNELS, init_filters=8, blocks_down=[1] * 3, blocks_up=[1, 1]),
        (8, 12, 8),
    ),
    "SegResNetDS": (
        lambda: nets.SegResNetDS(**CHANNELS, init_filters=4, blocks_down=[1] * 3, norm="INSTANCE"),
        (8, 12, 8),
    ),
    "SegResNetDS2": (
        lambda: nets.SegResNetDS2(**CHANNELS, init_filters=4, blocks_down=(1, 1), norm="INSTANCE"),
        (8, 12, 8),
    ),
    "SegResNetVAE": (
        lambda: FirstOutput(
            nets.SegResNetVAE((16,) * 3, **CHANNELS, blocks_down=(1,) * 3, blocks_up=(1, 1))
        ),
        (16, 16, 16),
    ),
    "SwinUNETR": (lambda: nets.SwinUNETR(2, 2, **SWIN), (32, 32, 64)),
    "SwinUNETR, v2": (lambda: nets.SwinUNETR(2, 2, **SWIN, use_v2=True), (32, 32, 64)),
    "UNETR": (
        lambda: nets.UNETR(2, 2, (16,) * 3, 2, 8, mlp_dim=8, num_heads=2), (16, 16, 16),
    ),
    "UNet": (
        lambda: nets.UNet(
            **CHANNELS, channels=[4, 6, 8], strides=[2, 2], num_res_units=2, norm=AFFINE
        ),
        (8, 12, 8),
    ),
    "VISTA3D": (PromptedVISTA3D, (8, 12, 8)),
    "VNet": (lambda: nets.VNet(3, 2, 2), (16, 16, 16)),
    "ViTAutoEnc": (
        lambda: FirstOutput(
            nets.ViTAutoEnc(2, (16,) * 3, (4,) * 3, 2, 4, 8, mlp_dim=8, num_layers=1, num_heads=2)
        ),
        (16, 16, 16),
    ),
    "VoxelMorphUNet": (
        lambda: nets.VoxelMorphUNet(3, 2, 2, channels=(4,) * 4, final_conv_channels=(4,)),
        (16, 16, 16),
    ),
    "PlainConvUNet": (lambda: nnunet.PlainConvUNet(**NNUNET, n_conv_per_stage=2), (8, 12, 8)),
    "ResidualEncoderUNet": (
        lambda: nnunet.ResidualEncoderUNet(**NNUNET, n_blocks_per_stage=[1, 2, 2]), (8, 12, 8),
    ),
    "ResidualUNet": (
        lambda: nnunet.ResidualUNet(**NNUNET, n_blocks_per_stage=[1, 1, 1]), (8, 12, 8),
    ),
}  # fmt: skip
NOT_EXPLAINED = {
    "DAF3D": "needs `torchvision`, which is not installed",
    "DiNTS": "what it computes depends on values of its architecture weights",
    "HyenaNDUNETR": "needs `nvsubquadratic`, which is not installed",
}
NO_SEGMENTATION = {
    "registration": "AffineHead GlobalNet VoxelMorph",
    "2D only": "CellSamWrapper HoVerNet Quicknat",
    "one answer for the whole image": """Classifier Critic DenseNet DenseNet121 DenseNet169
        DenseNet201 DenseNet264 Discriminator EfficientNet EfficientNetBN FullyConnectedNet MILModel
        MultiScalePatchDiscriminator NaViT NetAdapter PatchDiscriminator Regressor ResNet SENet
        SENet154 SEResNet101 SEResNet152 SEResNet50 SEResNext101 SEResNext50 TorchVisionFCModel
        Transchex VarFullyConnectedNet ViT ResNetD ResNet18_CIFAR ResNet34_CIFAR ResNet50_CIFAR
        ResNet152_CIFAR ResNet50bn_CIFAR ResNet152bn_CIFAR ResNet18 ResNet34 ResNet50 ResNet152
        ResNet50bn ResNet152bn VGG VGG16 VGG19 VGG16_cifar VGG19_cifar""",
    "generation": """AutoencoderKL ControlNet DecoderOnlyTransformer DiffusionModelUNet Generator
        MaskedAutoEncoderViT SPADEAutoencoderKL SPADEDiffusionModelUNet SPADENet VQVAE
        VarAutoEncoder""",
    "parts of other networks": """AbstractDynamicNetworkArchitectures AttentionModule BasicLayer
        BertAttention BertMixedLayer BertOutput BertPreTrainedModel CheckpointUNet Daf3dASPP
        Daf3dBackbone Daf3dBackboneWithFPN Daf3dFPN Daf3dResNet Daf3dResNetBottleneck
        Daf3dResNetDilatedBottleneck EfficientNetBNFeatures EfficientNetEncoder HighResBlock
        MDTATransformerBlock MultiModal OverlapPatchEmbed PatchMerging PatchMergingV2 Pooler
        ResNetBlock ResNetBottleneck ResNetEncoder ResNetFeatures SwinTransformer
        SwinTransformerBlock TopologyConstruction TopologyInstance TopologySearch
        WindowAttention""",
    "parts of `Primus`": """PatchEmbed EvaAttention EvaBlock Eva BlockChunk EvaWithChunking
        Dinov2PrimusEncL""",
    "need `timm`, which is not installed": """Primus PrimusX PrimusV2 PrimusV3 PrimusV2X PrimusV3X
        PrimusS PrimusB PrimusM PrimusL PrimusV2S PrimusV2B PrimusV2M PrimusV2L PrimusV3S PrimusV3B
        PrimusV3M PrimusV3L""",
}
"""Classes without a row, by why."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=NETWORKS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable()
    torch.set_num_threads(1)
    print("| network | explained | deeplift | deepshap | alpha2_beta1 | leaky | unit tests |")
    print("|---|---|---|---|---|---|---|")
    for name in options.networks:
        print(f"| {' | '.join(row_of(name))} |", flush=True)
    for reason, names in NO_SEGMENTATION.items():
        listed = ", ".join(f"`{name}`" for name in names.split())
        print(f"\n- {reason[0].upper()}{reason[1:]}: {listed}.")


def row_of(name: str) -> list[str]:
    """Cells of a network's row."""
    build, size = NETWORKS[name]
    kind, *variant = name.split(", ")
    tested = "yes" if any(f"{kind}(" in test.read_text() for test in TESTS.glob("*.py")) else ""
    title = ", ".join([f"`{kind}`", *variant])
    try:
        network = randomised(build())
        image, baseline = torch.randn(2, 1, 2, *size, dtype=torch.float64)
        explainer = Explainer(network, image, "alpha2_beta1")
        explainer.with_composite("deeplift", baseline=baseline).explain(image)
    except (ImportError, InputError) as error:
        if name not in NOT_EXPLAINED:
            raise InputError(f"{name} is not explained: {error}") from error
        return [title, f"no: {NOT_EXPLAINED[name]}", "", "", "", "", tested]
    change = margin(network, image) - margin(network, baseline)
    cells = [
        off(lambda given=given: explainer.with_composite(given, baseline=baseline), image, change)
        for given in ("deeplift", "deepshap")
    ]
    as_is = off(lambda: explainer, image, margin(network, image))
    leaky = give_leaky_rectifiers(network)
    without = off(lambda: Explainer(leaky, image, "alpha2_beta1"), image, margin(leaky, image))
    return [title, "yes", *cells, as_is, without, tested]


def off(build: Callable[[], Explainer], image: torch.Tensor, expected: torch.Tensor) -> str:
    """Largest error of the normalisers, relative to the largest expected one; or `no rule`."""
    try:
        normalisers = build().explain(image, (1, 0)).normalisers
    except InputError as error:
        if "neither of which is a gate" not in str(error):
            raise
        return "no rule"
    return f"{float((normalisers - expected).abs().max() / expected.abs().max()):.0e}"


@torch.no_grad()
def margin(network: nn.Module, image: torch.Tensor) -> torch.Tensor:
    logits = network(image)[0]
    return logits[1] - logits[0]


def randomised(network: nn.Module) -> nn.Module:
    """Random parameters and statistics, double precision, evaluation mode, one output."""
    torch.manual_seed(0)
    network = give_final_output(network.double().eval())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
        for module in network.modules():
            if getattr(module, "running_var", None) is not None:
                module.running_mean.normal_(0, 0.5)
                module.running_var.uniform_(0.5, 2)
    return network


def give_leaky_rectifiers(network: nn.Module) -> nn.Module:
    for name, module in network.named_children():
        if isinstance(module, nn.ReLU):
            setattr(network, name, nn.LeakyReLU(0.1))
        give_leaky_rectifiers(module)
    return network


if __name__ == "__main__":
    main()
