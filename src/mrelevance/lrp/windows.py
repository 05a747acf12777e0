"""Overlapping windows whose logits are blended, as in deployed predictors."""

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from mrelevance.lrp.engine.tiles import Box, Tiles, within
from mrelevance.runtime.errors import InputError

SMALLEST_WEIGHT = 1e-3
"""Smallest blending weight in a window's corners; the weight of its centre is 1."""


@dataclass(frozen=True)
class Windows:
    """Overlapping windows of an image, blended with Gaussian weights.

    Windows and weights are those of `monai.inferers.sliding_window_inference(mode="gaussian")`:
    the standard deviation is an eighth of the window, as in nnU-Net (Isensee et al. 2021). Along
    an axis that is shorter than the window, the window is as long as the image.

    Attributes
    ----------
    size
        Of a window in voxels (D, H, W), or (H, W) for networks in 2D.
    overlap
        Fraction of a window that the next one overlaps.
    tiles
        Compute the same logits in tiles, which take less memory; None: in whole windows.

    Raises
    ------
    InputError
        The size is not two or three positive numbers, or the overlap is not in [0, 1).
    """

    size: tuple[int, ...]
    overlap: float = 0.5
    tiles: Tiles | None = None

    def __post_init__(self) -> None:
        """Check size and overlap."""
        if len(self.size) not in (2, 3) or min(self.size) < 1 or not 0 <= self.overlap < 1:
            raise InputError(
                f"windows of {list(self.size)} voxels with overlap {self.overlap:g}: give two or "
                "three positive sizes, (H, W) or (D, H, W), and an overlap from 0 to below 1"
            )

    def boxes(self, grid: tuple[int, ...]) -> list[Box]:
        """Boxes to compute for a grid (D, H, W): the windows or their tiles, first axis slowest.

        Raises
        ------
        InputError
            The grid has another number of axes than the windows.
        """
        windows = self._windows(grid)
        if self.tiles is None:
            return windows
        return [box for window in windows for box, _ in self.tiles.of(window)]

    def blending(self, grid: tuple[int, ...], like: Tensor) -> list[Tensor]:
        """Weight (D, H, W) of each box in the blended logits of its voxels, ordered as `boxes`.

        The weights of all boxes that cover a voxel add up to 1. Type and device are those of
        `like`.
        """
        windows = self._windows(grid)
        weights = gaussian_weights([side.stop - side.start for side in windows[0]], like)
        total = like.new_zeros(grid)
        for window in windows:
            total[window] += weights
        blends = []
        for window in windows:
            blend = weights / total[window]
            if self.tiles is None:
                blends.append(blend)
                continue
            for box, tile in self.tiles.of(window):
                of_tile = like.new_zeros([side.stop - side.start for side in box])
                of_tile[within(tile, box)] = blend[within(tile, window)]
                blends.append(of_tile)
        return blends

    def _windows(self, grid: tuple[int, ...]) -> list[Box]:
        if len(grid) != len(self.size):
            raise InputError(
                f"windows of {list(self.size)} voxels for an image of {list(grid)} voxels: give "
                "windows one size per axis of the image"
            )
        sides = []
        for length, longest in zip(grid, self.size, strict=True):
            size = min(length, longest)
            step = max(int(size * (1 - self.overlap)), 1)
            starts = [*range(0, length - size, step), length - size]
            sides.append([slice(start, start + size) for start in starts])
        return list(product(*sides))


def gaussian_weights(size: list[int], like: Tensor) -> Tensor:
    """Weights (D, H, W) that fall off from the centre of a window."""
    weights = like.new_ones(())
    for length in size:
        offset = torch.arange(length, device=like.device, dtype=like.dtype) - (length - 1) / 2
        weights = weights[..., None] * torch.exp(-((offset / (length / 8)) ** 2) / 2)
    return weights.clamp_min(max(float(weights.min()), SMALLEST_WEIGHT))
