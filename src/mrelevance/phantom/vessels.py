"""Portal and hepatic venous trees inside the liver."""

from dataclasses import dataclass

import numpy as np

from mrelevance.phantom.anatomy import TISSUE_LABEL, Anatomy
from mrelevance.phantom.shapes import Grid, capsule

# Number of territories that the finest branches of each tree supply.
TERRITORIES = 40


@dataclass(frozen=True)
class Segment:
    """A straight piece of vessel between two points (z, y, x) in mm."""

    start: np.ndarray
    end: np.ndarray
    radius: float
    is_branching: bool  # whether the vessel branches at its end


def grow_tree(
    root: np.ndarray, territories: np.ndarray, trunk_radius: float, rng: np.random.Generator
) -> list[Segment]:
    """Grow a vascular tree that reaches every territory (n, 3).

    The territories are halved recursively; each split is a branching. Radii follow Murray's law:
    the cube of the radius is proportional to the number of territories supplied.
    """
    segments = []

    def grow(start: np.ndarray, supplied: np.ndarray, towards: float) -> None:
        radius = trunk_radius * (len(supplied) / len(territories)) ** (1 / 3)
        centre = supplied.mean(axis=0)
        if len(supplied) == 1:
            segments.append(Segment(start, centre, radius, False))
            return
        end = start + towards * (centre - start) + rng.normal(0, 1.5, 3)
        segments.append(Segment(start, end, radius, True))
        spread = supplied - centre
        axis = np.linalg.svd(spread, full_matrices=False)[2][0]
        order = np.argsort(spread @ axis)
        half = len(order) // 2 + int(rng.integers(0, 2)) * (len(order) > 4)
        grow(end, supplied[order[:half]], 0.5)
        grow(end, supplied[order[half:]], 0.5)

    grow(root, territories, 0.35)
    return segments


def paint_vessels(anatomy: Anatomy, grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """Paint both trees into the liver's labels; return their branchings (n, 3), widest first."""
    deep = np.argwhere(anatomy.liver_depth > 7)
    roots = {
        "portal vein": (np.array((-14.0, 4.0, -30.0)), 7.5),
        # The hepatic veins join the vena cava below the diaphragm.
        "hepatic vein": (np.array((44.0, 34.0, -24.0)), 8.5),
    }
    branchings, widths = [], []
    for tissue, (root, radius) in roots.items():
        chosen = rng.choice(deep, TERRITORIES, replace=False, shuffle=False)
        territories = grid.origin + chosen * grid.spacing
        for segment in grow_tree(anatomy.scale * root, territories, radius, rng):
            _paint_segment(anatomy, grid, segment, tissue)
            if segment.is_branching:
                branchings.append(segment.end)
                widths.append(segment.radius)
    order = np.argsort(widths)[::-1]
    return np.array(branchings)[order]


def choose_landmarks(branchings: np.ndarray, labels: np.ndarray, grid: Grid, n: int) -> np.ndarray:
    """Choose the `n` widest branchings (n, 3) on vessels in `labels`, at least 6 mm apart.

    Fewer are returned if a patient has fewer.
    """
    vessels = [TISSUE_LABEL["portal vein"], TISSUE_LABEL["hepatic vein"]]
    on_vessel = np.isin(labels[grid.nearest(branchings)], vessels)
    chosen: list[np.ndarray] = []
    for point in branchings[on_vessel]:
        if all(np.linalg.norm(point - other) >= 6 for other in chosen):
            chosen.append(point)
    return np.array(chosen[:n])


def _paint_segment(anatomy: Anatomy, grid: Grid, segment: Segment, tissue: str) -> None:
    margin = segment.radius + grid.spacing.max()
    low = np.minimum(segment.start, segment.end) - margin
    high = np.maximum(segment.start, segment.end) + margin
    part, at = grid.box(low, high)
    # On a coarse grid paint at least the voxels along the centre line.
    radius = max(segment.radius, 0.6 * grid.spacing.max())
    inside = capsule(at, segment.start, segment.end, radius) < 0
    inside &= anatomy.liver_depth[part] > 0
    inside &= anatomy.labels[part] != TISSUE_LABEL["vena cava"]
    anatomy.labels[part][inside] = TISSUE_LABEL[tissue]
