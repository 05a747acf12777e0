"""One patient of the phantom cohort: images of every sequence, and the truth about them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk

from mrelevance.phantom.acquisition import Subject, acquire, make_grids, make_texture
from mrelevance.phantom.anatomy import build_anatomy
from mrelevance.phantom.breathing import Breathing, draw_breathing
from mrelevance.phantom.kinetics import simulate_circulation, simulate_liver
from mrelevance.phantom.lesions import LIVER_LABELS, draw_lesions, paint_cores, paint_lesions
from mrelevance.phantom.settings import Settings
from mrelevance.phantom.shapes import Grid
from mrelevance.phantom.tissues import TISSUES
from mrelevance.phantom.truth import (
    conspicuity_table,
    label_lesions,
    label_tissue,
    landmark_table,
    voxel_shares,
)
from mrelevance.phantom.vessels import choose_landmarks, paint_vessels
from mrelevance.runtime.files import write_table
from mrelevance.runtime.images import image_like, write_image


@dataclass(frozen=True)
class PhantomPatient:
    """One simulated patient; arrays (D, H, W) lie on the grid of `geometry`."""

    name: str
    images: dict[str, np.ndarray]  # int16, one per sequence
    label: np.ndarray  # uint8: 0 background, k the k-th row of `lesions`
    classes: np.ndarray | None  # uint8: tissue classes, where the settings ask for them
    liver: np.ndarray  # bool, with its vessels and lesions
    displacements: dict[str, np.ndarray]  # (D, H, W, 3) float32, mm, components x, y, z
    lesions: pd.DataFrame  # the labelled ones
    all_lesions: pd.DataFrame  # with the column `labelled`
    landmarks: pd.DataFrame
    conspicuity: pd.DataFrame
    geometry: sitk.Image


def simulate_patient(name: str, settings: Settings, seed: int) -> PhantomPatient:
    """Simulate one patient's liver MRI.

    Label, liver mask and displacements refer to the anatomy in the fixed sequence.

    Parameters
    ----------
    name
        The patient's name; with `seed` it determines everything about the patient.
    settings
        From `check_settings`.
    seed
        `cohort.seed` of the configuration.
    """
    grid, fine = make_grids(settings)

    rng = _generator(seed, name, "physiology")
    poor_uptake = bool(rng.random() < settings.poor_uptake_share)
    circulation = simulate_circulation(rng, settings.dose_ml_per_kg)
    tissues = TISSUES | {"liver": simulate_liver(rng, poor_uptake)}

    rng = _generator(seed, name, "anatomy")
    anatomy = build_anatomy(fine, rng)
    branchings = paint_vessels(anatomy, fine, rng)
    lesions = draw_lesions(anatomy, fine, settings, poor_uptake, rng)
    labels, which = paint_lesions(anatomy, fine, lesions)
    # Cirrhosis makes the liver nodular.
    texture = make_texture(fine, rng, settings.texture * (2 if poor_uptake else 1))
    subject = Subject(
        fine, anatomy.labels, labels, texture, list(tissues.values()), lesions, circulation
    )

    liver = np.isin(anatomy.labels, LIVER_LABELS)
    breathing = draw_breathing(
        settings,
        anatomy.cavity,
        fine.origin + np.argwhere(liver).mean(axis=0) * fine.spacing,
        _generator(seed, name, "breathing"),
    )
    images, contrasts = {}, {}
    for sequence in settings.sequences:
        # Each sequence has its own generator, so that leaving one out changes no other.
        rng = _generator(seed, name, sequence)
        images[sequence], contrasts[sequence] = acquire(
            subject, sequence, breathing[sequence], grid, settings, rng
        )

    label, all_lesions = label_lesions(name, lesions, which, fine, grid)
    classes = None
    if settings.tissue_classes:
        cores = paint_cores(fine, lesions, which)
        classes = label_tissue(label, which, cores, fine, grid)
    landmarks = choose_landmarks(branchings, labels, fine, settings.landmarks)
    return PhantomPatient(
        name=name,
        images=images,
        label=label,
        classes=classes,
        liver=(voxel_shares(liver, fine, grid) >= 0.5) | (label > 0),
        displacements={s: _vector_field(state, grid) for s, state in breathing.items()},
        lesions=all_lesions[all_lesions["labelled"]].drop(columns="labelled"),
        all_lesions=all_lesions,
        landmarks=landmark_table(name, landmarks, breathing),
        conspicuity=conspicuity_table(name, contrasts),
        geometry=_geometry(settings),
    )


def write_patient(patient: PhantomPatient, folder: Path) -> None:
    """Write a patient's images, label and lesion table, and the truth about it under `truth/`."""
    folder = Path(folder)
    truth = folder / "truth"
    for sequence, image in patient.images.items():
        write_image(image_like(image, patient.geometry), folder / f"{sequence}.nii.gz")
        field = sitk.GetImageFromArray(patient.displacements[sequence], isVector=True)
        field.CopyInformation(patient.geometry)
        write_image(field, truth / f"displacement_{sequence}.nii.gz")
    write_image(image_like(patient.label, patient.geometry), folder / "label.nii.gz")
    if patient.classes is not None:
        write_image(image_like(patient.classes, patient.geometry), folder / "classes.nii.gz")
    write_image(image_like(patient.liver, patient.geometry), truth / "liver.nii.gz")
    write_table(patient.lesions, folder / "lesions.tsv")
    write_table(patient.all_lesions, truth / "lesions.tsv")
    write_table(patient.landmarks, truth / "landmarks.tsv")
    write_table(patient.conspicuity, truth / "conspicuity.tsv")


def _generator(seed: int, name: str, purpose: str) -> np.random.Generator:
    """Generator of one patient and purpose, independent of all others."""
    digest = hashlib.sha256(f"{name}/{purpose}".encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])


def _vector_field(breathing: Breathing, grid: Grid) -> np.ndarray:
    """Displacement (D, H, W, 3) in mm, components x, y, z.

    Rounded to 1/1024 mm, which halves the compressed files and is far below what matters.
    """
    field = np.moveaxis(breathing.displacement(grid.points())[::-1], 0, -1)
    return np.rint(field * np.float32(1024)) / np.float32(1024)


def _geometry(settings: Settings) -> sitk.Image:
    """Empty image with the size and spacing of the settings, centred on the world's origin."""
    geometry = sitk.Image(list(settings.size), sitk.sitkUInt8)
    spacing = np.array(settings.spacing_mm, float)
    geometry.SetSpacing(spacing.tolist())
    geometry.SetOrigin((-(np.array(settings.size) - 1) / 2 * spacing).tolist())
    return geometry
