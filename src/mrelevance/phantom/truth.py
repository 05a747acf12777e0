"""The truth about a phantom patient: label volume and tables."""

import numpy as np
import pandas as pd

from mrelevance.phantom.acquisition import FINER
from mrelevance.phantom.breathing import Breathing
from mrelevance.phantom.lesions import Lesion
from mrelevance.phantom.settings import CORE, RIM
from mrelevance.phantom.shapes import Grid


def voxel_shares(volume: np.ndarray, fine: Grid, grid: Grid) -> np.ndarray:
    """Compute the share of each voxel of `grid` (D, H, W) that a mask on the fine grid covers."""
    margin = (fine.shape[0] - FINER * grid.shape[0]) // 2
    inner = volume[margin : fine.shape[0] - margin]
    d, h, w = grid.shape
    return inner.reshape(d, FINER, h, FINER, w, FINER).mean(axis=(1, 3, 5), dtype=np.float32)


def label_lesions(
    name: str, lesions: list[Lesion], which: np.ndarray, fine: Grid, grid: Grid
) -> tuple[np.ndarray, pd.DataFrame]:
    """Draw the label volume (D, H, W) of the labelled lesions; tabulate all lesions.

    `which` holds the number of the lesion in each voxel of the fine grid. A lesion is labelled in
    the voxels that it fills most: as many as have its volume, and at least one.
    """
    label = np.zeros(grid.shape, np.uint8)
    voxel_ml = float(np.prod(grid.spacing)) / 1000
    rows = []
    for number, lesion in enumerate(lesions, 1):
        share = voxel_shares(which == number, fine, grid)
        count = max(1, round(float(share.sum())))
        # A stable order breaks ties in the same way on every machine.
        fullest = np.argsort(-share, axis=None, kind="stable")[:count]
        voxels = np.stack(np.unravel_index(fullest, grid.shape), axis=1)
        if lesion.labelled:
            label[tuple(voxels.T)] = number
        volume = count * voxel_ml
        z, y, x = grid.origin + voxels.mean(axis=0) * grid.spacing
        rows.append(
            {
                "patient": name,
                "lesion": number,
                "type": lesion.kind,
                "volume_ml": volume,
                "diameter_mm": (6000 * volume / np.pi) ** (1 / 3),
                "x_mm": x,
                "y_mm": y,
                "z_mm": z,
                "labelled": lesion.labelled,
            }
        )
    return label, pd.DataFrame(rows)


def label_tissue(
    label: np.ndarray, which: np.ndarray, cores: np.ndarray, fine: Grid, grid: Grid
) -> np.ndarray:
    """Draw the tissue classes of the labelled lesions: uint8 (D, H, W), 1 in rims, 2 in cores.

    `label` (D, H, W) numbers the lesions. `which` (number of the lesion, 0 outside) and `cores`
    (bool) lie on the fine grid. A voxel of a lesion is core if at least half of its lesion tissue
    is.
    """
    lesion, core = voxel_shares(which > 0, fine, grid), voxel_shares(cores, fine, grid)
    classes = np.where(2 * core >= lesion, np.uint8(CORE), np.uint8(RIM))
    return np.where(label > 0, classes, np.uint8(0))


def landmark_table(name: str, points: np.ndarray, breathing: dict[str, Breathing]) -> pd.DataFrame:
    """Tabulate where each landmark (n, 3) lies in every sequence, in world coordinates (LPS)."""
    tables = []
    for sequence, state in breathing.items():
        z, y, x = state.move(points.T)
        table = pd.DataFrame({"landmark": range(1, len(points) + 1), "x_mm": x, "y_mm": y})
        table["z_mm"] = z
        table.insert(0, "patient", name)
        table.insert(1, "sequence", sequence)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def conspicuity_table(name: str, contrasts: dict[str, np.ndarray]) -> pd.DataFrame:
    """Tabulate the signed contrast-to-noise ratio of each lesion in every sequence."""
    return pd.DataFrame(
        [
            {"patient": name, "lesion": lesion, "sequence": sequence, "contrast_to_noise": value}
            for sequence, values in contrasts.items()
            for lesion, value in enumerate(values, 1)
        ]
    )
