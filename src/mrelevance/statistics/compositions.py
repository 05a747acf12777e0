"""Shares that sum to one, expressed so that ordinary statistics apply to them."""

import numpy as np
import pandas as pd
from scipy.linalg import helmert


def centred_log_ratios(shares: pd.DataFrame) -> pd.DataFrame:
    """Logarithm of each share over the geometric mean of its row. All shares must be positive.

    Aitchison, Journal of the Royal Statistical Society B 44 (1982).
    """
    logarithms = np.log(shares)
    return logarithms.sub(logarithms.mean(axis="columns"), axis="index")


def contrasts(shares: np.ndarray) -> np.ndarray:
    """Shares (n, k) in an orthonormal basis of the differences between them, (n, k - 1).

    Shares of a constant sum have a singular covariance; their contrasts have a regular one.
    Distances do not change. Shares may be negative.
    """
    return shares @ helmert(shares.shape[1]).T
