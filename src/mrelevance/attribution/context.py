"""Where a region's relevance comes from, and how much of it is for the tumour or against it.

A zone's share of a region's relevance can be had from a forward-mode pass of the zone's indicator
(one inside it, zero elsewhere), divided by the normaliser and averaged over the region's voxels. By
linearity it is also the sum of the region map over the zone. Every lesion has its own zones and its
map is known, so the sum is cheaper here; docs/evaluation.md says when the pass is.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import SimpleITK as sitk
from scipy.ndimage import distance_transform_edt

from mrelevance.attribution.inputs import ExplainedPatient, Masks
from mrelevance.preprocessing.grid import resample_label
from mrelevance.runtime.images import read_image, spacing_zyx, to_array

NEAR_MM = {"within_5_mm": 5.0, "5_to_10_mm": 10.0, "10_to_20_mm": 20.0}
FAR = ["organ", "outside"]
FAR_UNKNOWN = ["elsewhere"]

COLUMNS = [
    *["patient", "method", "target", "region", "lesion", "zone", "zone_voxels", "sequence"],
    *["relevance", "positive", "negative"],
]


@dataclass(frozen=True)
class Zones:
    """Names of the zones, and the index of each voxel's zone (D, H, W) by (region, lesion)."""

    names: list[str]
    of_region: dict[tuple[str, int], np.ndarray]


def patient_zones(patient: ExplainedPatient, organ: np.ndarray | None) -> Zones:
    """Zones around every lesion of a patient; `organ` (D, H, W) is None where it is unknown.

    The whole tumour has none, as its lesions lie apart.
    """
    spacing_mm = spacing_zyx(patient.grid)
    of_region = {
        key: zones_around(mask, spacing_mm, organ)
        for key, mask in patient.masks.items()
        if key[0] != "tumour"
    }
    return Zones(zone_names(organ is not None), of_region)


def zone_names(organ_known: bool) -> list[str]:
    """Names of the zones around a lesion, from near to far; each voxel belongs to one."""
    return ["inside", *NEAR_MM, *(FAR if organ_known else FAR_UNKNOWN)]


def zones_around(
    region: np.ndarray, spacing_mm: tuple[float, float, float], organ: np.ndarray | None
) -> np.ndarray:
    """Index of each voxel's zone (D, H, W) among `zone_names`.

    Up to 20 mm from the bool `region` the distance decides, beyond it whether the voxel lies in
    the `organ`, where that is known. `spacing_mm` is (z, y, x).
    """
    distance = distance_transform_edt(~region, sampling=spacing_mm)
    zones = np.searchsorted([0, *NEAR_MM.values()], distance).astype(np.uint8)
    far = zones == 1 + len(NEAR_MM)
    if organ is not None:
        zones[far & ~organ] += 1
    return zones


def context_table(
    maps: Masks, zones: Zones, sequences: list[str], keys: dict[str, str]
) -> pd.DataFrame:
    """Rows of the context table of one patient and method.

    Parameters
    ----------
    maps
        Region maps `M_A` (C, D, H, W) by (region, lesion).
    zones
        Around the regions that are listed.
    keys
        `patient`, `method` and `target` of all rows.

    Returns
    -------
    One row per region, zone and sequence. `relevance` is the part of the region's relevance that
    lies in this zone of this sequence: all of a region's add up to 1. `positive` and `negative`
    are its parts from voxels of positive and of negative relevance. NA where no voxel of the
    region could be normalised and the map is zero.
    """
    rows = []
    count = len(zones.names)
    for (region, lesion), of_voxel in zones.of_region.items():
        net = _sums(maps[region, lesion], of_voxel, count)  # (C, zones)
        positive = _sums(maps[region, lesion].clip(min=0), of_voxel, count)
        total = net.sum() or np.nan
        voxels = np.bincount(of_voxel.ravel(), minlength=count)
        for z, zone in enumerate(zones.names):
            for c, sequence in enumerate(sequences):
                parts = np.array([net[c, z], positive[c, z], net[c, z] - positive[c, z]]) / total
                rows.append([*keys.values(), region, lesion, zone, voxels[z], sequence, *parts])
    return pd.DataFrame(rows, columns=COLUMNS)


def read_organ(path: str, grid: sitk.Image, patient: str) -> np.ndarray:
    """Mask (D, H, W) of the organ of interest on a patient's grid.

    Raises
    ------
    InputError
        The file is missing or no image.
    """
    mask = read_image(path, f"patient {patient}, mask of the organ")
    return to_array(resample_label(mask, grid)) > 0


def _sums(values: np.ndarray, zones: np.ndarray, count: int) -> np.ndarray:
    """Sum of values (C, D, H, W) over each zone, (C, zones), in double precision."""
    index = zones.ravel()
    return np.stack([np.bincount(index, channel.ravel(), count) for channel in values])
