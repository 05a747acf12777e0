"""Does relevance differ between sequences? Intervals and tests over the patients.

Every table has a column `measure`: `relevance` is the mean over the voxels of a region of each
voxel's shares, `relevance_pooled` the shares of the region's summed relevance. All use the whole
predicted tumour of each patient.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from mrelevance.attribution.shares import HALVES, MEASURES, methods_of, share_matrix
from mrelevance.runtime.errors import InputError
from mrelevance.statistics.bootstrap import median_interval
from mrelevance.statistics.compositions import centred_log_ratios
from mrelevance.statistics.multiplicity import holm
from mrelevance.statistics.rank_tests import friedman_test, signed_rank


def summarise_relevance(
    relevance: pd.DataFrame, occlusion: pd.DataFrame, shapley: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Collect the test patients' relevance by every composite, and what is measured.

    Measured are the Shapley values and, from the table of the occlusions, the halves.
    """
    halves = occlusion[occlusion["method"] == HALVES]
    return {"relevance": pd.concat([relevance, halves, shapley], ignore_index=True)}


def compare_sequences(
    relevance: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> dict[str, pd.DataFrame]:
    """Test whether the sequences' relevance differs over the patients."""
    return {
        "intervals": intervals(relevance, resamples, confidence, seed),
        "friedman": friedman(relevance),
        "pairwise": pairwise(relevance),
    }


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

    Columns: measure, method, n (patients), sequences, chi2, p, kendall_w; see `friedman_test`.

    Raises
    ------
    InputError
        See `share_matrix`.
    """
    rows = []
    for measure, method, shares in _matrices(relevance):
        patients, sequences = shares.shape
        chi2, p, concordance = friedman_test(shares.to_numpy())
        rows.append(
            {
                "measure": measure,
                "method": method,
                "n": patients,
                "sequences": sequences,
                "chi2": chi2,
                "p": p,
                "kendall_w": concordance,
            }
        )
    return pd.DataFrame(rows)


def pairwise(relevance: pd.DataFrame) -> pd.DataFrame:
    """Wilcoxon signed-rank test of every pair of sequences, Holm-corrected per method.

    Shares sum to one. Where all shares of a method are positive, they are therefore compared as
    centred log-ratios (Aitchison 1982). Negative shares have no logarithm; the shares of such a
    method are compared as they are. Column `scale` (log-ratio or share) says which, and
    median_difference, a minus b, is on that scale.

    Columns: measure, method, sequence_a, sequence_b, n (patients), scale, median_difference,
    statistic, p, p_holm; statistic and p are NA with fewer than three patients.

    Raises
    ------
    InputError
        See `share_matrix`.
    """
    tables = []
    for measure, method, shares in _matrices(relevance):
        positive = bool((shares > 0).all(axis=None))
        values = centred_log_ratios(shares) if positive else shares
        rows = []
        for a, b in combinations(values.columns, 2):
            difference = (values[a] - values[b]).to_numpy()
            statistic, p = signed_rank(difference)
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


def _matrices(relevance: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    if relevance.empty:
        raise InputError(
            "relevance table: it has no row, because no test patient has a predicted or labelled "
            "tumour; check the segmentation scores and the labels"
        )
    for measure in MEASURES:
        for method in methods_of(relevance):
            yield measure, method, share_matrix(relevance, method, measure)
