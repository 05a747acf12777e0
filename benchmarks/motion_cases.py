"""Patients with known motion from several sources, and patients that are wrong on purpose.

Own phantoms in a range of noise, spacing and coverage, phantoms of another generator, and real
brains with known deformations or rigid motion, on grids that are oblique, coarse or of thick
slices.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter

from mrelevance.cohort.patient import PatientImages
from mrelevance.phantom.patient import simulate_patient
from mrelevance.phantom.settings import check_settings
from mrelevance.registration.body import body_mask
from mrelevance.registration.inverse import inverse_transform
from mrelevance.runtime.images import image_like, read_image, to_array

NOISE = 0.1  # standard deviation, relative to the image's 95th percentile
COARSE = {"spacing_mm": [5.25, 5.25, 6.0], "size": [64, 64, 27]}
COVERED_SHARE = 0.6  # of the slices, where a sequence does not cover the body
EVERY_POINT = 7  # the error is measured at every seventh voxel
TILT_DEGREES = 12
TURN_DEGREES = 25
RIGID_DEGREES = 6
RIGID_MM = 8
BRAIN_SEQUENCES = ["T1", "T1KS", "T2"]
OTHER_GENERATOR = {
    "T1-pre": "T1pre",
    "T1-20s": "T1_20s",
    "T1-60s": "T1_60s",
    "T1-120s": "T1_120s",
    "T1-15min": "T1_15min",
    "T2": "T2",
}


@dataclass(frozen=True)
class Case:
    """A patient with known motion.

    Attributes
    ----------
    source
        Where the patient comes from: the rows of the table.
    patient
        Its images.
    points
        World coordinates (N, 3) in mm, LPS, in the organ of interest of the fixed sequence.
    displacements
        Moving sequence to (N, 3): the point p lies at p + u in it. Empty if the pairs are wrong:
        then nothing in the moving images belongs there.
    """

    source: str
    patient: PatientImages
    points: np.ndarray
    displacements: dict[str, np.ndarray]


def own_phantom(
    config: dict, seed: int, count: int, source: str = "own phantom", **changes: object
) -> Iterator[Case]:
    """Simulate patients of the project's own phantom, with changes of its settings."""
    fixed = config["fixed_sequence"]
    settings = check_settings({**config["phantom"], **changes}, config["sequences"], fixed)
    for number in range(count):
        made = simulate_patient(f"{source} {number}", settings, seed)
        images = {
            name: sitk.Cast(image_like(array, made.geometry), sitk.sitkFloat32)
            for name, array in made.images.items()
        }
        liver = image_like(made.liver, made.geometry)
        points = _world_points(made.liver, made.geometry)
        moved = {
            name: field[made.liver][::EVERY_POINT]
            for name, field in made.displacements.items()
            if name != fixed
        }
        yield Case(source, PatientImages(made.name, images, fixed, mask=liver), points, moved)


def other_phantom(folder: Path) -> Iterator[Case]:
    """Read patients of another generator: images, `liver.nii.gz` and `truth.npz` for each."""
    patients = sorted(folder.glob("*/truth.npz"))
    if not patients:
        raise FileNotFoundError(f"{folder} holds no */truth.npz; name the folder of the phantoms")
    for patient in patients:
        name, truth = patient.parent.name, np.load(patient)
        images = {
            sequence: sitk.Cast(
                read_image(patient.with_name(f"{stem}.nii.gz"), name), sitk.sitkFloat32
            )
            for sequence, stem in OTHER_GENERATOR.items()
        }
        mask = read_image(patient.with_name("liver.nii.gz"), name)
        moved = {
            sequence: truth[stem][::EVERY_POINT]
            for sequence, stem in OTHER_GENERATOR.items()
            if stem in truth.files
        }
        points = truth["points_mm"][::EVERY_POINT]
        yield Case(
            "other phantom", PatientImages(name, images, "T1-15min", mask=mask), points, moved
        )


def brains(
    folder: Path,
    rng: np.random.Generator,
    source: str,
    move: Callable[[sitk.Image, np.ndarray, np.random.Generator], sitk.Transform],
    fixed_grid: Callable[[sitk.Image], sitk.Image],
    moving_grid: Callable[[sitk.Image], sitk.Image],
) -> Iterator[Case]:
    """Move the sequences of real brains, which are aligned as published, in a known way.

    Parameters
    ----------
    folder
        Holds a folder per patient with `FLAIR.nii.gz`, the fixed sequence, and others.
    move
        Draws the deformation D of a sequence: what is seen at q shows the tissue of D(q).
    fixed_grid, moving_grid
        Resample an image as it would have been acquired.
    """
    paths = sorted(folder.glob("*/FLAIR.nii.gz"))
    if not paths:
        raise FileNotFoundError(f"{folder} holds no */FLAIR.nii.gz; name the folder of the brains")
    for path in paths:
        name = path.parent.name
        flair = read_image(path, name)
        fixed = fixed_grid(flair)
        brain = body_mask(fixed)
        # Thinned once more: a brain has many voxels.
        points = _world_points(brain, fixed)[::EVERY_POINT]
        images, moved = {"FLAIR": fixed}, {}
        for sequence in BRAIN_SEQUENCES:
            image = read_image(path.with_name(f"{sequence}.nii.gz"), name)
            deformation = move(fixed, brain, rng)
            images[sequence] = moving_grid(sitk.Resample(image, deformation, sitk.sitkBSpline))
            back = inverse_transform(deformation)
            places = np.array([back.TransformPoint(point) for point in points.tolist()])
            moved[sequence] = places - points
        yield Case(source, PatientImages(f"{source} {name}", images, "FLAIR"), points, moved)


