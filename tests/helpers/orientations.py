"""Grids of several directions, and the same image stored in another orientation."""

import numpy as np
import SimpleITK as sitk

SIZE, SPACING, CENTRE = (14, 12, 10), (2.0, 2.5, 4.0), np.array([11.0, -7.0, 30.0])


def _tilt(degrees: tuple[float, float, float]) -> np.ndarray:
    x, y, z = np.deg2rad(degrees)
    transform = sitk.Euler3DTransform()
    transform.SetRotation(x, y, z)
    return np.reshape(transform.GetMatrix(), (3, 3))


STORED = ["LPS", "RAS", "PIR", "AIL"]
"""As the phantom, as most NIfTI files, and sagittal in two ways."""

DIRECTIONS = {
    "LPS": np.eye(3),
    "RAS": np.diag([-1.0, -1.0, 1.0]),
    "sagittal": np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]]),
    "oblique": _tilt((17, -9, 24)) @ np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]),
}


def grid(direction: np.ndarray, size=SIZE, spacing=SPACING) -> sitk.Image:
    """Empty image of a direction whose middle lies at `CENTRE`."""
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetDirection(direction.ravel().tolist())
    half = direction @ ((np.array(size) - 1) / 2 * spacing)
    image.SetOrigin((CENTRE - half).tolist())
    return image


def stored(image: sitk.Image, orientation: str) -> sitk.Image:
    """The same voxels in the same places, stored along other axes."""
    return sitk.DICOMOrient(image, orientation)
