"""Tiles of a window, to compute its logits in less memory."""

from dataclasses import dataclass
from itertools import product

Box = tuple[slice, ...]
"""One slice per axis in space."""


@dataclass(frozen=True)
class Tiles:
    """Tiles of `size` voxels (D, H, W) in which a window is computed that exceeds the memory.

    Each tile is computed with `halo` more voxels on every side, as far as the window extends. Its
    logits are those of the whole window on two conditions: no voxel beyond the halo influences
    them, and `size` and `halo` are multiples of the product of the network's strides.
    """

    size: tuple[int, ...]
    halo: tuple[int, ...]

    def of(self, window: Box) -> list[tuple[Box, Box]]:
        """Tiles of a window: for each the box to compute, and the tile itself."""
        axes = []
        for side, size, halo in zip(window, self.size, self.halo, strict=True):
            tiles = []
            for start in range(side.start, side.stop, size):
                stop = min(start + size, side.stop)
                first, last = max(start - halo, side.start), min(stop + halo, side.stop)
                tiles.append((slice(first, last), slice(start, stop)))
            axes.append(tiles)
        return [tuple(zip(*tile, strict=True)) for tile in product(*axes)]

    def largest(self, window: tuple[int, ...]) -> tuple[int, ...]:
        """Size of the largest box to compute for a window of that size, both (D, H, W)."""
        boxes = [box for box, _ in self.of(tuple(slice(0, length) for length in window))]
        return tuple(
            max(side.stop - side.start for side in sides) for sides in zip(*boxes, strict=True)
        )


def within(inner: Box, outer: Box) -> Box:
    """Coordinates of a box relative to one that contains it."""
    return tuple(
        slice(side.start - around.start, side.stop - around.start)
        for side, around in zip(inner, outer, strict=True)
    )
