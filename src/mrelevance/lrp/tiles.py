"""Pieces of a window, to compute it in less memory."""

from dataclasses import dataclass
from itertools import product

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Tiles:
    """Pieces of `size` (D, H, W) that a window is computed in where it is too large to be at once.

    Each is computed with `halo` more voxels on every side, as far as the window has them. The
    logits of a piece are those of the whole window if no voxel beyond its halo can change them, and
    if both are multiples of what the network's strides multiply to.
    """

    size: tuple[int, int, int]
    halo: tuple[int, int, int]

    def of(self, window: Box) -> list[tuple[Box, Box]]:
        """Pieces of a window: for each what to compute, and the piece itself."""
        sides = []
        for side, size, halo in zip(window, self.size, self.halo, strict=True):
            pieces = []
            for start in range(side.start, side.stop, size):
                stop = min(start + size, side.stop)
                first, last = max(start - halo, side.start), min(stop + halo, side.stop)
                pieces.append((slice(first, last), slice(start, stop)))
            sides.append(pieces)
        return [tuple(zip(*piece, strict=True)) for piece in product(*sides)]

    def largest(self, window: tuple[int, int, int]) -> tuple[int, int, int]:
        """Voxels (D, H, W) of the largest box to be computed of a window of so many."""
        boxes = [box for box, _ in self.of(tuple(map(slice, [0] * 3, window)))]
        return tuple(max(box[axis].stop - box[axis].start for box in boxes) for axis in range(3))


def within(inner: Box, outer: Box) -> Box:
    """Place of a box in another that holds it."""
    return tuple(
        slice(side.start - around.start, side.stop - around.start)
        for side, around in zip(inner, outer, strict=True)
    )
