"""Tests of paired values by their ranks. With too few patients they give NaN."""

import numpy as np
from scipy.stats import friedmanchisquare, wilcoxon

from mrelevance.statistics.bootstrap import FEWEST_PATIENTS

FEWEST_CONDITIONS = 3


def signed_rank(differences: np.ndarray) -> tuple[float, float]:
    """Statistic and two-sided p of Wilcoxon's signed-rank test of differences (patients,)."""
    if len(differences) < FEWEST_PATIENTS:
        return np.nan, np.nan
    if not differences.any():
        return 0.0, 1.0
    result = wilcoxon(differences)
    return float(result.statistic), float(result.pvalue)


def friedman_test(values: np.ndarray) -> tuple[float, float, float]:
    """Chi-squared, p and Kendall's W of the Friedman test of values (patients, conditions).

    Kendall's W = chi2 / (n (k - 1)) for n patients and k conditions: 0 if the patients rank the
    conditions at random, 1 if all rank them alike. NaN with fewer than three patients or
    conditions, or if each patient has equal values throughout.

    Kendall & Babington Smith, Annals of Mathematical Statistics 10 (1939).
    """
    patients, conditions = values.shape
    all_tied = not np.ptp(values, axis=1).any()
    if patients < FEWEST_PATIENTS or conditions < FEWEST_CONDITIONS or all_tied:
        return np.nan, np.nan, np.nan
    chi2, p = friedmanchisquare(*values.T)
    return chi2, p, chi2 / (patients * (conditions - 1))
