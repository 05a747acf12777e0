"""Correlation of ranks."""

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, rankdata


def rank_agreement(one: pd.Series | np.ndarray, other: pd.Series | np.ndarray) -> float:
    """Kendall's tau-b of two quantities (n,); NaN where either has equal values throughout."""
    varies = np.ptp(one) > 0 and np.ptp(other) > 0
    return float(kendalltau(one, other).statistic) if varies else np.nan


def paired_spearman(values: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each column in the first half with its partner in the second.

    `values` is (n, 2 k), the result (k,); NaN where one of the two columns does not vary.
    """
    ranks = rankdata(values, axis=0)
    centred = ranks - ranks.mean(axis=0)
    x, y = np.split(centred, 2, axis=1)
    scale = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    return np.where(scale > 0, (x * y).sum(axis=0) / np.where(scale > 0, scale, 1), np.nan)
