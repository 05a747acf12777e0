"""Liver lesions: number, type, place, size, shape and tissue."""

from dataclasses import dataclass, replace

import numpy as np

from mrelevance.phantom.anatomy import TISSUE_LABEL, Anatomy
from mrelevance.phantom.settings import Settings
from mrelevance.phantom.shapes import Coordinates, Grid
from mrelevance.phantom.tissues import LESIONS, MALIGNANT, UNLABELLED, Tissue

# Gap between neighbouring lesions. Closer ones would be drawn as one.
GAP_MM = 8.0
PLACES_TRIED = 300
# Diameters are log-normal: median, and standard deviation of the logarithm.
DIAMETER_MM, DIAMETER_SPREAD = 19.0, 0.5
# Mean of the Poisson counts as a share of the range of lesion counts.
MEAN_LOAD = 0.35
# Share of a patient's further lesions that are given the main type; others are drawn by weight.
SAME_TYPE = 0.3
# Factors by which cirrhosis changes the weight of the main type.
CIRRHOSIS = {"HCC": 3.0, "metastasis": 0.5}
# The depth at which the core begins, where lesions have two tissue classes.
CORE_DEPTH = 0.3
LIVER_LABELS = [TISSUE_LABEL[name] for name in ("liver", "portal vein", "hepatic vein")]


@dataclass(frozen=True)
class Lesion:
    """One lesion; centre (z, y, x) in mm."""

    kind: str
    centre: np.ndarray
    axes: np.ndarray  # half axes (3,) in mm
    rotation: np.ndarray  # (3, 3)
    bumps: np.ndarray  # (4, 4): direction (3) and phase of each wave of the surface
    share: float  # of lesion tissue in its voxels; the rest is liver
    shells: list[tuple[float, Tissue]]

    @property
    def labelled(self) -> bool:
        """Whether a radiologist would draw it."""
        return self.kind not in UNLABELLED

    @property
    def radius(self) -> float:
        """Radius in mm of a sphere of about the same volume."""
        return float(np.prod(self.axes) ** (1 / 3))

    def depth(self, at: Coordinates) -> np.ndarray:
        """Return the relative depth: 1 in the centre, 0 on the surface, negative outside."""
        offset = [axis - np.float32(c) for axis, c in zip(at, self.centre, strict=True)]
        turned = [
            sum(np.float32(r) * o for r, o in zip(row, offset, strict=True)) / np.float32(a)
            for row, a in zip(self.rotation, self.axes, strict=True)
        ]
        distance = np.sqrt(sum(t**2 for t in turned)) + np.float32(1e-6)
        surface = np.float32(1)
        for *direction, phase in self.bumps:
            along = sum(np.float32(d) * t for d, t in zip(direction, turned, strict=True))
            surface = surface + np.float32(0.06) * np.sin(along / distance + np.float32(phase))
        return 1 - distance / surface


def draw_lesions(
    anatomy: Anatomy, grid: Grid, settings: Settings, poor_uptake: bool, rng: np.random.Generator
) -> list[Lesion]:
    """Draw a patient's lesions, labelled ones first; at least one is labelled.

    Most of a patient's lesions are of one malignant type, in cirrhosis usually hepatocellular
    carcinoma. Where a lesion does not fit, it shrinks until it does or is left out.
    """
    weights = settings.lesion_types
    malignant = np.array([weights[k] * (CIRRHOSIS[k] if poor_uptake else 1) for k in MALIGNANT])
    main = str(rng.choice(MALIGNANT, p=malignant / malignant.sum()))
    kinds = list(weights)
    chances = np.array(list(weights.values()), float)
    low, high = settings.lesions
    count = int(np.clip(1 + rng.poisson(MEAN_LOAD * (high - 1)), low, high))
    drawn = [main]
    while len(drawn) < count:
        other = str(rng.choice(kinds, p=chances / chances.sum()))
        drawn.append(main if rng.random() < SAME_TYPE else other)

    smallest, largest = settings.lesion_diameter_mm
    # The label's size differs from the drawn one by about a voxel and must keep the limits, too.
    diameters = rng.lognormal(np.log(DIAMETER_MM), DIAMETER_SPREAD, count)
    diameters = np.clip(diameters, 1.1 * smallest, 0.95 * largest)
    lesions: list[Lesion] = []
    # Large ones first, while there is room for them.
    for kind, diameter in zip(drawn, np.sort(diameters)[::-1], strict=True):
        lesion = _place(kind, diameter, anatomy, grid, settings, lesions, rng)
        if lesion is not None:
            lesions.append(lesion)
    return sorted(lesions, key=lambda lesion: not lesion.labelled)


