"""One patient of the phantom cohort: images of every sequence, and the truth about them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from scipy import ndimage

from mrelevance.files import write_table
from mrelevance.images import image_like, write_image
from mrelevance.phantom import signal
from mrelevance.phantom.anatomy import TISSUE_LABEL, build_anatomy
from mrelevance.phantom.breathing import Breathing, draw_breathing
from mrelevance.phantom.kinetics import simulate_circulation, simulate_liver
from mrelevance.phantom.lesions import Lesion, draw_lesions, paint_lesions
from mrelevance.phantom.settings import Settings, check_settings
from mrelevance.phantom.shapes import Grid, waves
from mrelevance.phantom.tissues import TISSUES
from mrelevance.phantom.vessels import choose_landmarks, paint_vessels

# Anatomy is drawn this much finer than the images, along each axis: partial volume.
FINER = 2


@dataclass(frozen=True)
class PhantomPatient:
    """What `simulate_patient` returns; arrays (D, H, W) lie on the grid of `geometry`."""

    name: str
    images: dict[str, np.ndarray]  # int16, one per sequence
    label: np.ndarray  # uint8: 0 background, k the k-th row of `lesions`
    liver: np.ndarray  # bool, with its vessels and lesions
    displacements: dict[str, np.ndarray]  # (D, H, W, 3) float32, mm, components x, y, z
    lesions: pd.DataFrame  # labelled ones
    all_lesions: pd.DataFrame  # with column `labelled`
    landmarks: pd.DataFrame
    conspicuity: pd.DataFrame
    geometry: sitk.Image


def simulate_patient(
    name: str, settings: dict, sequences: list[str], reference: str, seed: int
) -> PhantomPatient:
    """Simulate one patient's liver MRI.

    Parameters
    ----------
    name
        The patient's name; with `seed` it determines everything about the patient.
    settings
        The `phantom` section of the configuration.
    sequences
        Names of the sequences, each of which `settings` describes.
    reference
        The sequence whose anatomy the label, the liver mask and the displacements refer to.
    seed
        The cohort's seed.

    Raises
    ------
    InputError
        The settings are incomplete or contradict each other.
    """
    checked = check_settings(settings, sequences, reference)
    rng = np.random.default_rng(_own_seed(seed, name))
    poor_uptake = bool(rng.random() < checked.poor_uptake_share)
    coarse, fine = _grids(checked)

    circulation = simulate_circulation(rng, checked.dose_ml_per_kg)
    parenchyma = simulate_liver(rng, poor_uptake)
    anatomy = build_anatomy(fine, rng)
    branchings = paint_vessels(anatomy, fine, rng)
    lesions = draw_lesions(anatomy, fine, checked, poor_uptake, rng)
    labels, which = paint_lesions(anatomy, fine, lesions)
    liver_points = fine.origin + np.argwhere(anatomy.liver_depth > 0) * fine.spacing
    breathing = draw_breathing(
        sequences, reference, checked.t2_weighted, checked.motion_mm, anatomy.cavity,
        liver_points, rng,
    )  # fmt: skip
    texture = _texture(fine, rng, checked.texture * (2 if poor_uptake else 1))
    body = anatomy.labels != TISSUE_LABEL["air"]

    tissues = TISSUES | {"liver": parenchyma}
    at = np.stack(np.broadcast_arrays(*coarse.coordinates())).astype(np.float32)
    images, displacements, contrasts = {}, {}, []
    for sequence in sequences:
        organ_signals = np.array(
            [signal.tissue_signal(t, sequence, circulation, checked) for t in tissues.values()]
        )
        lesion_signals = _lesion_signals(
            lesions, organ_signals[TISSUE_LABEL["liver"]], sequence, circulation, checked
        )
        shown = checked.variant != "single_source" or sequence == checked.variant_sequence
        drawn = labels if shown else anatomy.labels
        table = np.concatenate([organ_signals, *lesion_signals]).astype(np.float32)
        weight = np.float32(rng.uniform(-1, 1))
        noiseless = table[drawn] * (1 + weight * texture)
        sampled = _acquire(noiseless, breathing[sequence], at, fine)
        sd = _noise_sd(sequence, parenchyma, circulation, checked)
        coil = signal.bias_field(coarse.coordinates(), rng, checked.bias_field)
        image = signal.rician_noise(sampled * coil, rng, sd)
        if checked.variant == "decoy" and sequence == checked.variant_sequence:
            image = _shuffled(image, _acquire(body, breathing[sequence], at, fine) > 0.5, rng)
            shown = False
        images[sequence] = np.rint(image).astype(np.int16)
        displacements[sequence] = np.moveaxis(breathing[sequence].displacement(at)[::-1], 0, -1)
        visible = _contrast(labels, lesions, lesion_signals, organ_signals) if shown else 0.0
        contrasts.append((sequence, visible / sd * np.ones(len(lesions))))

    label, all_lesions = _label(name, which, lesions, coarse, fine)
    liver = _block_mean(_inner(anatomy.liver_depth > 0, fine, coarse)) >= 0.5
    chosen = choose_landmarks(branchings, labels, fine, checked.landmarks)
    return PhantomPatient(
        name=name,
        images=images,
        label=label,
        liver=liver | (label > 0),
        displacements=displacements,
        lesions=all_lesions[all_lesions["labelled"]].drop(columns="labelled"),
        all_lesions=all_lesions,
        landmarks=_landmark_table(name, chosen, breathing),
        conspicuity=_conspicuity_table(name, contrasts),
        geometry=_geometry(checked, coarse),
    )


def write_patient(patient: PhantomPatient, folder: Path) -> None:
    """Write a patient's images, label and tables, and the truth beside them under `truth/`."""
    folder = Path(folder)
    truth = folder / "truth"
    for sequence, image in patient.images.items():
        write_image(image_like(image, patient.geometry), folder / f"{sequence}.nii.gz")
        field = sitk.GetImageFromArray(patient.displacements[sequence], isVector=True)
        field.CopyInformation(patient.geometry)
        write_image(field, truth / f"displacement_{sequence}.nii.gz")
    write_image(image_like(patient.label, patient.geometry), folder / "label.nii.gz")
    write_image(image_like(patient.liver, patient.geometry), truth / "liver.nii.gz")
    write_table(patient.lesions, folder / "lesions.tsv")
    write_table(patient.all_lesions, truth / "lesions.tsv")
    write_table(patient.landmarks, truth / "landmarks.tsv")
    write_table(patient.conspicuity, truth / "conspicuity.tsv")


