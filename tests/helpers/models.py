"""A folder of a network that this workflow trained, with random weights, and a patient for it."""

import copy
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from helpers.blobs import CONFIGURATION, SEQUENCES
from mrelevance.networks.building import build_network
from mrelevance.runtime.files import sha256, write_json

CHANGED = {
    "fixed_sequence": "T1",
    "preprocess": {"spacing_mm": [2.0, 2.0, 3.0], "margin_mm": 4},
    "segmentation": {"classes": {"lesion": 3}},
}


def write_model(folder: Path, **changes: dict) -> Path:
    """Weights and card of a small network; `changes` replace sections of its configuration."""
    configuration = copy.deepcopy(CONFIGURATION) | CHANGED | changes
    torch.manual_seed(4)
    settings = configuration["network"]
    network = build_network(settings["name"], settings["arguments"], len(SEQUENCES))
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), folder / "weights.pt")
    card = {
        "channels": SEQUENCES,
        "classes": ["background", "lesion"],
        "spacing_mm": [2.0, 2.0, 3.0],
        "configuration": configuration,
        "patients": {"train": ["01", "02"], "validation": ["03"]},
        "versions": {"mrelevance": "0.1.0"},
        "weights": "of epoch 3",
        "weights_sha256": sha256(folder / "weights.pt"),
    }
    write_json(card, folder / "card.json")
    return folder


def patient_images(
    spacing: tuple[float, float, float] = (1.5, 2.0, 3.0), turned: bool = False
) -> dict[str, sitk.Image]:
    """Sequences of a patient: a body of noise in air, on a grid that may be turned."""
    generator = np.random.default_rng(3)
    depth, height, width = size = (12, 22, 26)
    places = np.indices(size) - np.reshape([depth / 2, height / 2, width / 2], (3, 1, 1, 1))
    inside = (places[1] / 9) ** 2 + (places[2] / 11) ** 2 < 1
    images = {}
    for number, name in enumerate(SEQUENCES):
        array = np.where(inside, 50 + 20 * number + generator.normal(0, 8, size), 0)
        image = sitk.GetImageFromArray(array.astype(np.float32))
        image.SetSpacing(spacing)
        image.SetOrigin((-20.0, 7.0, 33.0))
        images[name] = sitk.DICOMOrient(image, "SAR") if turned else image
    return images
