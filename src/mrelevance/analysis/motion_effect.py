"""What motion correction changes: detection and the relevance of every sequence."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from mrelevance.attribution.shares import MEASURED, share_matrix
from mrelevance.runtime.errors import InputError
from mrelevance.statistics.bootstrap import statistic_interval

Statistic = Callable[[np.ndarray], np.ndarray]

COLUMNS = [
    *["correction", "measure", "sequence", "n", "value", "low", "high"],
    *["difference", "difference_low", "difference_high"],
]


def median(values: np.ndarray) -> np.ndarray:
    """Median over patients of (patients, quantities)."""
    return np.median(values, axis=0)


def mean(values: np.ndarray) -> np.ndarray:
    """Mean over patients of (patients, quantities)."""
    return values.mean(axis=0)


def sensitivity(values: np.ndarray) -> np.ndarray:
    """Lesions detected per lesion, of (patients, 2): detected, present; NaN without any."""
    detected, present = values.sum(axis=0)
    return np.array([detected / present if present else np.nan])


MEASURED_SHARE = "measured share"
DETECTION: dict[str, tuple[list[str], Statistic]] = {
    "median Dice": (["dice"], median),
    "lesion sensitivity": (["detected", "lesions"], sensitivity),
    "false positives per patient": (["false_positives"], mean),
}


def motion_effect(
    scores: dict[str, pd.DataFrame],
    relevance: dict[str, pd.DataFrame],
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Compare networks trained on images of more and of less motion correction.

    Parameters
    ----------
    scores, relevance
        The study's tables by correction, the one to compare with first. Of relevance the measured
        pooled shares of the predicted tumour are compared, `measured share` of each sequence.

    Returns
    -------
    One row per correction, measure and sequence (NA for detection): the value over the `n` patients
    that every correction has, and its difference to the first correction's, with percentile
    bootstrap intervals that draw the same patients for both.

    Raises
    ------
    InputError
        No patient is common to all.
    """
    rows = []

    def compare(measure: str, tables: dict[str, pd.DataFrame], statistic: Statistic, names: list):
        common = _common_patients(tables, measure)
        baseline = next(iter(tables.values())).loc[common].to_numpy(float)
        for correction, table in tables.items():
            values = table.loc[common].to_numpy(float)
            found = _intervals(values, baseline, statistic, resamples, confidence, seed)
            rows.extend(
                [correction, measure, name, len(common), *of_name]
                for name, *of_name in zip(names, *found, strict=True)
            )

    for measure, (columns, statistic) in DETECTION.items():
        tables = {
            correction: table.set_index("patient")[columns].dropna()
            for correction, table in scores.items()
        }
        compare(measure, tables, statistic, [None])
    shares = {
        correction: share_matrix(table, MEASURED, "relevance_pooled")
        for correction, table in relevance.items()
    }
    compare(MEASURED_SHARE, shares, median, list(next(iter(shares.values())).columns))
    return pd.DataFrame(rows, columns=COLUMNS)


def _common_patients(tables: dict[str, pd.DataFrame], measure: str) -> list[str]:
    first, *others = tables.values()
    common = [name for name in first.index if all(name in other.index for other in others)]
    if not common:
        raise InputError(
            f"motion effect, {measure}: no patient has a value under each of "
            f"{', '.join(tables)}; look at these networks' segmentations"
        )
    return common


def _intervals(
    values: np.ndarray,
    baseline: np.ndarray,
    statistic: Statistic,
    resamples: int,
    confidence: float,
    seed: int,
) -> list[np.ndarray]:
    """Value and difference of a statistic, each as (point, low, high)."""

    def value_and_difference(patients: np.ndarray) -> np.ndarray:
        value = statistic(values[patients])
        return np.concatenate([value, value - statistic(baseline[patients])])

    everyone = np.arange(len(values))
    found = statistic_interval(value_and_difference, everyone, resamples, confidence, seed)
    quantities = len(found[0]) // 2
    return [*(bound[:quantities] for bound in found), *(bound[quantities:] for bound in found)]
