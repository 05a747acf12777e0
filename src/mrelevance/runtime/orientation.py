"""The canonical orientation: the axes of a grid in the order and sense of the patient's.

x runs from the patient's right to the left, y from anterior to posterior, z from the feet upwards
(LPS). A grid that is turned against the patient keeps its angle: axes are only permuted and
flipped, so that each lies nearest to its own. No voxel is interpolated.
"""

from collections.abc import Sequence
from itertools import permutations

import SimpleITK as sitk


def nearest_axes(direction: Sequence[float]) -> tuple[tuple[int, int, int], tuple[bool, ...]]:
    """Find which axis of a grid lies nearest to each axis of the patient.

    Of all permutations, the one with the largest sum of cosines is taken, so that the result does
    not depend on the order in which a grid stores its axes.

    Parameters
    ----------
    direction
        The 3 x 3 direction cosines of the grid, row by row; a column is the direction of an axis.

    Returns
    -------
    The axes of the grid that lie nearest to x, y and z of the patient, and whether each of them
    runs the other way.
    """

    def cosine(of_patient: int, of_grid: int) -> float:
        return direction[3 * of_patient + of_grid]

    order = max(
        permutations(range(3)),
        key=lambda axes: sum(abs(cosine(world, axis)) for world, axis in enumerate(axes)),
    )
    return order, tuple(cosine(world, axis) < 0 for world, axis in enumerate(order))


def canonical(image: sitk.Image) -> sitk.Image:
    """Turn a 3D or 4D image to the canonical orientation.

    Every voxel keeps its value and its place in the world.
    """
    return _turned(image, *nearest_axes(direction_of(image)))


def turned_like(image: sitk.Image, grid: sitk.Image) -> sitk.Image:
    """Turn an image so that its axes run like those of `grid`; both are 3D or 4D.

    Undoes `canonical` where `grid` is the image before.
    """
    order, flips = nearest_axes(direction_of(grid))
    turned = canonical(image)
    # The inverse of a permutation followed by flips: flips, then the inverse permutation.
    back = tuple(order.index(axis) for axis in range(3))
    return _turned(turned, back, tuple(flips[axis] for axis in back))


def direction_of(image: sitk.Image) -> tuple[float, ...]:
    """Direction cosines (3 x 3, row by row) of a 3D image, or of every channel of a 4D one."""
    dimension = image.GetDimension()
    rows = [image.GetDirection()[dimension * row :][:3] for row in range(3)]
    return tuple(cosine for row in rows for cosine in row)


def _turned(image: sitk.Image, order: tuple[int, ...], flips: tuple[bool, ...]) -> sitk.Image:
    """Permute the spatial axes of an image, then flip some of them."""
    if order == (0, 1, 2) and not any(flips):
        return image
    if image.GetDimension() == 4:
        channels = range(image.GetSize()[3])
        return sitk.JoinSeries([_turned(image[..., n], order, flips) for n in channels])
    return sitk.Flip(sitk.PermuteAxes(image, order), flips)
