"""Training data: patients in memory, and random augmented patches.

A batch depends on the seed and the step alone, so that a resumed training draws the same batches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from mrelevance.runtime.segmentation import BACKGROUND, IGNORED, TUMOUR


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
    classes
        Patient to the path of the volume of classes; empty where the label says all.
    outputs
        What the network tells apart: the background, then the classes.
    ignores
        Whether voxels may be ignored.
    """

    train: dict[str, tuple[str | Path, str | Path]]
    validation: dict[str, tuple[str | Path, str | Path]]
    sequences: list[str]
    channels: list[str]
    classes: Mapping[str, str | Path] = field(default_factory=dict)
    outputs: Sequence[str] = (BACKGROUND, TUMOUR)
    ignores: bool = False


@dataclass(frozen=True)
class TrainingPatient:
    """One patient's preprocessed images in memory."""

    name: str
    image: torch.Tensor  # (C, D, H, W), float16: exact enough for training in half the memory
    classes: torch.Tensor  # (D, H, W), uint8: number of the class, 0 background, or IGNORED
    lesions: list[list[np.ndarray]]  # of each class that occurs: its voxels (n, 3) by lesion
    spacing: tuple[float, float, float]  # (z, y, x) in mm


def load_patient(
    name: str,
    image_path: str | Path,
    label_path: str | Path,
    sequences: list[str],
    channels: list[str],
    classes_path: str | Path | None = None,
) -> TrainingPatient:
    """Read the `sequences` of a patient's image with these `channels`, and the label.

    The image is 4D; the label numbers the lesions 1 to n. The volume of classes has the number of
    each voxel's class; without it, all lesions are of class 1.

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
    if classes_path is None:
        classes = (numbers > 0).astype(np.uint8)
    else:
        drawn = read_image(classes_path, f"patient {name}, preprocessed classes")
        check_same_geometry(drawn, grid, f"patient {name}, {classes_path}")
        classes = to_array(drawn)
    return TrainingPatient(
        name=name,
        image=half,
        classes=torch.from_numpy(classes),
        lesions=_lesions_by_class(numbers, classes),
        spacing=spacing_zyx(grid),
    )


def _lesions_by_class(numbers: np.ndarray, classes: np.ndarray) -> list[list[np.ndarray]]:
    """Voxels (n, 3) of every class that occurs, lesion by lesion.

    Voxels of a class outside of lesions, such as those of an organ, are taken together.
    """
    found = []
    for number in np.unique(classes[(classes > 0) & (classes < IGNORED)]):
        of_class = classes == number
        lesions = np.unique(numbers[of_class])
        found.append([np.argwhere(of_class & (numbers == lesion)) for lesion in lesions])
    return found


def draw_batch(
    patients: list[TrainingPatient],
    training: dict,
    seed: int,
    step: int,
    *,
    outputs: int = 2,
    ignores: bool = False,
) -> Batch:
    """Draw the batch of a training step.

    Patients take turns, in an order that is shuffled for each turn. `training` is the section of
    the configuration: batch, patch (x, y, z), foreground_share, augmentation. `outputs` is the
    number of classes with the background; with `ignores`, voxels that have a part of an ignored one
    are not counted.
    """
    targets = [*range(1, outputs), *([IGNORED] if ignores else [])]
    patches = []
    for number in range(step * training["batch"], (step + 1) * training["batch"]):
        turn, place = divmod(number, len(patients))
        order = np.random.default_rng([seed, 0, turn]).permutation(len(patients))
        patient = patients[order[place]]
        patches.append((patient, _draw_patch(patient, training, targets, [seed, 1, number])))
    stacked = torch.stack([patch for _, patch in patches])  # (B, C + targets, D, H, W)
    images, shares = stacked.tensor_split([-len(targets)], dim=1)
    counted = shares[:, -1:] == 0 if ignores else None
    return Batch(
        patients=[patient.name for patient, _ in patches],
        images=images,
        classes=_largest_shares(shares[:, : outputs - 1]),
        counted=counted,
    )


def _largest_shares(shares: torch.Tensor) -> torch.Tensor:
    """Number of the class with the largest share of a voxel, (B, 1, D, H, W), float32.

    `shares` are those of the classes (B, K, D, H, W); the rest is background, which loses ties.
    """
    background = 1 - shares.sum(1, keepdim=True)
    winner = torch.cat([shares, background], dim=1).argmax(1, keepdim=True)
    return ((winner + 1) % (shares.shape[1] + 1)).float()


def _draw_patch(
    patient: TrainingPatient, training: dict, targets: list[int], seed: list[int]
) -> torch.Tensor:
    """Draw a random augmented patch of image and shares of classes, (C + targets, d, h, w)."""
    generator = np.random.default_rng(seed)
    augmentation = training["augmentation"]
    patch = np.array(training["patch"][::-1])
    centre = _draw_centre(patient, patch, training["foreground_share"], generator)
    turn = _draw_turn(patient.spacing, augmentation, generator)
    sampled = _sample(patient, targets, patch, centre, turn)
    channels = len(patient.image)
    scale = 1 + augmentation["intensity_scale"] * generator.uniform(-1, 1, channels)
    shift = augmentation["intensity_shift"] * generator.uniform(-1, 1, channels)
    columns = torch.tensor(np.stack([scale, shift]), dtype=torch.float32)[..., None, None, None]
    sampled[:channels] = sampled[:channels] * columns[0] + columns[1]
    return sampled


def _draw_centre(
    patient: TrainingPatient,
    patch: np.ndarray,
    foreground_share: float,
    generator: np.random.Generator,
) -> np.ndarray:
    """Draw the centre (z, y, x) of a patch inside the image, in voxels.

    In a share `foreground_share` of the patches, the centre is at most a quarter of the patch away
    from a voxel of a random lesion, so that small lesions are seen as often as large ones. Classes
    are drawn first, so that rare ones are seen as often as common ones.
    """
    size = np.array(patient.classes.shape)
    if patient.lesions and generator.random() < foreground_share:
        several = len(patient.lesions) > 1
        of_class = patient.lesions[generator.integers(len(patient.lesions)) if several else 0]
        lesion = of_class[generator.integers(len(of_class))]
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
    patient: TrainingPatient,
    targets: list[int],
    patch: np.ndarray,
    centre: np.ndarray,
    turn: np.ndarray,
) -> torch.Tensor:
    """Interpolate image and classes linearly on the turned grid of a patch.

    The result (C + targets, d, h, w) has the share of a voxel that belongs to each class of
    `targets` after the image's channels.

    Beyond the image its nearest voxel is repeated.
    """
    offsets = np.meshgrid(*[np.arange(n) - (n - 1) / 2 for n in patch], indexing="ij", sparse=True)
    points = [
        centre[axis] + sum(turn[axis, other] * offsets[other] for other in range(3))
        for axis in range(3)
    ]  # voxel coordinates z, y, x, each (d, h, w)
    # Convert only the box that the patch reaches to float32.
    size = patient.classes.shape
    box = tuple(
        slice(max(int(p.min()), 0), min(int(np.ceil(p.max())) + 1, n))
        for p, n in zip(points, size, strict=True)
    )
    classes = [(patient.classes[box] == number)[None] for number in targets]
    source = torch.cat([patient.image[:, *box], *classes]).float()
    normalised = [
        2 * (p - part.start) / max(part.stop - part.start - 1, 1) - 1
        for p, part in zip(points, box, strict=True)
    ]
    grid = torch.from_numpy(np.stack(normalised[::-1], axis=-1).astype(np.float32))
    return grid_sample(source[None], grid[None], padding_mode="border", align_corners=True)[0]
