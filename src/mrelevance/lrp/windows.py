"""Overlapping windows whose logits are blended, as in deployed predictors."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import ceil

import torch
from torch import Tensor

from mrelevance.lrp.engine.tiles import Box, Tiles, within
from mrelevance.runtime.errors import InputError

SMALLEST_WEIGHT = 1e-3
"""Smallest Gaussian weight in a window's corners; the weight of its centre is 1."""

FLOAT16_CENTRE = 10.0
"""Weight of a window's centre where weights are rounded to float16."""

PLACEMENTS = ("regular", "even")
WEIGHTS = ("gaussian", "float16", "constant")


@dataclass(frozen=True)
class Windows:
    """Overlapping windows of an image whose logits are blended with weights.

    By default, windows and weights are those of
    `monai.inferers.sliding_window_inference(mode="gaussian")`; with `placement="even"` and
    `weights="float16"` they are those of nnU-Net (Isensee et al. 2021). In both, the standard
    deviation of the weights is an eighth of the window. Along an axis that is shorter than the
    window, the window is as long as the image.

    Attributes
    ----------
    size
        Of a window in voxels (D, H, W), or (H, W) for networks in 2D.
    overlap
        Fraction of a window that the next one overlaps.
    tiles
        Compute the same logits in tiles, which take less memory; None: in whole windows.
    placement
        `regular`: at equal steps, the last window flush with the border. `even`: as many windows
        as the overlap asks for at least, at even distances rounded to voxels.
    weights
        `gaussian`: at least a thousandth. `float16`: rounded to that type, whose smallest positive
        number is 6e-8, so that the rim of a window counts for next to nothing; blending itself is
        as precise as the image. `constant`: the mean of all windows.
    smallest
        Size to which the network pads a smaller window, the window in the middle; its weights are
        then those of the middle of a padded window. None: networks do not pad to a size.

    Raises
    ------
    InputError
        The size is not two or three positive numbers, the overlap is not in [0, 1), or the other
        choices are unknown.
    """

    size: tuple[int, ...]
    overlap: float = 0.5
    tiles: Tiles | None = None
    placement: str = "regular"
    weights: str = "gaussian"
    smallest: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Check size, overlap, placement and weights."""
        if len(self.size) not in (2, 3) or min(self.size) < 1 or not 0 <= self.overlap < 1:
            raise InputError(
                f"windows of {list(self.size)} voxels with overlap {self.overlap:g}: give two or "
                "three positive sizes, (H, W) or (D, H, W), and an overlap from 0 to below 1"
            )
        for key, given, known in (
            ("placement", self.placement, PLACEMENTS),
            ("weights", self.weights, WEIGHTS),
        ):
            if given not in known:
                raise InputError(f"windows: {key}={given!r} is unknown; give {' or '.join(known)}")
        if self.smallest is not None and len(self.smallest) != len(self.size):
            raise InputError(
                f"windows of {list(self.size)} voxels padded to {list(self.smallest)}: give one "
                "size per axis for both"
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

    def blending(self, grid: tuple[int, ...], like: Tensor) -> "Blending":
        """Weight (D, H, W) of each box in the blended logits of its voxels, ordered as `boxes`.

        The weights of all boxes that cover a voxel add up to 1. Type and device are those of
        `like`.
        """
        windows = self._windows(grid)
        weights = self.window_weights(grid, like)
        total = like.new_zeros(grid)
        for window in windows:
            total[window] += weights
        places: list[Place] = [(window, None) for window in windows]
        if self.tiles is not None:
            places = [(window, tile) for window in windows for tile in self.tiles.of(window)]
        return Blending(weights, total, places)

    def window_weights(self, grid: tuple[int, ...], like: Tensor) -> Tensor:
        """Weights of the voxels of every window of a grid (D, H, W), before they are normalised."""
        size = [min(length, longest) for length, longest in zip(grid, self.size, strict=True)]
        padded = list(map(max, size, self.smallest or size))
        if self.weights == "constant":
            return like.new_ones(size)
        of = gaussian_weights if self.weights == "gaussian" else float16_weights
        return of(padded, like)[middle_of(padded, size)]

    def _windows(self, grid: tuple[int, ...]) -> list[Box]:
        if len(grid) != len(self.size):
            raise InputError(
                f"windows of {list(self.size)} voxels for an image of {list(grid)} voxels: give "
                "windows one size per axis of the image"
            )
        starts_of = even_starts if self.placement == "even" else regular_starts
        sides = []
        for length, longest in zip(grid, self.size, strict=True):
            size = min(length, longest)
            starts = starts_of(length, size, self.overlap)
            sides.append([slice(start, start + size) for start in starts])
        return list(product(*sides))


Place = tuple[Box, tuple[Box, Box] | None]
"""A window, and if it has tiles, the box to compute and the tile in it."""


@dataclass(frozen=True)
class Blending:
    """Weights (D, H, W) of boxes, each computed when it is asked for.

    All together they would take the memory of several images.

    Attributes
    ----------
    weights
        Of the voxels of every window.
    total
        Sum of the weights of all windows, on the grid of the image.
    places
        Of the boxes.
    """

    weights: Tensor
    total: Tensor
    places: list[Place]

    def __len__(self) -> int:
        """Number of boxes."""
        return len(self.places)

    def __iter__(self) -> Iterator[Tensor]:
        """Weights of all boxes, one after the other."""
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> Tensor:
        """Weight (D, H, W) of a box."""
        window, tiled = self.places[number]
        blend = self.weights / self.total[window]
        if tiled is None:
            return blend
        box, tile = tiled
        of_tile = blend.new_zeros([side.stop - side.start for side in box])
        of_tile[within(tile, box)] = blend[within(tile, window)]
        return of_tile


def regular_starts(length: int, size: int, overlap: float) -> list[int]:
    """First voxels of the windows along an axis, as MONAI places them."""
    step = max(int(size * (1 - overlap)), 1)
    return [*range(0, length - size, step), length - size]


def even_starts(length: int, size: int, overlap: float) -> list[int]:
    """First voxels of the windows along an axis, as nnU-Net places them.

    Windows of a single voxel, of networks in 2D, are placed once at every voxel.
    """
    if size == 1:
        return list(range(length))
    last = length - size
    intervals = ceil(last / (size * (1 - overlap)))
    return [round(last / intervals * number) for number in range(intervals)] + [last]


def middle_of(outer: list[int], inner: list[int]) -> Box:
    """Where a box of the size `inner` lies in the middle of one of the size `outer`.

    If the difference is odd, there is one voxel more behind it than before.
    """
    starts = [(around - length) // 2 for around, length in zip(outer, inner, strict=True)]
    return tuple(slice(start, start + n) for start, n in zip(starts, inner, strict=True))


def gaussian_weights(size: list[int], like: Tensor) -> Tensor:
    """Weights (D, H, W) that fall off from the centre of a window."""
    weights = like.new_ones(())
    for length in size:
        offset = torch.arange(length, device=like.device, dtype=like.dtype) - (length - 1) / 2
        weights = weights[..., None] * torch.exp(-((offset / (length / 8)) ** 2) / 2)
    return weights.clamp_min(max(float(weights.min()), SMALLEST_WEIGHT))


def float16_weights(size: list[int], like: Tensor) -> Tensor:
    """Weights (D, H, W) of nnU-Net: around voxel `length // 2`, rounded to float16, never zero."""
    weights = torch.full((), FLOAT16_CENTRE, dtype=torch.float64)
    for length in size:
        offset = torch.arange(length, dtype=torch.float64) - length // 2
        weights = weights[..., None] * torch.exp(-((offset / (length / 8)) ** 2) / 2)
    weights = weights.half().to(like)
    return weights.clamp_min(weights[weights > 0].min())
