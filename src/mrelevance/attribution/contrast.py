"""How much a lesion stands out from what surrounds it, measured in the images."""

import numpy as np
import pandas as pd
from scipy.stats import median_abs_deviation

COLUMNS = ["patient", "region", "lesion", "sequence", "contrast"]
SURROUNDINGS = ("within_5_mm", "5_to_10_mm")


def contrast_table(
    image: np.ndarray,
    zones: dict[tuple[str, int], np.ndarray],
    names: list[str],
    tumour: np.ndarray,
    sequences: list[str],
    patient: str,
) -> pd.DataFrame:
    """Contrast of every region in every sequence.

    The mean of the region less the median of its surroundings, in robust standard deviations
    (1.4826 times the median absolute deviation) of the surroundings: all within 10 mm that is not
    `tumour` (D, H, W), labelled or predicted. NA where nothing is left or it does not vary.
    `image` is (C, D, H, W); `zones` and `names` are those of `relevance.context`.
    """
    near = [names.index(name) for name in SURROUNDINGS]
    rows = []
    for (region, lesion), of_voxel in zones.items():
        around = image[:, np.isin(of_voxel, near) & ~tumour]  # (C, voxels)
        contrast = np.full(len(sequences), np.nan)
        if around.shape[1]:
            spread = median_abs_deviation(around, axis=1, scale="normal")
            inside = image[:, of_voxel == names.index("inside")].mean(axis=1, dtype=np.float64)
            varies = spread > 0
            difference = inside - np.median(around, axis=1)
            contrast[varies] = difference[varies] / spread[varies]
        rows += [
            [patient, region, lesion, sequence, value]
            for sequence, value in zip(sequences, contrast, strict=True)
        ]
    return pd.DataFrame(rows, columns=COLUMNS)
