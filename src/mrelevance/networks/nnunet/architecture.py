"""Building the network that the plans describe, and giving it the weights of a checkpoint.

Networks in 2D are built in 3D, with kernels one voxel deep: applied to a window one slice deep,
they compute the same.
"""

from pathlib import Path

import torch
from dynamic_network_architectures.architectures import unet
from dynamic_network_architectures.building_blocks import residual
from torch import Tensor, nn

from mrelevance.networks.building import first_line
from mrelevance.networks.nnunet.described import check_entries
from mrelevance.networks.nnunet.plans import Plans
from mrelevance.runtime.errors import InputError

NETWORKS = {
    kind.__name__: kind
    for kind in (unet.PlainConvUNet, unet.ResidualEncoderUNet, unet.ResidualUNet)
}
BLOCKS = {kind.__name__: kind for kind in (residual.BasicBlockD, residual.BottleneckD)}
PACKAGE = "dynamic_network_architectures."

SCHEMA = {
    "type": "object",
    "required": ["network_class_name", "arch_kwargs"],
    "properties": {
        "network_class_name": {"type": "string"},
        "arch_kwargs": {"type": "object", "required": ["n_stages", "conv_op"]},
        "_kw_requires_import": {"type": ["array", "null"], "items": {"type": "string"}},
    },
}
OLD_SCHEMA = {
    "type": "object",
    "required": [
        *("UNet_class_name", "UNet_base_num_features", "unet_max_num_features"),
        *("n_conv_per_stage_encoder", "n_conv_per_stage_decoder"),
        *("conv_kernel_sizes", "pool_op_kernel_sizes"),
    ],
    "properties": {
        "UNet_base_num_features": {"type": "integer"},
        "unet_max_num_features": {"type": "integer"},
        "n_conv_per_stage_encoder": {"type": "array"},
    },
}
PER_STAGE_OF_OLD = {
    "PlainConvUNet": "n_conv_per_stage",
    "ResidualEncoderUNet": "n_blocks_per_stage",
}
"""Networks of old plans, and their argument for the number of convolutions or blocks a stage."""


def build(plans: Plans, channels: int, outputs: int, batch_norm: bool, where: str) -> nn.Module:
    """Build the network of a configuration, in 3D and evaluation mode, with any weights.

    Parameters
    ----------
    channels, outputs
        Of the network.
    batch_norm
        Batch normalisation takes the place of what the plans say, as some of nnU-Net's trainers
        have it.
    where
        Names the plans in the error.

    Raises
    ------
    InputError
        The plans describe a network that is not one of dynamic-network-architectures' U-Nets, or
        one that cannot be built.
    """
    described = plans.entries.get("architecture")
    if described is None:
        described = _translated(plans.entries, len(plans.patch), where)
    check_entries(described, SCHEMA, f"{where}: architecture")
    name = described["network_class_name"].rpartition(".")[2]
    if name not in NETWORKS or not described["network_class_name"].startswith(PACKAGE):
        raise InputError(
            f"nnU-Net: {where}: architecture.network_class_name is "
            f"{described['network_class_name']}, which is not supported; only "
            f"{', '.join(NETWORKS)} of dynamic_network_architectures can be explained"
        )
    arguments = {
        key: _looked_up(value, f"{where}: {key}")
        if key in (described.get("_kw_requires_import") or ())
        else value
        for key, value in described["arch_kwargs"].items()
    }
    if batch_norm:
        arguments |= {"norm_op": nn.BatchNorm3d, "norm_op_kwargs": {"eps": 1e-5, "affine": True}}
    arguments |= {"input_channels": channels, "num_classes": outputs, "deep_supervision": False}
    try:
        network = NETWORKS[name](**_in_3d(arguments, len(plans.patch)))
    # Constructors of networks raise errors of any kind for arguments that do not fit them.
    except Exception as error:
        raise InputError(
            f"nnU-Net: {where}: architecture describes no network that can be built "
            f"({first_line(error)[:200]}); use the plans.json of the training"
        ) from error
    return network.eval()


def has_batch_norm(weights: dict[str, Tensor]) -> bool:
    """Whether a network's state has running statistics, which only batch normalisation keeps."""
    return any(name.endswith(".running_mean") for name in weights)


