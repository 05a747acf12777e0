"""Training data: patients in memory, and random augmented patches.

A batch depends on the seed and the step alone, so that a resumed training draws the same batches.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch.nn.functional import grid_sample

from mrelevance.networks.channels import pick_channels
from mrelevance.networks.training_step import Batch
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import (
    check_same_geometry,
    first_channel,
    read_image,
    spacing_zyx,
    to_array,
)


@dataclass(frozen=True)
class TrainingFiles:
    """Files that a network is trained on.

    Attributes
    ----------
    train, validation
        Patient to the paths of the preprocessed image and label.
    sequences
        What the network sees, in the order of its channels.
    channels
        All channels of the images, in their order: the sequences, and maybe others.
    """

    train: dict[str, tuple[str | Path, str | Path]]
    validation: dict[str, tuple[str | Path, str | Path]]
    sequences: list[str]
    channels: list[str]


@dataclass(frozen=True)
class TrainingPatient:
    """One patient's preprocessed images in memory."""

    name: str
    image: torch.Tensor  # (C, D, H, W), float16: exact enough for training in half the memory
    tumour: torch.Tensor  # (D, H, W), bool
    lesions: list[np.ndarray]  # the voxels (n, 3) of each lesion
    spacing: tuple[float, float, float]  # (z, y, x) in mm


def load_patient(
    name: str,
    image_path: str | Path,
    label_path: str | Path,
    sequences: list[str],
    channels: list[str],
) -> TrainingPatient:
    """Read the `sequences` of a patient's image with these `channels`, and the label.

    The image is 4D; the label numbers the lesions 1 to n.

    Raises
    ------
    InputError
        A file cannot be read, the image has other channels, image and label lie on different
        grids, or intensities are not normalised.
    """
    image = read_image(image_path, f"patient {name}, preprocessed image")
    voxels = pick_channels(to_array(image), channels, sequences, f"patient {name}, {image_path}")
    label = read_image(label_path, f"patient {name}, preprocessed label")
    grid = first_channel(image)
    check_same_geometry(label, grid, f"patient {name}, {label_path}")
    half = torch.from_numpy(voxels).half()
    if not half.isfinite().all():
        raise InputError(
            f"patient {name}: {image_path} holds intensities beyond {torch.finfo(half.dtype).max}; "
            "normalise them"
        )
    numbers = to_array(label)
    return TrainingPatient(
        name=name,
        image=half,
        tumour=torch.from_numpy(numbers > 0),
        lesions=[np.argwhere(numbers == lesion) for lesion in np.unique(numbers[numbers > 0])],
        spacing=spacing_zyx(grid),
    )


def draw_batch(patients: list[TrainingPatient], training: dict, seed: int, step: int) -> Batch:
    """Draw the batch of a training step.

    Patients take turns, in an order that is shuffled for each turn. `training` is the section of
    the configuration: batch, patch (x, y, z), foreground_share, augmentation.
    """
    patches = []
    for number in range(step * training["batch"], (step + 1) * training["batch"]):
        turn, place = divmod(number, len(patients))
        order = np.random.default_rng([seed, 0, turn]).permutation(len(patients))
        patient = patients[order[place]]
        patches.append((patient, _draw_patch(patient, training, [seed, 1, number])))
    stacked = torch.stack([patch for _, patch in patches])  # (B, C + 1, D, H, W)
    return Batch(
        patients=[patient.name for patient, _ in patches],
        images=stacked[:, :-1],
        tumours=(stacked[:, -1:] >= 0.5).float(),
    )


def _draw_patch(patient: TrainingPatient, training: dict, seed: list[int]) -> torch.Tensor:
    """Draw a random augmented patch of image and tumour, (C + 1, d, h, w)."""
    generator = np.random.default_rng(seed)
    augmentation = training["augmentation"]
    patch = np.array(training["patch"][::-1])
    centre = _draw_centre(patient, patch, training["foreground_share"], generator)
    turn = _draw_turn(patient.spacing, augmentation, generator)
    sampled = _sample(patient, patch, centre, turn)
    channels = len(patient.image)
    scale = 1 + augmentation["intensity_scale"] * generator.uniform(-1, 1, channels)
    shift = augmentation["intensity_shift"] * generator.uniform(-1, 1, channels)
    columns = torch.tensor(np.stack([scale, shift]), dtype=torch.float32)[..., None, None, None]
    sampled[:-1] = sampled[:-1] * columns[0] + columns[1]
    return sampled


def _draw_centre(
    patient: TrainingPatient,
    patch: np.ndarray,
    foreground_share: float,
    generator: np.random.Generator,
) -> np.ndarray:
    """Draw the centre (z, y, x) of a patch inside the image, in voxels.

    In a share `foreground_share` of the patches, the centre is at most a quarter of the patch away
    from a voxel of a random lesion, so that small lesions are seen as often as large ones.
    """
    size = np.array(patient.tumour.shape)
    if patient.lesions and generator.random() < foreground_share:
        lesion = patient.lesions[generator.integers(len(patient.lesions))]
        centre = lesion[generator.integers(len(lesion))] + generator.uniform(-0.25, 0.25, 3) * patch
    else:
        centre = generator.uniform(0, size - 1)
    lowest = np.minimum((patch - 1) / 2, (size - 1) / 2)
    return np.round(centre.clip(lowest, size - 1 - lowest) - lowest) + lowest


def _draw_turn(
    spacing: tuple[float, float, float], augmentation: dict, generator: np.random.Generator
) -> np.ndarray:
    """Draw the matrix (3, 3) of a random flip and rotation of voxel offsets (z, y, x)."""
    flip = [generator.choice([-1, 1]) if axis in augmentation["flip_axes"] else 1 for axis in "zyx"]
    angles = augmentation["rotation_degrees"] * generator.uniform(-1, 1, 3)
    rotation = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    return np.diag(1 / np.array(spacing)) @ rotation @ np.diag(spacing) @ np.diag(flip)


def _sample(
    patient: TrainingPatient, patch: np.ndarray, centre: np.ndarray, turn: np.ndarray
) -> torch.Tensor:
    """Interpolate image and tumour, (C + 1, d, h, w), linearly on the turned grid of a patch.

    Beyond the image its nearest voxel is repeated.
    """
    offsets = np.meshgrid(*[np.arange(n) - (n - 1) / 2 for n in patch], indexing="ij", sparse=True)
    points = [
        centre[axis] + sum(turn[axis, other] * offsets[other] for other in range(3))
        for axis in range(3)
    ]  # voxel coordinates z, y, x, each (d, h, w)
    # Convert only the box that the patch reaches to float32.
    size = patient.tumour.shape
    box = tuple(
        slice(max(int(p.min()), 0), min(int(np.ceil(p.max())) + 1, n))
        for p, n in zip(points, size, strict=True)
    )
    source = torch.cat([patient.image[:, *box], patient.tumour[None, *box]]).float()
    normalised = [
        2 * (p - part.start) / max(part.stop - part.start - 1, 1) - 1
        for p, part in zip(points, box, strict=True)
    ]
    grid = torch.from_numpy(np.stack(normalised[::-1], axis=-1).astype(np.float32))
    return grid_sample(source[None], grid[None], padding_mode="border", align_corners=True)[0]
