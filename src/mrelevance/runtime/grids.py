"""Grids of voxels in space: comparing those of images, also where only headers are read."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import SimpleITK as sitk

from mrelevance.runtime.errors import InputError

# NIfTI headers store float32, so those of one patient's sequences differ in the last digits.
TOLERANCE_MM = 1e-2
LEAST_OVERLAP = 0.25
SHEAR = 1e-3
"""Largest cosine between two axes that counts as a right angle."""


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a 3D image lie; axes and coordinates (x, y, z), LPS, in mm.

    Attributes
    ----------
    size
        Voxels along each axis.
    direction
        The 3 x 3 matrix whose columns are the directions of the axes, row by row.
    """

    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: tuple[float, ...]

    def points(self, indices: np.ndarray) -> np.ndarray:
        """World coordinates (n, 3) of continuous voxel indices (n, 3), x first."""
        return np.asarray(self.origin) + np.asarray(indices) @ self._axes().T

    def indices(self, points: np.ndarray) -> np.ndarray:
        """Continuous voxel indices (n, 3) of world coordinates (n, 3)."""
        return (np.asarray(points) - self.origin) @ np.linalg.inv(self._axes()).T

    def distance(self, other: "Grid") -> float:
        """Largest distance in mm between corresponding corners of two grids of one size."""
        corners = np.array(list(product(*((0, length - 1) for length in self.size))))
        apart = self.points(corners) - other.points(corners)
        return float(np.linalg.norm(apart, axis=1).max())

    def same(self, other: "Grid") -> bool:
        """Whether two grids have one size and their corners one place."""
        return self.size == other.size and self.distance(other) <= TOLERANCE_MM

    def _axes(self) -> np.ndarray:
        """Steps of one voxel along each axis, as columns."""
        return np.reshape(self.direction, (3, 3)) * self.spacing


def grid_of(image: sitk.Image | sitk.ImageFileReader) -> Grid:
    """Grid of a 3D image or of the channels of a 4D one; a reader has read its header."""
    count = len(image.GetSize())
    rows = [image.GetDirection()[count * row :][:3] for row in range(3)]
    return Grid(image.GetSize()[:3], image.GetSpacing()[:3], image.GetOrigin()[:3], sum(rows, ()))


def put_on(grid: Grid, image: sitk.Image) -> None:
    """Give a 3D image, or the channels of a 4D one, the spacing, origin and direction of a grid."""
    count = image.GetDimension()
    direction = np.eye(count)
    direction[:3, :3] = np.reshape(grid.direction, (3, 3))
    image.SetSpacing([*grid.spacing, *image.GetSpacing()[3:]])
    image.SetOrigin([*grid.origin, *image.GetOrigin()[3:]])
    image.SetDirection(direction.ravel().tolist())


def check_axes(grid: Grid, what: str) -> None:
    """Check that voxels have a size, and axes at right angles.

    Raises
    ------
    InputError
        They have not.
    """
    numbers = (*grid.spacing, *grid.origin, *grid.direction)
    if not np.isfinite(numbers).all() or min(grid.spacing) <= 0:
        raise InputError(
            f"{what} has voxels of {' x '.join(f'{length:g}' for length in grid.spacing)} mm; mend "
            "spacing, origin and direction in the header"
        )
    axes = np.reshape(grid.direction, (3, 3))
    if np.abs(axes.T @ axes - np.eye(3)).max() > SHEAR:
        raise InputError(
            f"{what} has axes that are not at right angles; resample the image to such a grid"
        )


def check_same_grid(grid: Grid, expected: Grid, what: str) -> None:
    """Check that a grid is another one.

    `what` names the image in the error.

    Raises
    ------
    InputError
        The sizes differ, or a corner of the grid lies more than 0.01 mm from its place.
    """
    if grid.size != expected.size:
        raise InputError(
            f"{what}: has {grid.size} voxels, expected {expected.size}; both must lie on one grid"
        )
    distance = grid.distance(expected)
    if distance > TOLERANCE_MM:
        raise InputError(
            f"{what}: its grid lies up to {distance:.2f} mm away from the expected one; "
            "check spacing, origin and direction in the header"
        )


def check_overlap(grid: Grid, fixed: Grid, what: str, fixed_sequence: str) -> None:
    """Check that a sequence shows a part of what the fixed sequence shows.

    Raises
    ------
    InputError
        It covers less than a quarter of the fixed sequence's field of view.
    """
    covered = overlap(grid, fixed)
    if covered < LEAST_OVERLAP:
        raise InputError(
            f"{what} covers {covered:.0%} of the field of view of {fixed_sequence}, at least "
            f"{LEAST_OVERLAP:.0%} is needed; check origin and direction in the header"
        )


def overlap(grid: Grid, fixed: Grid) -> float:
    """Share (0 to 1) of the fixed grid's field of view that lies inside the grid's.

    It is estimated on a lattice of 12 x 12 x 12 points of the fixed grid.
    """
    lattice = [np.linspace(-0.5, size - 0.5, 12) for size in fixed.size]
    points = fixed.points(np.stack(np.meshgrid(*lattice), axis=-1).reshape(-1, 3))
    indices = grid.indices(points)
    # Headers are stored rounded; the tolerance keeps the border of equal grids inside.
    inside = (indices > -0.51) & (indices < np.array(grid.size) - 0.49)
    return float(inside.all(axis=1).mean())
