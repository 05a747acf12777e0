"""Smooth shapes as implicit functions: negative inside, about the distance in mm outside.

Coordinates (z, y, x) are open grids in mm, which broadcast against each other.
"""

from dataclasses import dataclass

import numpy as np

Coordinates = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Grid:
    """A regular grid: coordinates of the voxel centres in mm along z, y and x."""

    z: np.ndarray
    y: np.ndarray
    x: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels (D, H, W)."""
        return self.z.size, self.y.size, self.x.size

    @property
    def spacing(self) -> np.ndarray:
        """Voxel spacing in mm (z, y, x)."""
        return np.array([axis[1] - axis[0] for axis in (self.z, self.y, self.x)], float)

    @property
    def origin(self) -> np.ndarray:
        """Centre of the first voxel in mm (z, y, x)."""
        return np.array([axis[0] for axis in (self.z, self.y, self.x)], float)

    def coordinates(self) -> Coordinates:
        """Return an open grid over all voxels."""
        return np.ix_(self.z, self.y, self.x)

    def points(self) -> np.ndarray:
        """Return the voxel centres (3, D, H, W) in mm."""
        return np.stack(np.broadcast_arrays(*self.coordinates()))

    def box(self, low: np.ndarray, high: np.ndarray) -> tuple[tuple[slice, ...], Coordinates]:
        """Return slices and open grid of the part between two corners (z, y, x) in mm."""
        part = tuple(
            slice(int(np.searchsorted(axis, a)), int(np.searchsorted(axis, b, side="right")))
            for axis, a, b in zip((self.z, self.y, self.x), low, high, strict=True)
        )
        return part, np.ix_(self.z[part[0]], self.y[part[1]], self.x[part[2]])

    def nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return indices of the voxels nearest to points (n, 3), in mm (z, y, x)."""
        index = np.rint((points - self.origin) / self.spacing).astype(int)
        return tuple(np.clip(index, 0, np.array(self.shape) - 1).T)


def ellipsoid(at: Coordinates, centre: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return an ellipsoid along the axes; centre and radii (z, y, x) in mm."""
    squared = sum(
        ((axis - np.float32(c)) / np.float32(r)) ** 2
        for axis, c, r in zip(at, centre, radii, strict=True)
    )
    return (np.sqrt(squared) - 1) * np.float32(min(radii))


def capsule(at: Coordinates, start: np.ndarray, end: np.ndarray, radius: float) -> np.ndarray:
    """Return a tube with round ends between two points (z, y, x) in mm."""
    offset = [axis - np.float32(s) for axis, s in zip(at, start, strict=True)]
    along = np.asarray(end - start, np.float32)
    share = sum(o * a for o, a in zip(offset, along, strict=True)) / max(along @ along, 1e-6)
    share = np.clip(share, 0, 1)
    squared = sum((o - share * a) ** 2 for o, a in zip(offset, along, strict=True))
    return np.sqrt(squared) - np.float32(radius)


def smooth_union(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Unite two shapes with a fillet of `width` mm (polynomial smooth minimum)."""
    h = np.clip(0.5 + (b - a) / np.float32(2 * width), 0, 1)
    return b + (a - b) * h - np.float32(width) * h * (1 - h)


def smooth_intersection(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Intersect two shapes with a rounded edge of `width` mm."""
    return -smooth_union(-a, -b, width)


def waves(
    at: Coordinates, rng: np.random.Generator, wavelength: tuple[float, float], count: int
) -> np.ndarray:
    """Draw a smooth field of about unit amplitude: plane waves in `count` random directions.

    `wavelength` is the range of the wavelengths in mm.
    """
    total = np.float32(0)
    for _ in range(count):
        direction = rng.normal(size=3)
        direction *= 2 * np.pi / rng.uniform(*wavelength) / np.linalg.norm(direction)
        # exp(i k r) is a product over the axes: only the product is as large as the grid.
        wave = np.complex64(np.exp(2j * np.pi * rng.random()) * np.sqrt(2 / count))
        for axis, k in zip(at, direction, strict=True):
            wave = wave * np.exp(np.complex64(1j * k) * axis)
        total = total + wave.real
    return total