def load_weights(network: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    """Give a network the weights of the checkpoint at `path`.

    Raises
    ------
    InputError
        They are not those of this network, or not finite.
    """
    expected = network.state_dict()
    given = {name: _in_shape(weight, expected.get(name)) for name, weight in weights.items()}
    problems = [f"no {name}" for name in expected if name not in given]
    problems += [f"{name}, which the network lacks" for name in given if name not in expected]
    problems += [
        f"{name} of {tuple(given[name].shape)} in the place of {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in given and given[name].shape != tensor.shape
    ]
    if problems:
        more = f" and {len(problems) - 1} more differences" if len(problems) > 1 else ""
        raise InputError(
            f"nnU-Net: {path}: the weights are not those of the network that plans.json and "
            f"dataset.json describe: {problems[0]}{more}; use files of one training, of a trainer "
            "that builds the network of the plans"
        )
    network.load_state_dict(given)
    if not all(torch.isfinite(weight).all() for weight in network.parameters()):
        raise InputError(
            f"nnU-Net: {path}: weights are NaN or infinite, so the training failed; use another "
            "checkpoint"
        )


def _translated(entries: dict, dimensions: int, where: str) -> dict:
    """The architecture that plans of nnU-Net's first releases describe."""
    check_entries(entries, OLD_SCHEMA, f"{where}, which has no architecture")
    name = entries["UNet_class_name"]
    if name not in PER_STAGE_OF_OLD:
        raise InputError(
            f"nnU-Net: {where}: UNet_class_name is {name}, which is not supported; only "
            f"{' and '.join(PER_STAGE_OF_OLD)} can be explained"
        )
    per_stage = entries["n_conv_per_stage_encoder"]
    most = entries["unet_max_num_features"]
    return {
        "network_class_name": f"{PACKAGE}architectures.unet.{name}",
        "arch_kwargs": {
            "n_stages": len(per_stage),
            "features_per_stage": [
                min(entries["UNet_base_num_features"] * 2**stage, most)
                for stage in range(len(per_stage))
            ],
            "conv_op": f"torch.nn.Conv{dimensions}d",
            "kernel_sizes": entries["conv_kernel_sizes"],
            "strides": entries["pool_op_kernel_sizes"],
            PER_STAGE_OF_OLD[name]: per_stage,
            "n_conv_per_stage_decoder": entries["n_conv_per_stage_decoder"],
            "conv_bias": True,
            "norm_op": f"torch.nn.InstanceNorm{dimensions}d",
            "norm_op_kwargs": {"eps": 1e-5, "affine": True},
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "nonlin"],
    }


def _looked_up(name: str | None, where: str) -> type | None:
    """Class of torch.nn, or block of a residual network, with a name; nothing is imported."""
    if name is None:
        return None
    last = str(name).rpartition(".")[2]
    kind = None
    if str(name).startswith("torch.nn."):
        kind = getattr(nn, last, None)
    elif str(name).startswith(PACKAGE):
        kind = BLOCKS.get(last)
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise InputError(
            f"nnU-Net: {where} is {name}, which is not supported; only classes of torch.nn and "
            f"{', '.join(BLOCKS)} can be explained"
        )
    return kind


def _in_3d(arguments: dict, dimensions: int) -> dict:
    """Arguments for the network in 3D that computes on single slices what one in 2D computes."""
    if dimensions == 3:
        return arguments
    changed = {
        key: getattr(nn, value.__name__.replace("2d", "3d"))
        for key, value in arguments.items()
        if isinstance(value, type) and value.__name__.endswith("2d")
    }
    changed |= {
        key: _one_deep(arguments[key], arguments["n_stages"]) for key in ("kernel_sizes", "strides")
    }
    return arguments | changed


def _one_deep(sizes: int | list, stages: int) -> list[list[int]]:
    """Sizes of every stage in a slice, as sizes in 3D that are one voxel deep."""
    of_stages = [sizes] * stages if isinstance(sizes, int) else sizes
    return [[1, size, size] if isinstance(size, int) else [1, *size] for size in of_stages]


def _in_shape(weight: Tensor, expected: Tensor | None) -> Tensor:
    """A kernel in 2D (O, I, H, W) as one of depth 1 where the network has kernels in 3D."""
    flat = expected is not None and weight.ndim == 4 and expected.ndim == 5
    return weight[:, :, None] if flat else weight
