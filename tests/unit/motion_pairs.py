"""Synthetic pairs with known motion for the tests of motion correction."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

SIZE, SPACING = (64, 56, 32), (4.0, 4.0, 4.5)  # x, y, z
CONTRASTS = {"A": [0.0, 1.0, 2.2, 0.6, 1.7, 3.0], "B": [0.0, 2.4, 0.7, 1.6, 3.2, 1.1]}


def empty_image(size=SIZE, spacing=SPACING, origin=(-120.0, -100.0, -60.0)) -> sitk.Image:
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    return image


def world(image: sitk.Image) -> np.ndarray:
    """World coordinates of the voxels, (D, H, W, 3)."""
    index = np.stack(np.indices(image.GetSize()[::-1])[::-1], axis=-1)
    matrix = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    return index @ matrix.T + image.GetOrigin()


def anatomy(points: np.ndarray, contrast: str, seed: int = 3) -> np.ndarray:
    """Signal at world points (..., 3): an elliptic body with many smooth-edged organs."""
    generator = np.random.default_rng(seed)
    centre = np.array([6.0, 10.0, 10.0])
    body = _soft(1 - np.linalg.norm((points - centre) / [112, 92, 140], axis=-1), 0.02)
    values = CONTRASTS[contrast]
    signal = values[1] * body
    for _ in range(60):
        where = centre + generator.uniform(-1, 1, 3) * [85, 65, 60]
        radii = generator.uniform(6, 24, 3)
        tissue = values[generator.integers(2, len(values))]
        organ = body * _soft(1 - np.linalg.norm((points - where) / radii, axis=-1), 0.1)
        signal = signal * (1 - organ) + tissue * organ
    return signal


def displacement(points: np.ndarray, size_mm: float) -> np.ndarray:
    """Smooth motion (..., 3) in mm, up to `size_mm` along z and half as much sideways."""
    x, y, z = np.moveaxis(points / 90, -1, 0)
    bump = np.exp(-((x - 0.3) ** 2) - y**2 - 0.5 * z**2)
    return size_mm * np.stack([0.4 * bump * np.sin(y), 0.4 * bump * np.cos(x), bump], axis=-1)


def sequence(contrast: str, like: sitk.Image, motion_mm: float = 0.0, noise: float = 0.05):
    """Image on the grid of `like` in which reference anatomy p lies at p + displacement(p)."""
    points = world(like)
    origin = points.copy()
    for _ in range(20):  # the point of the reference that has moved here
        origin = points - displacement(origin, motion_mm)
    generator = np.random.default_rng(len(contrast) + int(motion_mm))
    clean = 100 * anatomy(origin, contrast)
    noisy = np.hypot(clean + 100 * noise * generator.normal(size=clean.shape),
                     100 * noise * generator.normal(size=clean.shape))  # fmt: skip
    image = sitk.GetImageFromArray(noisy.astype(np.float32))
    image.CopyInformation(like)
    return image


def _soft(inside: np.ndarray, width: float) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(inside / width, -30, 30)))


def smooth(array: np.ndarray) -> np.ndarray:
    return ndimage.gaussian_filter(array, 1)