def rigid_motion(image: sitk.Image, mask: np.ndarray, rng: np.random.Generator) -> sitk.Transform:
    """Draw a rotation and a shift of a head."""
    middle = image.TransformContinuousIndexToPhysicalPoint([n / 2 for n in image.GetSize()])
    transform = sitk.Euler3DTransform()
    transform.SetCenter(middle)
    transform.SetRotation(*np.deg2rad(rng.uniform(-RIGID_DEGREES, RIGID_DEGREES, 3)).tolist())
    transform.SetTranslation(rng.uniform(-RIGID_MM, RIGID_MM, 3).tolist())
    return transform


def halved(image: sitk.Image) -> sitk.Image:
    """Average to voxels of twice the edge."""
    return sitk.BinShrink(image, [2, 2, 2])


def acquired(image: sitk.Image, spacing_mm: list[float], tilt_degrees: float = 0) -> sitk.Image:
    """Resample an image on a grid of its own, tilted about the x axis, averaging over thick slices.

    The grid covers the field of view of the image.
    """
    tilt = sitk.Euler3DTransform()
    tilt.SetRotation(float(np.deg2rad(tilt_degrees)), 0, 0)
    direction = np.reshape(tilt.GetMatrix(), (3, 3))
    extent = np.multiply(image.GetSize(), image.GetSpacing())
    size = [
        int(np.ceil(length / spacing)) for length, spacing in zip(extent, spacing_mm, strict=True)
    ]
    middle = np.array(
        image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
    )
    half = direction @ (np.multiply(np.array(size) - 1, spacing_mm) / 2)
    # Gaussian slice profile with the width of a slice at half its height
    own = np.array(image.GetSpacing())
    sigma = np.where(np.array(spacing_mm) > own, np.array(spacing_mm) / 2.355, 0)
    array = to_array(image).astype(np.float32)
    if sigma.any():
        image = image_like(gaussian_filter(array, (sigma / own)[::-1]), image)
    return sitk.Resample(
        image,
        size,
        sitk.Transform(),
        sitk.sitkBSpline,
        (middle - half).tolist(),
        spacing_mm,
        direction.ravel().tolist(),
        0.0,
        sitk.sitkFloat32,
    )


def with_noise(case: Case, rng: np.random.Generator) -> Case:
    """Add noise to all images."""
    images = {name: _noisy(image, rng) for name, image in case.patient.images.items()}
    return replace(
        case, source=f"{case.source}, noise", patient=replace(case.patient, images=images)
    )


def _noisy(image: sitk.Image, rng: np.random.Generator) -> sitk.Image:
    array = to_array(image).astype(np.float32)
    noise = rng.normal(size=array.shape) * NOISE * np.percentile(array, 95)
    return image_like((array + noise).astype(np.float32), image)


def with_partial_coverage(case: Case) -> Case:
    """Cut the upper slices off the moving sequences; points that they miss are left out."""
    images, moved = dict(case.patient.images), dict(case.displacements)
    for name in case.displacements:
        image = images[name]
        images[name] = image[:, :, : round(COVERED_SHARE * image.GetDepth())]
    points = case.points
    seen = np.all([_inside(images[name], points + moved[name]) for name in moved], axis=0)
    moved = {name: u[seen] for name, u in moved.items()}
    patient = replace(case.patient, images=images)
    return replace(
        case,
        source=f"{case.source}, part covered",
        patient=patient,
        points=points[seen],
        displacements=moved,
    )


def wrong_pairs(case: Case, other: Case, sequence: str) -> Iterator[Case]:
    """Exchange one sequence for that of another patient, flip it or turn it by 25 degrees."""
    image = case.patient.images[sequence]
    array = to_array(image)
    turn = sitk.Euler3DTransform()
    turn.SetCenter(image.TransformContinuousIndexToPhysicalPoint([n / 2 for n in image.GetSize()]))
    turn.SetRotation(0, 0, float(np.deg2rad(TURN_DEGREES)))
    noise = np.random.default_rng(0).normal(array.mean(), array.std(), array.shape)
    for what, wrong in {
        "another patient": other.patient.images[sequence],
        "flipped left to right": image_like(array[:, :, ::-1].copy(), image),
        "flipped upside down": image_like(array[::-1].copy(), image),
        "turned by 25 degrees": sitk.Resample(image, image, turn, sitk.sitkBSpline),
        "pure noise": image_like(noise.astype(np.float32), image),
    }.items():
        images = {case.patient.fixed_sequence: case.patient.fixed, sequence: wrong}
        yield replace(
            case,
            source=f"wrong: {what}",
            patient=replace(case.patient, images=images),
            displacements={},
        )


def _world_points(mask: np.ndarray, image: sitk.Image) -> np.ndarray:
    """World coordinates (N, 3) of every seventh voxel of a mask (D, H, W)."""
    matrix = np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing())
    return np.argwhere(mask)[::EVERY_POINT, ::-1] @ matrix.T + np.array(image.GetOrigin())


def _inside(image: sitk.Image, points: np.ndarray) -> np.ndarray:
    """Whether points (N, 3) lie in the field of view of an image."""
    matrix = np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing())
    index = (points - np.array(image.GetOrigin())) @ np.linalg.inv(matrix).T
    return ((index >= 0) & (index <= np.array(image.GetSize()) - 1)).all(axis=1)
