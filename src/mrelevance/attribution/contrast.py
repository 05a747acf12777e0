"""Contrast of lesions with their surroundings, measured in the images."""

import numpy as np
import pandas as pd
from scipy.stats import median_abs_deviation

from mrelevance.attribution.context import Zones
from mrelevance.attribution.inputs import ExplainedPatient

COLUMNS = ["patient", "region", "lesion", "sequence", "contrast"]
SURROUNDINGS = ("within_5_mm", "5_to_10_mm")


def contrast_table(patient: ExplainedPatient, zones: Zones) -> pd.DataFrame:
    """Contrast of every region of a patient in every sequence.

    The mean of the region less the median of its surroundings, in robust standard deviations
    (1.4826 times the median absolute deviation) of the surroundings: all within 10 mm that is
    neither labelled nor predicted as tumour, and is covered by all sequences. NA where nothing is
    left or it does not vary.
    """
    image = patient.image
    near = [zones.names.index(name) for name in SURROUNDINGS]
    free = patient.covered & ~patient.lesions
    rows = []
    for (region, lesion), of_voxel in zones.of_region.items():
        around = image[:, np.isin(of_voxel, near) & free]  # (C, voxels)
        contrast = np.full(len(patient.sequences), np.nan)
        if around.shape[1]:
            spread = median_abs_deviation(around, axis=1, scale="normal")
            is_inside = of_voxel == zones.names.index("inside")
            inside = image[:, is_inside].mean(axis=1, dtype=np.float64)
            varies = spread > 0
            difference = inside - np.median(around, axis=1)
            contrast[varies] = difference[varies] / spread[varies]
        rows += [
            [patient.name, region, lesion, sequence, value]
            for sequence, value in zip(patient.sequences, contrast, strict=True)
        ]
    return pd.DataFrame(rows, columns=COLUMNS)
