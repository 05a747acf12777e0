"""The network of a study as an nnU-Net: the same layers, under the names of the other package."""

from dynamic_network_architectures.architectures.unet import PlainConvUNet
from torch import nn

from helpers.nnunet import configuration, dataset, plans, write_folder
from mrelevance.networks.card import read_card
from mrelevance.networks.loading import load_network

NORMS = {"BATCH": "batchnorm.BatchNorm3d", "INSTANCE": "instancenorm.InstanceNorm3d"}


def as_nnunet(model, folder, patch):
    """Write a results folder of nnU-Net with the DynUNet of the folder `model`.

    Images are taken as they are (no normalisation, 1 mm). `patch` is (z, y, x).
    """
    card = read_card(model)
    described = architecture(card["configuration"]["network"]["arguments"])
    entries = configuration(
        len(card["channels"]),
        patch_size=list(patch),
        spacing=[1.0, 1.0, 1.0],
        architecture=described,
        normalization_schemes=["NoNormalization"] * len(card["channels"]),
    )
    labels = {name: number for number, name in enumerate(card["classes"])}
    network = converted(load_network(model, card["channels"]), described)
    content = plans({"3d_fullres": entries})
    write_folder(
        folder, content, dataset(card["channels"], labels), networks=[network], mirrored=()
    )
    return folder


def architecture(arguments):
    """Entry `architecture` of the plans for a DynUNet with these arguments."""
    stages = len(arguments["filters"])
    norm, norm_arguments = arguments["norm_name"]
    cube = [[size] * 3 if isinstance(size, int) else size for size in arguments["kernel_size"]]
    steps = [[size] * 3 if isinstance(size, int) else size for size in arguments["strides"]]
    return {
        "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        "arch_kwargs": {
            "n_stages": stages,
            "features_per_stage": arguments["filters"],
            "conv_op": "torch.nn.modules.conv.Conv3d",
            "kernel_sizes": cube,
            "strides": steps,
            "n_conv_per_stage": [2] * stages,
            "n_conv_per_stage_decoder": [2] * (stages - 1),
            "conv_bias": False,
            "norm_op": f"torch.nn.modules.{NORMS[norm]}",
            "norm_op_kwargs": {"eps": 1e-05} | norm_arguments,
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"negative_slope": 0.01, "inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }


def converted(own, described):
    """A PlainConvUNet with the weights of a DynUNet."""
    arguments = described["arch_kwargs"] | {
        "conv_op": nn.Conv3d,
        "norm_op": getattr(nn, described["arch_kwargs"]["norm_op"].rpartition(".")[2]),
        "nonlin": nn.LeakyReLU,
    }
    network = PlainConvUNet(
        input_channels=own.input_block.conv1.conv.in_channels,
        num_classes=own.output_block.conv.conv.out_channels,
        deep_supervision=False,
        **arguments,
    )
    encoders = [own.input_block, *own.downsamples, own.bottleneck]
    stages = [stage[0] for stage in network.encoder.stages]
    pairs = [*zip(encoders, stages, strict=True)]
    decoders = zip(own.upsamples, network.decoder.stages, strict=True)
    pairs += [(block.conv_block, stage) for block, stage in decoders]
    for block, stage in pairs:
        for number, part in enumerate(stage.convs, 1):
            part.conv.load_state_dict(getattr(block, f"conv{number}").conv.state_dict())
            part.norm.load_state_dict(getattr(block, f"norm{number}").state_dict())
    for block, layer in zip(own.upsamples, network.decoder.transpconvs, strict=True):
        layer.load_state_dict(block.transp_conv.conv.state_dict())
    network.decoder.seg_layers[-1].load_state_dict(own.output_block.conv.conv.state_dict())
    return network.eval()