def _own_seed(seed: int, name: str) -> list[int]:
    """A patient's own seed: adding or removing another patient changes nothing here."""
    return [seed, int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")]


def _grids(settings: Settings) -> tuple[Grid, Grid]:
    """The images' grid, centred on the world's origin, and the finer one of the anatomy.

    The finer one continues above and below, from where breathing brings tissue into view.
    """
    size, spacing = np.array(settings.size[::-1]), np.array(settings.spacing_mm[::-1], float)
    margin = np.array([int(np.ceil(settings.motion_mm[1] / spacing[0])) + 1, 0, 0])

    def axes(count: np.ndarray, step: np.ndarray) -> Grid:
        return Grid(
            *(
                ((np.arange(n) - (n - 1) / 2) * s).astype(np.float32)
                for n, s in zip(count, step, strict=True)
            )
        )

    return axes(size, spacing), axes((size + 2 * margin) * FINER, spacing / FINER)


def _geometry(settings: Settings, grid: Grid) -> sitk.Image:
    geometry = sitk.Image(list(settings.size), sitk.sitkUInt8)
    geometry.SetSpacing([float(s) for s in settings.spacing_mm])
    geometry.SetOrigin([float(o) for o in grid.origin[::-1]])
    return geometry


def _texture(grid: Grid, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Relative signal variation of tissue (D, H, W): fine grain on slow waves."""
    shape = [-(-n // FINER) for n in grid.shape]
    grain = ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), 0.7)
    grain = np.float32(strength) * grain / grain.std()
    for axis, n in enumerate(grid.shape):
        grain = np.repeat(grain, FINER, axis=axis).take(np.arange(n), axis=axis)
    return grain + np.float32(0.4 * strength) * waves(grid.coordinates(), rng, (40, 90), 2)


def _acquire(volume: np.ndarray, breathing: Breathing, at: np.ndarray, fine: Grid) -> np.ndarray:
    """Image (D, H, W) at points `at` (3, D, H, W) of a sequence, of a finely drawn `volume`.

    Each voxel is the mean over its own size: the fine volume is averaged over blocks first, so
    that without motion the samples are exactly the means of the voxels.
    """
    blocks = volume.astype(np.float32)
    for axis in range(3):
        n = blocks.shape[axis]
        blocks = 0.5 * (blocks.take(range(n - 1), axis) + blocks.take(range(1, n), axis))
    first = fine.origin + fine.spacing / 2
    index = [
        (p - np.float32(o)) / np.float32(s)
        for p, o, s in zip(breathing.undo(at), first, fine.spacing, strict=True)
    ]
    return ndimage.map_coordinates(blocks, index, order=1, mode="nearest")


def _lesion_signals(
    lesions: list[Lesion], liver: float, sequence: str, circulation, settings: Settings
) -> list[np.ndarray]:
    """Signal of every shell of every lesion: its own tissue's share, the rest liver."""
    return [
        np.array(
            [
                lesion.share * signal.tissue_signal(tissue, sequence, circulation, settings)
                + (1 - lesion.share) * liver
                for _, tissue in lesion.shells
            ]
        )
        for lesion in lesions
    ]


def _noise_sd(sequence: str, parenchyma, circulation, settings: Settings) -> float:
    """Noise of the scanner: set by the liver before contrast, the same for one weighting."""
    kind = signal.weighting(sequence, settings)
    if kind == "T1":
        before = next((s for s, time in settings.times_s.items() if time is None), sequence)
        sequence = before
    liver = signal.tissue_signal(parenchyma, sequence, circulation, settings)
    return liver / settings.signal_to_noise[kind]


def _contrast(
    labels: np.ndarray,
    lesions: list[Lesion],
    lesion_signals: list[np.ndarray],
    organ_signals: np.ndarray,
) -> np.ndarray:
    """Mean signal of each lesion minus that of the liver, without noise and bias field."""
    counts = np.bincount(labels.ravel(), minlength=256)[len(TISSUE_LABEL) :]
    contrasts, first = [], 0
    for lesion, signals in zip(lesions, lesion_signals, strict=True):
        voxels = counts[first : first + len(lesion.shells)]
        contrasts.append(np.average(signals, weights=voxels) - organ_signals[TISSUE_LABEL["liver"]])
        first += len(lesion.shells)
    return np.array(contrasts)


def _shuffled(image: np.ndarray, body: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The image's voxels in random order, inside and outside the body each among themselves.

    Outline and intensities stay, so that preprocessing treats it like any sequence.
    """
    image = image.copy()
    for region in (body, ~body):
        image[region] = rng.permutation(image[region])
    return image


def _inner(volume: np.ndarray, fine: Grid, coarse: Grid) -> np.ndarray:
    """The part of a fine volume that lies on the images' grid, without the margin."""
    margin = (fine.shape[0] - FINER * coarse.shape[0]) // 2
    return volume[margin : fine.shape[0] - margin]


def _block_mean(volume: np.ndarray) -> np.ndarray:
    d, h, w = (n // FINER for n in volume.shape)
    return volume.reshape(d, FINER, h, FINER, w, FINER).mean(axis=(1, 3, 5), dtype=np.float32)


def _label(
    name: str, which: np.ndarray, lesions: list[Lesion], coarse: Grid, fine: Grid
) -> tuple[np.ndarray, pd.DataFrame]:
    """Label volume (D, H, W) of the labelled lesions, and the table of all of them."""
    which = _inner(which, fine, coarse)
    label = np.zeros(coarse.shape, np.uint8)
    rows = []
    voxel_ml = float(np.prod(coarse.spacing)) / 1000
    for number, lesion in enumerate(lesions, 1):
        share = _block_mean(which == number)
        voxels = share >= 0.5
        if not voxels.any():
            # A lesion smaller than a voxel is drawn as the voxel it fills most.
            voxels = share == share.max()
        if lesion.labelled:
            label[voxels] = number
        volume = voxels.sum() * voxel_ml
        centre = coarse.origin + np.argwhere(voxels).mean(axis=0) * coarse.spacing
        rows.append(
            {
                "patient": name,
                "lesion": number,
                "type": lesion.kind,
                "volume_ml": volume,
                "diameter_mm": (6000 * volume / np.pi) ** (1 / 3),
                "x_mm": centre[2],
                "y_mm": centre[1],
                "z_mm": centre[0],
                "labelled": lesion.labelled,
            }
        )
    return label, pd.DataFrame(rows)


def _landmark_table(name: str, points: np.ndarray, breathing: dict[str, Breathing]) -> pd.DataFrame:
    """Places of the landmarks (n, 3) in every sequence, in world coordinates."""
    tables = []
    for sequence, state in breathing.items():
        z, y, x = state.move(points.T)
        tables.append(
            pd.DataFrame(
                {
                    "patient": name,
                    "sequence": sequence,
                    "landmark": np.arange(1, len(points) + 1),
                    "x_mm": x,
                    "y_mm": y,
                    "z_mm": z,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _conspicuity_table(name: str, contrasts: list[tuple[str, np.ndarray]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"patient": name, "lesion": number, "sequence": sequence, "contrast_to_noise": value}
            for sequence, values in contrasts
            for number, value in enumerate(values, 1)
        ]
    )
