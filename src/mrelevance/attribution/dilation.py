"""Dilation of a mask by about the same distance in all directions, whatever its voxels."""

import numpy as np
from scipy import ndimage


def half_widths(voxels: int, spacing_mm: tuple[float, float, float]) -> tuple[int, int, int]:
    """Whole voxels along each axis that come nearest to a number of voxels of the mean edge.

    The mean edge is that of a cube of the volume of a voxel. With voxels of 1 x 1 x 5 mm (mean
    edge 1.7 mm), 3 voxels are 5 in the plane and 1 across it. `spacing_mm` is (z, y, x).
    """
    spacing = np.array(spacing_mm)
    widths = np.rint(voxels * np.cbrt(spacing.prod()) / spacing)
    return tuple(int(width) for width in widths)


def dilated(mask: np.ndarray, voxels: int, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Dilate a bool mask (D, H, W) with a box that reaches `half_widths` to each side."""
    size = [2 * width + 1 for width in half_widths(voxels, spacing_mm)]
    return ndimage.maximum_filter(mask, size, mode="constant", cval=0)