def paint_lesions(
    anatomy: Anatomy, grid: Grid, lesions: list[Lesion]
) -> tuple[np.ndarray, np.ndarray]:
    """Paint the lesions: tissue labels, and the number (1..n) of the lesion in each voxel.

    Both are (D, H, W), uint8. The shells of all lesions are counted in order; shell `s` has the
    label `len(TISSUE_LABEL) + s`.
    """
    labels = anatomy.labels.copy()
    which = np.zeros_like(labels)
    next_label = len(TISSUE_LABEL)
    for number, lesion in enumerate(lesions, 1):
        reach = 1.3 * lesion.axes.max()
        part, at = grid.box(lesion.centre - reach, lesion.centre + reach)
        depth = lesion.depth(at)
        free = np.isin(anatomy.labels[part], LIVER_LABELS) & (depth > 0)
        which[part][free] = number
        for begins, _ in lesion.shells:
            labels[part][free & (depth >= begins)] = next_label
            next_label += 1
    return labels, which


def paint_cores(grid: Grid, lesions: list[Lesion], which: np.ndarray) -> np.ndarray:
    """Mark the cores of the lesions, bool (D, H, W); `which` numbers the lesion of each voxel."""
    cores = np.zeros(which.shape, bool)
    for number, lesion in enumerate(lesions, 1):
        reach = 1.3 * lesion.axes.max()
        part, at = grid.box(lesion.centre - reach, lesion.centre + reach)
        cores[part] |= (which[part] == number) & (lesion.depth(at) >= CORE_DEPTH)
    return cores


def _place(
    kind: str,
    diameter: float,
    anatomy: Anatomy,
    grid: Grid,
    settings: Settings,
    others: list[Lesion],
    rng: np.random.Generator,
) -> Lesion | None:
    """Lesion of this kind at a free place, or None if even the smallest does not fit."""
    smallest = 1.1 * settings.lesion_diameter_mm[0]
    liver = (anatomy.liver_depth > 3) & np.isin(anatomy.labels, LIVER_LABELS)
    voxels = rng.choice(np.flatnonzero(liver), PLACES_TRIED)
    depth = anatomy.liver_depth.ravel()[voxels]
    centres = grid.origin + np.stack(np.unravel_index(voxels, grid.shape), axis=1) * grid.spacing
    while True:
        radius = diameter / 2
        free = depth > 0.75 * radius
        for other in others:
            distance = np.linalg.norm(centres - other.centre, axis=1)
            free &= distance > 1.2 * (radius + other.radius) + GAP_MM
        if free.any():
            return _shape(kind, radius, centres[free.argmax()], settings, rng)
        if diameter <= smallest:
            return None
        diameter = max(0.85 * diameter, smallest)


def _shape(
    kind: str, radius: float, centre: np.ndarray, settings: Settings, rng: np.random.Generator
) -> Lesion:
    axes = radius * np.exp(rng.normal(0, 0.1, 3))
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    bumps = np.concatenate([rng.normal(0, 2.2, (4, 3)), rng.uniform(0, 2 * np.pi, (4, 1))], axis=1)
    low, high = settings.lesion_share
    share = rng.triangular(low, high, high) if low < high else low
    if kind == "cyst":
        share = max(share, 0.7 * high)
    t1, t2 = np.exp(rng.normal(0, 0.12, 2))
    # Some well-differentiated carcinomas keep the transporters that take up gadoxetate.
    uptake = 3.0 if kind == "HCC" and rng.random() < 0.15 else 1.0
    shells = []
    for begins, tissue in LESIONS[kind]:
        supply = tissue.supply
        if supply is not None:
            supply = replace(supply, khe=supply.khe * uptake)
        shells.append(
            (
                begins,
                replace(
                    tissue,
                    t1_ms=tuple(t1 * t for t in tissue.t1_ms),
                    t2_ms=tuple(t2 * t for t in tissue.t2_ms),
                    supply=supply,
                ),
            )
        )
    return Lesion(kind, centre, axes, rotation, bumps, float(share), shells)
