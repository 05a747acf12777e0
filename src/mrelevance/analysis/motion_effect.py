"""The effect of motion correction on detection and on the relevance of every sequence."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from mrelevance.attribution.shares import MEASURED, share_matrix
from mrelevance.evaluation.variant_labels import label_variants
from mrelevance.runtime.errors import InputError
from mrelevance.statistics.bootstrap import paired_interval

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
    """Fraction of lesions detected, of (patients, 2): detected, present; NaN without any lesion."""
    detected, present = values.sum(axis=0)
    return np.array([detected / present if present else np.nan])


MEASURED_SHARE = "measured share"
DETECTION: dict[str, tuple[list[str], Statistic]] = {
    "median Dice": (["dice"], median),
    "lesion sensitivity": (["detected", "lesions"], sensitivity),
    "false positives per patient": (["false_positives"], mean),
}


def measure_motion_effect(
    scores: dict[str, pd.DataFrame],
    shapley: dict[str, pd.DataFrame],
    variants: dict[str, dict],
    method: str,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Compare networks trained on images of different motion correction.

    The tables are those of the study and its variants; `method` is the study's registration method.
    """
    labels = label_variants(list(scores), variants, "motion.method", method)
    effect = motion_effect(
        {labels[name]: table for name, table in scores.items()},
        {labels[name]: table for name, table in shapley.items()},
        *(resamples, confidence, seed),
    )
    return {"motion_effect": effect}


def motion_effect(
    scores: dict[str, pd.DataFrame],
    relevance: dict[str, pd.DataFrame],
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Compare detection and measured shares between motion corrections.

    Parameters
    ----------
    scores, relevance
        Tables by correction; the others are compared with the first. Of relevance, the measured
        pooled shares of the predicted tumour are compared.

    Returns
    -------
    One row per correction, measure and sequence (NA for detection): the value over the `n` patients
    who have one under every correction, and its difference to the first correction's, with
    bootstrap intervals that draw the same patients for both.

    Raises
    ------
    InputError
        No patient has a value under every correction.
    """
    rows = []

    def compare(measure: str, tables: dict[str, pd.DataFrame], statistic: Statistic, names: list):
        common = _common_patients(tables, measure)
        first = next(iter(tables.values())).loc[common].to_numpy(float)
        for correction, table in tables.items():
            values = table.loc[common].to_numpy(float)
            found = paired_interval(statistic, values, first, resamples, confidence, seed)
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
            f"{', '.join(tables)}; check the segmentations by these networks"
        )
    return common
