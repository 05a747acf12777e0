"""Correction of p values for their number."""

import numpy as np
from statsmodels.stats.multitest import multipletests


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down correction of p values (tests,); all NaN where any p is NaN.

    Holm, Scandinavian Journal of Statistics 6 (1979).
    """
    if np.isnan(p).any():
        return np.full(len(p), np.nan)
    return multipletests(p, method="holm")[1] if len(p) else p
