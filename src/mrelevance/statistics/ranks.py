"""Do two quantities put the sequences in the same order?"""

import numpy as np
import pandas as pd
from scipy.stats import kendalltau


def rank_agreement(one: pd.Series | np.ndarray, other: pd.Series | np.ndarray) -> float:
    """Kendall's tau-b of two quantities (sequences,); NaN where either is equal throughout."""
    varies = np.ptp(one) > 0 and np.ptp(other) > 0
    return float(kendalltau(one, other).statistic) if varies else np.nan
