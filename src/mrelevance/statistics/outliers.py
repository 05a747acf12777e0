"""How unlike all others is one of them?"""

import numpy as np
from scipy.stats import f as f_distribution
from scipy.stats import median_abs_deviation
from sklearn.covariance import ledoit_wolf

# A median absolute deviation of fewer values says nothing.
FEWEST_OTHERS = 3


def leave_one_out(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mahalanobis distance and p value of each point (n, dimensions) from all others, (n,) each.

    Mean and covariance are those of the other points. The covariance is shrunk (Ledoit & Wolf,
    Journal of Multivariate Analysis 88, 2004), because the points may be few. p is that of a new
    point from the same normal population (Hotelling's T-squared). Both are NaN where the others
    number no more than the dimensions plus one.
    """
    count, dimensions = points.shape
    others = count - 1
    distance, p = np.full(count, np.nan), np.full(count, np.nan)
    if others <= dimensions + 1:
        return distance, p
    for index, point in enumerate(points):
        rest = np.delete(points, index, axis=0)
        offset = point - rest.mean(axis=0)
        covariance = ledoit_wolf(rest)[0] * others / (others - 1)
        squared = offset @ np.linalg.pinv(covariance) @ offset
        statistic = squared * others / (others + 1) * (others - dimensions)
        statistic /= dimensions * (others - 1)
        distance[index] = np.sqrt(squared)
        p[index] = f_distribution.sf(statistic, dimensions, others - dimensions)
    return distance, p


def robust_z(value: float, others: np.ndarray) -> tuple[float, float]:
    """Median of the others (n,), and the modified z-score of a value among them.

    The z-score is the difference to the median in units of 1.4826 times the median absolute
    deviation (Iglewicz & Hoaglin 1993); NaN where the others do not vary or are fewer than three.
    """
    middle = float(np.median(others)) if len(others) else np.nan
    enough = len(others) >= FEWEST_OTHERS
    spread = median_abs_deviation(others, scale="normal") if enough else 0
    return middle, (value - middle) / spread if spread > 0 else np.nan
