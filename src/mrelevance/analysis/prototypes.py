"""The mean relevance map of each lesion type, over lesions aligned in place and size."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import center_of_mass, map_coordinates

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import radiological, read_image

REACH = 1.0  # in diameters, from the centre to each side
POINTS = 33  # along each axis: no coarser than the images' voxels for lesions of up to 5 cm
SHELL = 0.125  # thickness of the profile's shells in diameters

PROFILE_COLUMNS = ["type", "sequence", "radius_diameters", "lesions", "relevance"]

logger = logging.getLogger(__name__)


def average_maps(
    lesions: pd.DataFrame,
    maps: dict[str, Path],
    regions: dict[str, Path],
    composite: str,
    sequences: list[str],
) -> dict[str, pd.DataFrame | dict[str, np.ndarray]]:
    """Align the maps of all true positives in place and size, and average them by lesion type.

    `lesions` is the cohort's lesion table; `maps` are the patients' folders of relevance maps, with
    a folder in each for every composite; `regions` are the patients' images of region numbers.
    Beside the table of profiles, the result holds the mean maps: `types` (T,), `lesions` (T,), the
    number of lesions, and `maps` (T, C, 33, 33, 33).
    """
    of_composite = {patient: folder / composite for patient, folder in maps.items()}
    means, counts = mean_maps(_aligned_maps(lesions, of_composite, regions))
    logger.info("lesions by type: %s", counts)
    arrays = {
        "types": np.array(list(means), dtype=str),
        "lesions": np.array(list(counts.values()), dtype=int),
        "maps": np.array(list(means.values())),
    }
    return {"prototypes": profile_table(means, counts, sequences), "prototypes{region}.npz": arrays}


def _aligned_maps(
    lesions: pd.DataFrame, maps: dict[str, Path], regions: dict[str, Path]
) -> Iterator[tuple[str, np.ndarray]]:
    """Type and aligned map of every true positive whose map is not zero throughout."""
    for row in lesions[lesions["region"] == "TP"].itertuples():
        file = maps[row.patient] / f"map_TP_{row.lesion}.nii.gz"
        relevance_map, spacing_mm = radiological(read_image(file))
        region, _ = radiological(read_image(regions[row.patient]))
        if relevance_map.any():
            yield row.type, aligned_map(relevance_map, region == row.region_id, spacing_mm)


def aligned_map(
    relevance_map: np.ndarray, region: np.ndarray, spacing_mm: tuple[float, float, float]
) -> np.ndarray:
    """A region's map centred at the region's centroid and scaled to its equivalent diameter.

    `relevance_map` is (C, D, H, W), `region` bool (D, H, W), `spacing_mm` (z, y, x). The result
    (C, 33, 33, 33) spans one diameter to each side of the centre and is interpolated linearly, zero
    beyond the image. It is a density: the fraction of the region's whole relevance per cubed
    diameter, so that its integral over space is 1.

    Raises
    ------
    InputError
        The region is empty.
    """
    if not region.any():
        raise InputError("the region of a relevance map has no voxel; segment this patient again")
    voxel_mm3 = float(np.prod(spacing_mm))
    diameter = (6 * region.sum() * voxel_mm3 / np.pi) ** (1 / 3)
    axis = np.linspace(-REACH, REACH, POINTS) * diameter
    steps = [
        middle + axis / step
        for middle, step in zip(center_of_mass(region), spacing_mm, strict=True)
    ]
    places = np.stack(np.meshgrid(*steps, indexing="ij"))
    density = relevance_map / relevance_map.sum(dtype=np.float64) * (diameter**3 / voxel_mm3)
    return np.stack([map_coordinates(channel, places, order=1) for channel in density])


def mean_maps(
    aligned: Iterable[tuple[str, np.ndarray]],
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Mean of each type's aligned maps, and their number; the most frequent type comes first."""
    sums, counts = {}, Counter()
    for kind, of_lesion in aligned:
        sums[kind] = sums.get(kind, 0) + of_lesion
        counts[kind] += 1
    order = dict(counts.most_common())
    return {kind: sums[kind] / count for kind, count in order.items()}, order


def radii() -> np.ndarray:
    """Distance of each point of an aligned map from its centre, (33, 33, 33), in diameters."""
    axis = np.linspace(-REACH, REACH, POINTS)
    return np.sqrt(sum(part**2 for part in np.meshgrid(axis, axis, axis, indexing="ij")))


def profile_table(
    prototypes: dict[str, np.ndarray], counts: dict[str, int], sequences: list[str]
) -> pd.DataFrame:
    """Mean density of every type's prototype (C, 33, 33, 33) in shells around the centre.

    One row per type, sequence and shell: the middle of the shell in diameters (the lesion's
    equivalent sphere ends at 0.5), the number of lesions, and relevance, the fraction of a lesion's
    whole relevance per cubed diameter.
    """
    shell = (radii() / SHELL).astype(int)
    shells = range(int(REACH / SHELL))
    rows = []
    for kind, prototype in prototypes.items():
        for sequence, channel in zip(sequences, prototype, strict=True):
            means = [channel[shell == number].mean() for number in shells]
            rows += [
                [kind, sequence, (number + 0.5) * SHELL, counts[kind], mean]
                for number, mean in zip(shells, means, strict=True)
            ]
    return pd.DataFrame(rows, columns=PROFILE_COLUMNS)
