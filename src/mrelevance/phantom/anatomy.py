"""One patient's upper abdomen as a volume of tissue labels.

World coordinates in mm, (z, y, x) in arrays: z rises to the head, y to the back, x to the
patient's left; the origin lies in the middle of the abdomen.
"""

from dataclasses import dataclass

import numpy as np

from mrelevance.phantom.shapes import (
    Grid,
    ellipsoid,
    smooth_intersection,
    smooth_union,
    waves,
)
from mrelevance.phantom.tissues import TISSUES

TISSUE_LABEL = {name: label for label, name in enumerate(TISSUES)}
SPINE_Y_MM = 74.0


@dataclass(frozen=True)
class Cavity:
    """The inner wall of the abdomen: a tube along z, along which organs slide in breathing."""

    half_width: float
    half_depth: float

    def distance(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return about the distance to the wall in mm, negative inside; the spine bulges in."""
        wall = _oval(y, x, self.half_depth, self.half_width)
        spine = 30 - np.hypot(y - np.float32(SPINE_Y_MM + 4), x)
        return np.maximum(wall, spine)


@dataclass(frozen=True)
class Anatomy:
    """Tissue labels on a grid, and the shape of the liver."""

    labels: np.ndarray  # (D, H, W) uint8, see TISSUE_LABEL
    liver_depth: np.ndarray  # (D, H, W) float32, about the mm below the liver's surface, > 0 inside
    cavity: Cavity
    scale: float


def build_anatomy(grid: Grid, rng: np.random.Generator) -> Anatomy:
    """Draw one patient's organs on a grid, without lesions and vessels of the liver."""
    scale = float(rng.uniform(0.94, 1.04))
    cavity = Cavity(scale * rng.uniform(126, 133), scale * rng.uniform(84, 91))
    labels = np.zeros(grid.shape, np.uint8)
    inside = _paint_wall(labels, grid, rng, cavity)
    liver_depth = _liver_depth(grid, rng, cavity, scale)
    below_diaphragm = _paint_cavity(labels, grid, rng, inside, liver_depth, scale)

    painter = _Painter(labels, grid, rng, scale, inside & below_diaphragm)
    painter.organ("heart", (97, -32, 22), (42, 48, 62), within=inside & ~below_diaphragm)
    painter.organ("spleen", (18, 45, 92), (46, 36, 27))
    for side, z in ((-64, -58), (62, -46)):
        centre = (z + rng.uniform(-6, 6), 50, side)
        painter.organ("kidney cortex", centre, (50, 25, 27))
        painter.organ("kidney medulla", centre, (36, 13, 15))
    stomach = np.array((12, -28, 58)) + rng.uniform(-6, 6, 3)
    painter.organ("stomach wall", stomach, (42, 38, 40))
    painter.organ("stomach contents", stomach, (38, 34, 36))
    # In a supine patient gas rises to the front of the stomach.
    painter.organ("gas", stomach, (38, 34, 36), front_of=stomach[1] - rng.uniform(5, 20))

    labels[liver_depth > 0] = TISSUE_LABEL["liver"]
    painter.organ("gall bladder", (-36, -36, -42), (28, 14, 13))
    painter.tube("vena cava", (36, -24), 11)
    painter.tube("aorta", (38, 8), 10.5)
    return Anatomy(labels, liver_depth, cavity, scale)


def _paint_wall(
    labels: np.ndarray, grid: Grid, rng: np.random.Generator, cavity: Cavity
) -> np.ndarray:
    """Paint skin, fat, muscle and spine; return the inside of the cavity as (1, H, W)."""
    z, y, x = grid.coordinates()
    fat, muscle = rng.uniform(8, 20), rng.uniform(9, 12)
    bulk, depth = cavity.half_width + muscle, cavity.half_depth + muscle + 8
    around_muscle = _oval(y - 8, x, depth, bulk)
    # The belly is a little rounder in the middle. Only the skin may change along z (see Cavity).
    around_body = _oval(y - 6, x, depth + fat, bulk + fat) + 4 * (z / 80) ** 2
    labels[around_body < 0] = TISSUE_LABEL["subcutaneous fat"]
    _paint_all(labels, around_muscle < 0, "muscle")
    inside = cavity.distance(y, x) < 0
    vertebrae = np.hypot(y - SPINE_Y_MM, x) < 20
    _paint_all(labels, vertebrae, "bone")
    _paint_all(labels, np.hypot(y - SPINE_Y_MM - 26, x) < 7, "spinal fluid")
    # Discs between the vertebrae.
    disc = np.abs((z - rng.uniform(0, 34)) % 34 - 17) < 3
    labels[disc & vertebrae] = TISSUE_LABEL["muscle"]
    # Ribs slope forwards and down within the wall.
    ribs = np.cos((z + 0.5 * y) * np.float32(2 * np.pi / rng.uniform(28, 34))) > 0.6
    middle = np.abs(around_muscle + muscle / 2 + 1) < 3
    labels[ribs & middle & ~inside & (np.abs(x) > 45)] = TISSUE_LABEL["bone"]
    return inside


def _paint_cavity(
    labels: np.ndarray,
    grid: Grid,
    rng: np.random.Generator,
    inside: np.ndarray,
    liver_depth: np.ndarray,
    scale: float,
) -> np.ndarray:
    """Paint lungs above the diaphragm, fat and bowel below; return what is below."""
    at = grid.coordinates()
    left_dome = ellipsoid(at, scale * np.array((8, 5, 68)), scale * np.array((58, 92, 80)))
    below = (at[0] < scale * 12) | (left_dome < 0) | (liver_depth > -4)
    bowel = waves(at, rng, (40, 75), 10) > 0
    labels[inside & below] = TISSUE_LABEL["visceral fat"]
    labels[inside & below & bowel] = TISSUE_LABEL["bowel"]
    labels[inside & ~below] = TISSUE_LABEL["lung"]
    return below


def _liver_depth(grid: Grid, rng: np.random.Generator, cavity: Cavity, scale: float) -> np.ndarray:
    """Liver: a large right and a flat left lobe, hollowed from below, inside the cavity's wall."""

    def about(*values: float) -> np.ndarray:
        return scale * np.array(values) * rng.uniform(0.94, 1.06, 3)

    part, at = grid.box((-95, -100, -150), (80, 105, 110))
    right = ellipsoid(at, about(-4, 4, -68), about(69, 88, 78))
    left = ellipsoid(at, about(24, -42, 2), about(38, 42, 76))
    hollow = ellipsoid(at, about(-66, 18, 22), about(72, 70, 72))
    shape = smooth_union(right, left, 22)
    shape = smooth_intersection(shape, -hollow, 12)
    shape = smooth_intersection(shape, cavity.distance(at[1], at[2]) + 3, 5)
    shape = shape + 2.5 * waves(at, rng, (90, 180), 3)
    depth = np.full(grid.shape, -100, np.float32)
    depth[part] = -shape
    # The undulating surface must not cross the wall.
    depth[:, (cavity.distance(*grid.coordinates()[1:]) > -2)[0]] = -100
    return depth


@dataclass(frozen=True)
class _Painter:
    """Paints organs with random variations of place and size."""

    labels: np.ndarray
    grid: Grid
    rng: np.random.Generator
    scale: float
    within: np.ndarray

    def organ(
        self,
        tissue: str,
        centre: tuple,
        radii: tuple,
        within: np.ndarray | None = None,
        front_of: float = np.inf,
    ) -> None:
        centre = self.scale * np.asarray(centre)
        radii = self.scale * np.asarray(radii) * self.rng.uniform(0.93, 1.07)
        part, at = self.grid.box(centre - 1.1 * radii, centre + 1.1 * radii)
        shape = ellipsoid(at, centre, radii) + 1.2 * waves(at, self.rng, (50, 90), 2)
        allowed = (self.within if within is None else within)[part]
        self.labels[part][(shape < 0) & allowed & (at[1] < front_of)] = TISSUE_LABEL[tissue]

    def tube(self, tissue: str, centre: tuple, radius: float) -> None:
        _, y, x = self.grid.coordinates()
        centre_y, centre_x = self.scale * np.asarray(centre)
        radius = radius * self.rng.uniform(0.88, 1.1)
        round_ = np.hypot(y - np.float32(centre_y), x - np.float32(centre_x)) < radius
        _paint_all(self.labels, round_, tissue)


def _oval(y: np.ndarray, x: np.ndarray, half_depth: float, half_width: float) -> np.ndarray:
    """Superellipse, fuller than an ellipse as trunks are; negative inside, in mm."""
    power = np.float32(2.4)
    sum_ = np.abs(y / np.float32(half_depth)) ** power + np.abs(x / np.float32(half_width)) ** power
    return (sum_ ** (1 / power) - 1) * np.float32(half_depth)


def _paint_all(labels: np.ndarray, section: np.ndarray, tissue: str) -> None:
    """Paint a cross section (1, H, W) through all slices."""
    labels[:, section[0]] = TISSUE_LABEL[tissue]
