"""The canonical orientation: the axes of a grid in the order and sense of the patient's.

x runs from the patient's right to the left, y from anterior to posterior, z from the feet upwards
(LPS). A grid that is turned against the patient keeps its angle: axes are only permuted and
flipped, so that each lies nearest to its own. No voxel is interpolated. Uses only the standard
library: the workflow reads it while it plans.
"""

from collections.abc import Sequence
from itertools import permutations


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
