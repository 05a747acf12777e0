"""Pairs of synthetic images with known motion, for the tests of motion correction."""

import numpy as np
import SimpleITK as sitk

SETTINGS = {
    "method": "deformable",
    "search_mm": 24,
    "levels": [
        {"resolution_mm": 8, "control_spacing_mm": 80, "iterations": 20},
        {"resolution_mm": 4, "control_spacing_mm": 40, "iterations": 15},
    ],
    "bending_energy": 2000,
    "rigid": {"resolutions_mm": [8, 4], "iterations": 100},
    "interpolation": "linear",
    "quality": {
        "check_error_mm": 0.9,
        "fail_error_mm": 2.0,
        "fail_similarity": 0.08,
        "check_jacobian": [0.5, 2],
        "fail_jacobian": [0.2, 5],
        "check_coverage": 0.9,
        "fail_coverage": 0.5,
    },
}
# Signal of air, body and four kinds of organ: what is bright in one is dark in the other.
CONTRASTS = {
    "A": [0.0, 1.0, 2.2, 0.6, 1.7, 3.0],
    "B": [0.0, 2.4, 0.7, 1.6, 3.2, 1.1],
    "C": [0.0, 1.2, 3.0, 2.1, 0.5, 0.8],
    "D": [0.0, 2.0, 1.0, 3.1, 2.6, 0.4],
}
CENTRE = np.array([6.0, 10.0, 10.0])


def empty_image(
    size=(64, 56, 32), spacing=(4.0, 4.0, 4.5), origin=(-120.0, -100.0, -60.0)
) -> sitk.Image:
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    return image


def oblique_image() -> sitk.Image:
    """Coronal-like, tilted grid with other spacing and field of view than `empty_image`."""
    angle = np.deg2rad(10)
    tilt = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    direction = tilt @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    image = sitk.Image((75, 45, 70), sitk.sitkFloat32)
    image.SetSpacing((3.6, 4.2, 3.4))
    image.SetDirection(direction.ravel().tolist())
    half = direction @ (np.array(image.GetSize()) * image.GetSpacing() / 2)
    image.SetOrigin((CENTRE - half).tolist())
    return image


def world(image: sitk.Image) -> np.ndarray:
    """World coordinates of the voxels, (D, H, W, 3)."""
    index = np.stack(np.indices(image.GetSize()[::-1])[::-1], axis=-1)
    matrix = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    return index @ matrix.T + image.GetOrigin()


def organs(image: sitk.Image) -> np.ndarray:
    """Where errors count: the inner part of the body, (D, H, W)."""
    return np.linalg.norm((world(image) - CENTRE) / [80, 65, 55], axis=-1) < 1


def displacement(points: np.ndarray, size_mm: float) -> np.ndarray:
    """Smooth motion (..., 3) in mm, up to `size_mm` along z and less sideways."""
    x, y, z = np.moveaxis(points / 90, -1, 0)
    bump = np.exp(-((x - 0.3) ** 2) - y**2 - 0.5 * z**2)
    return size_mm * np.stack([0.4 * bump * np.sin(y), 0.4 * bump * np.cos(x), bump], axis=-1)


def sequence(contrast: str, grid: sitk.Image, size_mm: float = 0.0, noise: float = 0.05):
    """Image on a grid in which the point p of the fixed one lies at p + displacement(p)."""
    return noisy(anatomy(origins(grid, size_mm), contrast), grid, noise, seed=ord(contrast))


def origins(grid: sitk.Image, size_mm: float) -> np.ndarray:
    """Points of the fixed image that `displacement` has moved to the voxels, (D, H, W, 3)."""
    points = found = world(grid)
    for _ in range(20):
        found = points - displacement(found, size_mm)
    return found


def noisy(signal: np.ndarray, grid: sitk.Image, noise: float = 0.05, seed: int = 0) -> sitk.Image:
    """Image of a signal with Rician noise, relative to the body's signal of 1."""
    generator = np.random.default_rng(seed)
    real, imaginary = generator.normal(0, noise, (2, *signal.shape))
    image = sitk.GetImageFromArray((100 * np.hypot(signal + real, imaginary)).astype(np.float32))
    image.CopyInformation(grid)
    return image


def anatomy(points: np.ndarray, contrast: str) -> np.ndarray:
    """Signal at world points (..., 3): an elliptic body with many smooth-edged organs."""
    generator = np.random.default_rng(3)
    values = CONTRASTS[contrast]
    points = np.moveaxis(points, -1, 0).astype(np.float32)
    body = _ellipsoid(points, CENTRE, [112, 92, 140], 0.02)
    signal = values[1] * body
    for _ in range(40):
        where = CENTRE + generator.uniform(-1, 1, 3) * [85, 65, 60]
        radii = generator.uniform(6, 24, 3)
        tissue = values[generator.integers(2, len(values))]
        organ = body * _ellipsoid(points, where, radii, 0.1)
        signal = signal * (1 - organ) + tissue * organ
    return signal


def _ellipsoid(points: np.ndarray, centre, radii, width: float) -> np.ndarray:
    """1 inside, 0 outside, soft over `width` radii; points (3, ...)."""
    distance = np.sqrt(
        sum(
            ((one - np.float32(c)) / np.float32(r)) ** 2
            for one, c, r in zip(points, centre, radii, strict=True)
        )
    )
    return 1 / (1 + np.exp(np.clip((distance - 1) / np.float32(width), -30, 30)))
