"""Does relevance differ between sequences? Intervals and tests over the patients.

Every table has a column `measure`: `relevance` is the mean over the voxels of a region of each
voxel's shares, `relevance_pooled` the shares of the region's summed relevance. All use the whole
predicted tumour of each patient.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare, wilcoxon

from mrelevance.attribution.shares import MEASURES, methods_of, share_matrix
from mrelevance.runtime.errors import InputError
from mrelevance.statistics.bootstrap import FEWEST_PATIENTS, median_interval


def intervals(
    relevance: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> pd.DataFrame:
    """Median share with its bootstrap interval over patients, per method and sequence.

    Columns: measure, method, sequence, n (patients), median, ci_low, ci_high; the interval is
    NA with fewer than three patients.

    Raises
    ------
    InputError
        See `share_matrix`.
    """
    tables = []
    for measure, method, shares in _matrices(relevance):
        median, low, high = median_interval(shares.to_numpy(), resamples, confidence, seed)
        tables.append(
            pd.DataFrame(
                {
                    "measure": measure,
                    "method": method,
                    "sequence": shares.columns,
                    "n": len(shares),
                    "median": median,
                    "ci_low": low,
                    "ci_high": high,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def friedman(relevance: pd.DataFrame) -> pd.DataFrame:
    """Friedman test: do the sequences' shares differ, and do the patients agree in how?

    Columns: measure, method, n (patients), sequences, chi2, p, kendall_w. Kendall's
    W = chi2 / (n (k - 1)) for k sequences: 0 if patients rank the sequences at random, 1 if all
    rank them alike. NA with fewer than three patients or sequences, or if all shares are equal.

    Kendall & Babington Smith, Annals of Mathematical Statistics 10 (1939).
    """
    rows = []
    for measure, method, shares in _matrices(relevance):
        patients, sequences = shares.shape
        chi2, p = np.nan, np.nan
        all_tied = not np.ptp(shares.to_numpy(), axis=1).any()
        if patients >= FEWEST_PATIENTS and sequences >= 3 and not all_tied:
            chi2, p = friedmanchisquare(*shares.to_numpy().T)
        rows.append(
            {
                "measure": measure,
                "method": method,
                "n": patients,
                "sequences": sequences,
                "chi2": chi2,
                "p": p,
                "kendall_w": chi2 / (patients * (sequences - 1)) if chi2 == chi2 else np.nan,
            }
        )
    return pd.DataFrame(rows)


def pairwise(relevance: pd.DataFrame) -> pd.DataFrame:
    """Wilcoxon signed-rank test of every pair of sequences, Holm-corrected per method.

    Shares sum to one, so where all shares of a method are positive they are compared as
    centred log-ratios (Aitchison 1982); the logarithm is undefined for the negative shares that
    other rules give, and those are compared as they are. The column `scale` (log-ratio or share)
    says which, and median_difference, a minus b, is on that scale.

    Columns: measure, method, sequence_a, sequence_b, n (patients), scale, median_difference,
    statistic, p, p_holm; statistic and p are NA with fewer than three patients.
    """
    tables = []
    for measure, method, shares in _matrices(relevance):
        positive = bool((shares > 0).all(axis=None))
        values = centred_log_ratios(shares) if positive else shares
        rows = []
        for a, b in combinations(values.columns, 2):
            difference = (values[a] - values[b]).to_numpy()
            statistic, p = _signed_rank(difference)
            rows.append(
                {
                    "measure": measure,
                    "method": method,
                    "sequence_a": a,
                    "sequence_b": b,
                    "n": len(difference),
                    "scale": "log-ratio" if positive else "share",
                    "median_difference": np.median(difference) if len(difference) else np.nan,
                    "statistic": statistic,
                    "p": p,
                }
            )
        table = pd.DataFrame(rows)
        if rows:
            table["p_holm"] = holm(table["p"].to_numpy())
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def centred_log_ratios(shares: pd.DataFrame) -> pd.DataFrame:
    """Logarithm of each share over the geometric mean of its patient's shares.

    Aitchison, Journal of the Royal Statistical Society B 44 (1982).
    """
    logarithms = np.log(shares)
    return logarithms.sub(logarithms.mean(axis="columns"), axis="index")


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down correction of p values for their number; NaN in, NaN out.

    Holm, Scandinavian Journal of Statistics 6 (1979).
    """
    from statsmodels.stats.multitest import multipletests

    if np.isnan(p).any():
        return np.full(len(p), np.nan)
    return multipletests(p, method="holm")[1]


def _signed_rank(difference: np.ndarray) -> tuple[float, float]:
    if len(difference) < FEWEST_PATIENTS:
        return np.nan, np.nan
    if not difference.any():
        return 0.0, 1.0
    result = wilcoxon(difference)
    return float(result.statistic), float(result.pvalue)


def _matrices(relevance: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    if relevance.empty:
        raise InputError(
            "relevance table: it has no row; the network found no tumour in any test patient "
            "and there is none to miss, check segmentation scores and labels"
        )
    for measure in MEASURES:
        for method in methods_of(relevance):
            yield measure, method, share_matrix(relevance, method, measure)
