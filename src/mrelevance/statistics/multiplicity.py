"""Correction of p values for their number."""

import numpy as np


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down correction of p values (tests,); all NaN where any p is NaN.

    Holm, Scandinavian Journal of Statistics 6 (1979).
    """
    if np.isnan(p).any():
        return np.full(len(p), np.nan)
    order = np.argsort(p)
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(raised, 1)
    return corrected
