"""Writing a network that was trained here as a MONAI bundle.

https://docs.monai.io/en/stable/mb_specification.html describes bundles.
"""

import json
from pathlib import Path

from torch import nn

from mrelevance.networks.card import INTENDED_USE, WEIGHTS
from mrelevance.networks.imported.bundle_description import EMBEDDED
from mrelevance.runtime.files import written_whole
from mrelevance.runtime.versions import versions_of

TURNED = {"_target_": "Transposed", "keys": ["image"], "indices": [0, 3, 2, 1]}
"""From the axes x, y, z of MONAI to those of this workflow's networks, z, y, x, and back."""


def write_bundle(network: nn.Module, folder: Path, said: dict, out: Path) -> list[Path]:
    """Write a MONAI bundle, which `python -m monai.bundle run` applies to preprocessed images."""
    with written_whole(out) as bundle:
        for name in ("configs", "models", "docs"):
            (bundle / name).mkdir(parents=True)
        (bundle / "models/model.pt").write_bytes((folder / WEIGHTS).read_bytes())
        for name, content in (
            ("inference", _inference(said)),
            ("metadata", _metadata(said)),
        ):
            text = json.dumps(content, indent=2, ensure_ascii=False)
            (bundle / f"configs/{name}.json").write_text(text + "\n")
        (bundle / "docs/README.md").write_text(_readme(said))
    return [out]


def _inference(said: dict) -> dict:
    """Configuration that runs the network on images of `results/preprocessed`."""
    network = said["network"]
    channels = {"in_channels": len(said["channels"]), "out_channels": len(said["outputs"])}
    image = {"keys": ["image"]}
    return {
        "imports": ["$import glob", "$import torch"],
        "bundle_root": ".",
        "output_dir": "$@bundle_root + '/eval'",
        "dataset_dir": "$@bundle_root + '/images'",
        "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "datalist": "$[{'image': path} for path in sorted(glob.glob(@dataset_dir + '/*.nii*'))]",
        "network_def": {"_target_": network["name"], "spatial_dims": 3, **channels}
        | network["arguments"],
        "network": "$@network_def.to(@device)",
        "preprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "LoadImaged", **image},
                {"_target_": "EnsureChannelFirstd", **image},
                TURNED,
            ],
        },
        "dataset": {
            "_target_": "Dataset", "data": "@datalist", "transform": "@preprocessing",
        },
        "dataloader": {"_target_": "DataLoader", "dataset": "@dataset", "batch_size": 1},
        "inferer": {
            "_target_": "SlidingWindowInferer",
            "roi_size": said["window"][::-1],
            "overlap": said["overlap"],
            "mode": "gaussian",
        },
        "postprocessing": {
            "_target_": "Compose",
            "transforms": [
                TURNED | {"keys": ["pred"]},
                {"_target_": "AsDiscreted", "keys": ["pred"], "argmax": True},
                {"_target_": "SaveImaged", "keys": ["pred"], "output_dir": "@output_dir"},
            ],
        },
        "handlers": [
            {
                "_target_": "CheckpointLoader",
                "load_path": "$@bundle_root + '/models/model.pt'",
                "load_dict": {"model": "@network"},
            }
        ],
        "evaluator": {
            "_target_": "SupervisedEvaluator",
            "device": "@device",
            "val_data_loader": "@dataloader",
            "network": "@network",
            "inferer": "@inferer",
            "postprocessing": "@postprocessing",
            "val_handlers": "@handlers",
        },
        "run": ["$@evaluator.run()"],
    }  # fmt: skip


def _metadata(said: dict) -> dict:
    """Content of metadata.json; the description under the key `mrelevance`."""
    versions = versions_of(("monai", "torch", "numpy"))
    return {
        "version": "1.0.0",
        "monai_version": versions["monai"],
        "pytorch_version": versions["torch"],
        "numpy_version": versions["numpy"],
        "task": f"Segmentation of {', '.join(list(said['outputs'])[1:])} in MRI",
        "description": "A network that the MRelevance workflow trained",
        "intended_use": INTENDED_USE,
        "network_data_format": {
            "inputs": {"image": _format(said, "magnitude", said["channels"])},
            "outputs": {"pred": _format(said, "segmentation", list(said["outputs"]))},
        },
        EMBEDDED: said,
    }


def _format(said: dict, kind: str, names: list[str]) -> dict:
    """Format of the network's input or output, whose channels have these names."""
    return {
        "type": "image",
        "format": kind,
        "modality": "MR",
        "num_channels": len(names),
        "spatial_shape": [f"{said['divisor']}*n"] * 3,
        "dtype": "float32",
        "is_patch_data": True,
        "channel_def": {str(number): name for number, name in enumerate(names)},
    }


def _readme(said: dict) -> str:
    return (
        f"# {', '.join(list(said['outputs'])[1:])} in {', '.join(said['channels'])}\n\n"
        f"{INTENDED_USE}\n\n"
        "`configs/inference.json` takes images that MRelevance has preprocessed "
        "(`results/preprocessed/{patient}/image.nii`): robust z-scores in the body, one channel "
        "per sequence. `mrelevance.networks.load` reads this folder with its preprocessing.\n"
    )
