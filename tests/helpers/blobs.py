"""Tiny patients with bright blobs, and settings with which a network learns them in seconds."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mrelevance.networks.training_data import TrainingFiles
from mrelevance.runtime.images import image_like, write_image

SEQUENCES = ["T1", "T2", "FLAIR"]

CONFIGURATION = {
    "seed": 7,
    "preprocess": {"spacing_mm": [2.0, 2.0, 3.0]},
    "network": {
        "name": "DynUNet",
        "arguments": {
            "filters": [4, 8, 8],
            "kernel_size": [3, 3, 3],
            "strides": [1, 2, 2],
            "upsample_kernel_size": [2, 2],
            "norm_name": ["INSTANCE", {"affine": True}],
        },
        "divisor": 4,
    },
    "training": {
        "steps": 90,
        "steps_per_epoch": 30,
        "batch": 2,
        "patch": [16, 16, 12],
        "foreground_share": 0.7,
        "learning_rate": 0.03,
        "warmup_share": 0.3,
        "weight_decay": 0.01,
        "gradient_norm": 1.0,
        "precision": "float32",
        "augmentation": {
            "flip_axes": ["x", "y", "z"],
            "rotation_degrees": 10,
            "intensity_scale": 0.1,
            "intensity_shift": 0.1,
        },
    },
    "inference": {"window": [24, 24, 16], "overlap": 0.5},
}


def write_patients(folder: Path, count: int = 4, seed: int = 1) -> dict[str, tuple[Path, Path]]:
    """Preprocessed images and labels: noise, with one bright ball in all sequences but the last."""
    generator = np.random.default_rng(seed)
    images = {}
    for number in range(count):
        size = (12, 20, 22)
        centre = generator.uniform(5, np.array(size) - 5)
        distance = np.linalg.norm(np.indices(size) - centre[:, None, None, None], axis=0)
        label = (distance < generator.uniform(2.5, 4)).astype(np.uint8)
        image = generator.normal(0, 0.3, (len(SEQUENCES), *size)).astype(np.float32)
        image[:-1] += 2 * label
        grid = sitk.GetImageFromArray(label)
        grid.SetSpacing((2.0, 2.0, 3.0))
        name = f"{number:02d}"
        images[name] = (folder / name / "image.nii", folder / name / "label.nii.gz")
        write_image(image_like(image, grid), images[name][0])
        write_image(image_like(label, grid), images[name][1])
    return images


def files_of(images: dict, validation: int = 1) -> TrainingFiles:
    """The last patients for validation, the others for training."""
    pairs = sorted(images.items())
    count = len(pairs) - validation
    return TrainingFiles(dict(pairs[:count]), dict(pairs[count:]), SEQUENCES, SEQUENCES)
