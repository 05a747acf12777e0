"""The two geometries of a NIfTI header, sform and qform, where they differ.

ITK takes one of them, depending on their codes, and does not say so. Coordinates here are LPS, as
everywhere else; NIfTI's own are RAS. Reference: nifti.nimh.nih.gov/nifti-1/documentation.
"""

from itertools import product

import nibabel
import numpy as np
from nibabel.spatialimages import HeaderDataError

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.grids import Grid

MOST_VOXELS_APART = 0.2
"""Headers round: the quaternion of a qform has errors of some hundredths of a millimetre."""
SHEAR = 1e-3
"""Largest cosine between two axes that counts as a right angle."""

GEOMETRIES = ("sform", "qform")


def chosen_grid(header: nibabel.Nifti1Header, choice: str | None, grid: Grid, what: str) -> Grid:
    """Geometry of a NIfTI image: as ITK read it, or as chosen if its sform and qform differ.

    Parameters
    ----------
    header
        Of the file.
    choice
        `sform`, `qform`, or None if the user has not chosen.
    grid
        The geometry that ITK read.
    what
        Names the file in the error.

    Raises
    ------
    InputError
        Sform and qform differ by more than a fifth of a voxel at a corner of the image and none is
        chosen; the chosen one has axes that are not at right angles; one of them is damaged.
    """
    affines = _affines(header, what)
    if len(affines) < 2:
        return grid
    distance = _most_apart_mm(affines["sform"], affines["qform"], grid.size)
    if distance <= MOST_VOXELS_APART * min(grid.spacing):
        return grid
    if choice is None:
        raise InputError(
            f"{what}: the two geometries in its header, sform (code {int(header['sform_code'])}) "
            f"and qform (code {int(header['qform_code'])}), place it up to {distance:.1f} mm "
            "apart; find out which of them is right, and set cohort.nifti_geometry to sform or "
            "qform, or mend the header"
        )
    return _grid_of(affines[choice], grid.size, f"{what}: its {choice}")


def _affines(header: nibabel.Nifti1Header, what: str) -> dict[str, np.ndarray]:
    """The geometries that a header declares, from voxel indices to RAS in mm, (4, 4)."""
    found = {}
    for name in GEOMETRIES:
        try:
            affine, code = getattr(header, f"get_{name}")(coded=True)
        except (HeaderDataError, ValueError) as error:
            raise InputError(
                f"{what}: the {name} in its header is damaged ({error}); convert it again"
            ) from error
        if not code:
            continue
        # The determinant is that of a voxel's volume: it is 0 if an axis is missing.
        if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
            raise InputError(
                f"{what}: the {name} in its header spans no volume; convert it again, or set the "
                f"{name}'s code to 0 if the other geometry is right"
            )
        found[name] = affine
    return found


def _most_apart_mm(first: np.ndarray, second: np.ndarray, size: tuple[int, ...]) -> float:
    """Largest distance in mm between the places of a corner of an image in two geometries."""
    ends = [(0, length - 1) for length in size]
    corners = np.array([[*corner, 1] for corner in product(*ends)])
    return float(np.linalg.norm(corners @ (first - second).T, axis=1).max())


def _grid_of(affine: np.ndarray, size: tuple[int, ...], what: str) -> Grid:
    to_lps = np.diag([-1.0, -1.0, 1.0])
    axes, origin = to_lps @ affine[:3, :3], to_lps @ affine[:3, 3]
    spacing = np.linalg.norm(axes, axis=0)
    direction = axes / spacing
    if np.abs(direction.T @ direction - np.eye(3)).max() > SHEAR:
        raise InputError(
            f"{what} has axes that are not at right angles; resample the image to such a grid"
        )
    return Grid(
        size, tuple(spacing.tolist()), tuple(origin.tolist()), tuple(direction.ravel().tolist())
    )
