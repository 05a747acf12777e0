"""A small MONAI bundle, as its authors write them, with random weights."""

import copy
import json
from pathlib import Path

import torch
from monai.networks.nets import UNet

CHANNELS = {"0": "T1", "1": "T2", "2": "FLAIR"}
ARGUMENTS = {
    "spatial_dims": 3, "in_channels": 3, "out_channels": 2, "channels": [4, 8], "strides": [2],
    "norm": "batch",
}  # fmt: skip
PREPROCESSING = [
    {"_target_": "LoadImaged", "keys": "@image_key"},
    {"_target_": "EnsureChannelFirstd", "keys": "image"},
    {"_target_": "Orientationd", "keys": "image", "axcodes": "RAS"},
    {"_target_": "Spacingd", "keys": "image", "pixdim": [2.0, 2.0, 3.0], "mode": "bilinear"},
    {"_target_": "NormalizeIntensityd", "keys": "image", "nonzero": True, "channel_wise": True},
]
INFERENCE = {
    "imports": ["$import os"],
    "bundle_root": "$os.getcwd()",
    "image_key": "image",
    "device": "$torch.device('cpu')",
    "network_def": {"_target_": "UNet", **ARGUMENTS},
    "network": "$@network_def.to(@device)",
    "preprocessing": {"_target_": "Compose", "transforms": PREPROCESSING},
    "inferer": {
        "_target_": "SlidingWindowInferer", "roi_size": [12, 12, 8], "sw_batch_size": 2,
        "overlap": 0.5, "mode": "gaussian", "device": "@device",
    },
    "postprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "Activationsd", "keys": "pred", "softmax": True},
            {"_target_": "Invertd", "keys": "pred", "transform": "@preprocessing",
             "orig_keys": "image", "nearest_interp": False},
            {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
        ],
    },
}  # fmt: skip
METADATA = {
    "name": "Lesions",
    "version": "0.3.1",
    "monai_version": "1.4.0",
    "network_data_format": {
        "inputs": {"image": {"type": "image", "num_channels": 3, "channel_def": CHANNELS}},
        "outputs": {"pred": {"channel_def": {"0": "background", "1": "lesion"}}},
    },
}


def bundle_network() -> UNet:
    torch.manual_seed(2)
    return UNet(**ARGUMENTS).eval()


def write_bundle(folder: Path, inference: dict | None = None, metadata: dict | None = None) -> Path:
    """Configuration, metadata and weights; keys of `inference` and `metadata` replace others."""
    for name in ("configs", "models"):
        (folder / name).mkdir(parents=True)
    for name, content, changes in (
        ("inference", INFERENCE, inference), ("metadata", METADATA, metadata),
    ):  # fmt: skip
        content = copy.deepcopy(content) | (changes or {})
        content = {key: value for key, value in content.items() if value is not None}
        (folder / f"configs/{name}.json").write_text(json.dumps(content))
    torch.save({"model": bundle_network().state_dict()}, folder / "models/model.pt")
    return folder
