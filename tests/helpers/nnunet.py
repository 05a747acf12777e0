"""Tiny networks of nnU-Net: plans, dataset.json, images, and folders as nnU-Net writes them.

Needs neither pytest nor the project, so that programs of nnU-Net's own environment can use it.
"""

import json
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from dynamic_network_architectures.architectures import unet

NAME = "3d_fullres"
SPLINES, TORCH = "resample_data_or_seg_to_shape", "resample_torch_fornnunet"
CT_INTENSITIES = {
    "mean": 30.0, "std": 40.0, "percentile_00_5": -50.0, "percentile_99_5": 120.0,
    "min": -200.0, "max": 300.0, "median": 25.0,
}  # fmt: skip


def architecture(dimensions=3, kind="PlainConvUNet", stages=3, features=4, norm="InstanceNorm"):
    """Entry `architecture` of a configuration, as nnU-Net's planner writes it."""
    per_stage = "n_conv_per_stage" if kind == "PlainConvUNet" else "n_blocks_per_stage"
    return {
        "network_class_name": f"dynamic_network_architectures.architectures.unet.{kind}",
        "arch_kwargs": {
            "n_stages": stages,
            "features_per_stage": [features * 2**stage for stage in range(stages)],
            "conv_op": f"torch.nn.modules.conv.Conv{dimensions}d",
            "kernel_sizes": [[3] * dimensions] * stages,
            "strides": [[1] * dimensions] + [[2] * dimensions] * (stages - 1),
            per_stage: [1] * stages,
            "n_conv_per_stage_decoder": [1] * (stages - 1),
            "conv_bias": True,
            "norm_op": f"torch.nn.modules.{norm.lower()}.{norm}{dimensions}d",
            "norm_op_kwargs": {"eps": 1e-05, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }


def configuration(channels=2, **changes):
    """One configuration of the plans; entries in `changes` replace its own."""
    kwargs = {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None}
    return {
        "data_identifier": "nnUNetPlans_tiny",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": [8, 12, 16],
        "median_image_size_in_voxels": [12.0, 16.0, 20.0],
        "spacing": [3.0, 2.0, 2.0],
        "normalization_schemes": ["ZScoreNormalization"] * channels,
        "use_mask_for_norm": [False] * channels,
        "resampling_fn_data": SPLINES,
        "resampling_fn_seg": SPLINES,
        "resampling_fn_data_kwargs": kwargs,
        "resampling_fn_seg_kwargs": kwargs | {"is_seg": True, "order": 1},
        "resampling_fn_probabilities": SPLINES,
        "resampling_fn_probabilities_kwargs": kwargs | {"order": 1},
        "architecture": architecture(),
        "batch_dice": False,
    } | changes


def old_configuration(kind="PlainConvUNet", **changes):
    """A configuration as the first releases of nnU-Net v2 wrote it, without `architecture`."""
    entries = configuration(**changes)
    del entries["architecture"]
    dimensions, stages = len(entries["patch_size"]), 3
    return entries | {
        "UNet_class_name": kind,
        "UNet_base_num_features": 4,
        "unet_max_num_features": 10,
        "n_conv_per_stage_encoder": [2, 1, 1],
        "n_conv_per_stage_decoder": [1, 1],
        "num_pool_per_axis": [2] * dimensions,
        "pool_op_kernel_sizes": [[1] * dimensions] + [[2] * dimensions] * (stages - 1),
        "conv_kernel_sizes": [[3] * dimensions] * stages,
    }


def plans(configurations=None, **changes):
    """Content of `plans.json`; by default with one configuration, `NAME`."""
    return {
        "dataset_name": "Dataset001_Tiny",
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": [3.0, 2.0, 2.0],
        "original_median_shape_after_transp": [12, 16, 20],
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "configurations": configurations or {NAME: configuration()},
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {
            str(channel): CT_INTENSITIES for channel in range(4)
        },
    } | changes


def dataset(channels=("T1", "T2"), labels=None, **changes):
    """Content of `dataset.json`."""
    return {
        "channel_names": {str(number): name for number, name in enumerate(channels)},
        "labels": labels or {"background": 0, "liver": 1, "tumour": 2},
        "numTraining": 4,
        "file_ending": ".nii.gz",
    } | changes


def network(described, channels=2, outputs=3, seed=0):
    """Network of an entry `architecture`, with random weights, built by nnU-Net's own package."""
    torch.manual_seed(seed)
    arguments = dict(described["arch_kwargs"])
    for key in described["_kw_requires_import"] or ():
        name = arguments[key]
        arguments[key] = name if name is None else getattr(torch.nn, name.rpartition(".")[2])
    kind = getattr(unet, described["network_class_name"].rpartition(".")[2])
    built = kind(input_channels=channels, num_classes=outputs, deep_supervision=False, **arguments)
    for parameter in built.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return built.eval()


def checkpoint(state, content, described, name=NAME, mirrored=(0, 1, 2), **changes):
    """Content of a checkpoint: numbers of numpy beside tensors, plans and dataset inside."""
    return {
        "network_weights": state,
        "optimizer_state": {"state": {}, "param_groups": [{"lr": 0.01, "nesterov": True}]},
        "grad_scaler_state": None,
        "logging": {"train_losses": [np.float32(0.5)], "val_losses": [np.float64(0.6)]},
        "_best_ema": np.float32(0.7),
        "current_epoch": 5,
        "init_args": {
            "plans": content, "configuration": name, "fold": 0, "dataset_json": described,
            "device": torch.device("cpu"),
        },
        "trainer_name": "nnUNetTrainer",
        "inference_allowed_mirroring_axes": mirrored,
    } | changes  # fmt: skip


def write_folder(
    path,
    content=None,
    described=None,
    folds=(0,),
    networks=None,
    name=NAME,
    kind="final",
    **changes,
):
    """Write a results folder, with a random network for each fold; the folder and the networks.

    `changes` go to `checkpoint`.
    """
    content, described = content or plans(), described or dataset()
    if networks is None:
        entries = content["configurations"][name]
        outputs = len(described["labels"]) - ("ignore" in described["labels"])
        channels = len(described["channel_names"])
        networks = [
            network(entries["architecture"], channels, outputs, seed) for seed in range(len(folds))
        ]
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    (path / "plans.json").write_text(json.dumps(content))
    (path / "dataset.json").write_text(json.dumps(described))
    for fold, of_fold in zip(folds, networks, strict=True):
        (path / f"fold_{fold}").mkdir(exist_ok=True)
        saved = checkpoint(of_fold.state_dict(), content, described, name, **changes)
        torch.save(saved, path / f"fold_{fold}" / f"checkpoint_{kind}.pth")
    return path, networks


def image(seed=0, shape=(10, 14, 18), spacing=(2.0, 2.0, 3.0), turned=0.0, rim=1):
    """Random smooth 3D image (z, y, x) with a rim of zeros; `turned` degrees about the z axis."""
    noise = np.random.default_rng(seed).normal(size=shape)
    smooth = sum(np.roll(noise, shift, axis) for axis in range(3) for shift in (-1, 0, 1))
    voxels = np.zeros(shape, np.float32)
    inner = tuple(slice(rim, length - rim) for length in shape)
    voxels[inner] = (40 * smooth + 100)[inner]
    made = sitk.GetImageFromArray(voxels)
    made.SetSpacing(spacing)
    made.SetOrigin((-20.0, 5.0, 7.5))
    angle = np.deg2rad(turned)
    made.SetDirection([np.cos(angle), -np.sin(angle), 0, np.sin(angle), np.cos(angle), 0, 0, 0, 1])
    return made
