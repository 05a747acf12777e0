"""Detection of lesions: regions of true positives, false negatives and false positives.

Voxels are connected through faces, edges and corners. A lesion is detected if at least the share
`lesion_overlap` of its voxels is predicted. Regions are disjoint; those of true and false positives
together are exactly the predicted tumour.

- TP, one per detected lesion: the voxels of the predicted components that touch it. If a component
  touches several detected lesions, each of its voxels belongs to the nearest one (in mm; at equal
  distance to the lesion of lower number).
- FN, one per missed lesion: its label without predicted voxels, which belong to another region.
- FP: a predicted component that touches no detected lesion.
"""

import logging

import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.spatial import KDTree

from mrelevance.runtime.errors import InputError

logger = logging.getLogger(__name__)

CONNECTED = np.ones((3, 3, 3), bool)


def find_regions(
    segmentation: np.ndarray,
    label: np.ndarray,
    spacing: tuple[float, float, float],
    lesion_overlap: float,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Find the regions of true positives, false negatives and false positives.

    `segmentation` is the predicted tumour (bool) and `label` numbers the lesions 1 to n; both are
    (D, H, W) with `spacing` (z, y, x) in mm. `lesion_overlap` lies in (0, 1].

    Returns the map of region_id (uint16, 0 outside every region) and the table `region_id, region,
    lesion, voxels`: first TP and FN by the number of their lesion, then FP with lesion 0.

    Raises
    ------
    InputError
        `lesion_overlap` lies outside (0, 1].
    """
    if not 0 < lesion_overlap <= 1:
        raise InputError(
            f"inference.lesion_overlap: {lesion_overlap} is out of range; "
            "give a number above 0 and at most 1"
        )
    detected = _detected(segmentation, label, lesion_overlap)
    components, _ = ndimage.label(segmentation, CONNECTED)
    owner = np.zeros(label.shape, np.int32)  # detected lesion of each predicted voxel
    false_positives = []
    for component, box in enumerate(ndimage.find_objects(components), start=1):
        inside = components[box] == component
        touched = [lesion for lesion in np.unique(label[box][inside]) if detected.get(lesion)]
        if len(touched) == 0:
            false_positives.append(component)
        elif len(touched) == 1:
            owner[box][inside] = touched[0]
        else:
            voxels = np.argwhere(components == component)
            owner[tuple(voxels.T)] = _nearest(voxels, label, touched, spacing)

    found = [
        ("TP", lesion, owner == lesion)
        if is_detected
        else ("FN", lesion, (label == lesion) & ~segmentation)
        for lesion, is_detected in detected.items()
    ] + [("FP", 0, components == component) for component in false_positives]
    regions = np.zeros(label.shape, np.uint16)
    rows = []
    for region_id, (region, lesion, mask) in enumerate(found, start=1):
        regions[mask] = region_id
        rows.append((region_id, region, lesion, int(mask.sum())))
    return regions, pd.DataFrame(rows, columns=["region_id", "region", "lesion", "voxels"])


def describe_regions(
    table: pd.DataFrame,
    patient: str,
    label: np.ndarray,
    types: dict[int, str],
    voxel_volume_ml: float,
) -> pd.DataFrame:
    """Make the lesion table of a patient from the table of `find_regions`.

    `types` maps the lesions of `label` to their types. Columns: patient, region, region_id, lesion,
    type ("none" for FP), volume_ml (of the label; for FP of the component), predicted_ml (of the
    predicted voxels of the region; 0 for FN), diameter_mm (of a sphere of `volume_ml`), voxels (of
    the region).

    Raises
    ------
    InputError
        A lesion of the label is not in `types`.
    """
    unknown = sorted(set(table["lesion"]) - set(types) - {0})
    if unknown:
        raise InputError(
            f"patient {patient}: lesion {unknown[0]} of the label is not in the lesion table; "
            "add one row per lesion"
        )
    vanished = sorted(set(types) - set(table["lesion"]))
    if vanished:
        logger.warning(
            "patient %s: lesions %s have no voxel on the preprocessed grid and are not scored",
            patient,
            ", ".join(map(str, vanished)),
        )
    is_lesion = table["region"] != "FP"
    label_voxels = np.bincount(label.ravel())[table["lesion"]]
    volume_ml = np.where(is_lesion, label_voxels, table["voxels"]) * voxel_volume_ml
    return pd.DataFrame(
        {
            "patient": patient,
            "region": table["region"],
            "region_id": table["region_id"],
            "lesion": table["lesion"],
            "type": [types.get(lesion, "none") for lesion in table["lesion"]],
            "volume_ml": volume_ml,
            "predicted_ml": table["voxels"].where(table["region"] != "FN", 0) * voxel_volume_ml,
            "diameter_mm": np.cbrt(6 * 1000 * volume_ml / np.pi),
            "voxels": table["voxels"],
        }
    )


def _detected(
    segmentation: np.ndarray, label: np.ndarray, lesion_overlap: float
) -> dict[int, bool]:
    """Map each lesion of the label to whether it is detected."""
    voxels = np.bincount(label.ravel())
    predicted = np.bincount(label[segmentation], minlength=len(voxels))
    return {
        int(lesion): bool(predicted[lesion] >= lesion_overlap * voxels[lesion])
        for lesion in np.flatnonzero(voxels)
        if lesion > 0
    }


def _nearest(
    voxels: np.ndarray, label: np.ndarray, lesions: list[int], spacing: tuple[float, float, float]
) -> np.ndarray:
    """Find the lesion nearest to each of `voxels` (n, 3), between voxel centres in mm."""
    distances = [
        KDTree(np.argwhere(label == lesion) * spacing).query(voxels * spacing)[0]
        for lesion in lesions
    ]
    return np.asarray(lesions)[np.argmin(distances, axis=0)]
