"""Shapley values under other targets than the configured one.

Shapley values are linear in what they explain. Those of both logits are measured anyway, so that
combining them to other targets needs no further pass.
"""

import numpy as np
import pandas as pd

from mrelevance.attribution.inputs import ExplainedPatient

TARGET_WEIGHTS = {"margin": (1, -1), "tumour": (1, 0), "background": (0, -1)}
"""Weights of tumour and background logit: margin = tumour + background, the latter negated."""

COLUMNS = [
    *["patient", "target", "region", "lesion", "sequence", "voxels"],
    *["contribution", "relevance_pooled"],
]


def target_table(values: np.ndarray, patient: ExplainedPatient) -> pd.DataFrame:
    """What each sequence contributes to the tumour logit, the background logit and the margin.

    Parameters
    ----------
    values
        Shapley values (C, 2, D, H, W) of the logits of background and tumour.

    Returns
    -------
    One row per target, region and sequence. `contribution` is the mean over the region's voxels, in
    units of the logit: what the sequence adds to the tumour logit, or takes from that of the
    background; both add up to its contribution to the margin. `relevance_pooled` is its part of
    all sequences' contributions to this target, NA where these cancel exactly.
    """
    rows = []
    for (region, lesion), mask in patient.masks.items():
        background, tumour = values[:, :, mask].mean(axis=2, dtype=np.float64).T
        for target, (of_tumour, of_background) in TARGET_WEIGHTS.items():
            contributions = of_tumour * tumour + of_background * background
            total = contributions.sum() or np.nan
            rows += [
                [
                    patient.name,
                    target,
                    region,
                    lesion,
                    sequence,
                    int(mask.sum()),
                    value,
                    value / total,
                ]
                for sequence, value in zip(patient.sequences, contributions, strict=True)
            ]
    return pd.DataFrame(rows, columns=COLUMNS)
