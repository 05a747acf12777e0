"""Where the relevance of lesions comes from, and what speaks for and against the tumour."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mrelevance.attribution.shares import sequences_of
from mrelevance.runtime.columns import check_columns
from mrelevance.statistics.bootstrap import clustered_interval

KINDS = ["TP", "FN", "FP"]
ALL = "all"
LESION = ["patient", "region", "lesion"]
NEEDED = [
    *["patient", "method", "region", "lesion", "zone", "sequence"],
    *["relevance", "positive", "negative"],
]

ZONE_COLUMNS = [
    *["method", "region", "zone", "sequence", "lesions", "patients"],
    *["median", "low", "high"],
]
EVIDENCE_COLUMNS = [
    *["method", "region", "level", "sequence", "lesions", "patients"],
    *["positive", "positive_low", "positive_high"],
    *["negative", "negative_low", "negative_high"],
    *["net", "net_low", "net_high", "lesions_against"],
]


def summarise_context(
    context: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> dict[str, pd.DataFrame]:
    """Collect the test patients' context tables; describe zones and evidence over the lesions."""
    return {
        "context": context,
        "zones": zone_summary(context, resamples, confidence, seed),
        "evidence": evidence_summary(context, resamples, confidence, seed),
    }


def zones_of(context: pd.DataFrame) -> list[str]:
    """Zones in the table's order, from the lesion outwards."""
    return list(dict.fromkeys(context["zone"]))


def zone_summary(
    context: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> pd.DataFrame:
    """Share of the relevance in each zone, over all lesions of a kind.

    `context` is the cohort's context table. One row per method, kind of region (TP, FN, FP),
    zone and sequence, `all` for all sequences together: number of lesions and of their patients,
    median share of a lesion's whole relevance, and its bootstrap interval over patients.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(context, NEEDED, "context table")
    rows = []
    for method, kind, of_kind in _kinds(context):
        for sequence in [ALL, *sequences_of(context)]:
            chosen = of_kind if sequence == ALL else of_kind[of_kind["sequence"] == sequence]
            shares = lesion_matrix(chosen, "zone", "relevance")
            found = _medians(shares, resamples, confidence, seed)
            rows += [
                [method, kind, zone, sequence, *_counts(shares), *of_zone]
                for zone, *of_zone in zip(shares.columns, *found, strict=True)
            ]
    return pd.DataFrame(rows, columns=ZONE_COLUMNS)


def evidence_summary(
    context: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> pd.DataFrame:
    """Evidence for the tumour and evidence against it, over all lesions of a kind.

    One row per method, kind of region, level and sequence (`all`: their sum). At level `voxel`,
    positive and negative are sums over the voxels of the region map that speak for the target and
    against it. At level `sequence`, they are sums over the whole sequences that do. All are
    fractions of the lesion's whole relevance: medians over lesions with bootstrap intervals over
    patients. `lesions_against` counts the lesions in which the net is below zero.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(context, NEEDED, "context table")
    rows = []
    for method, kind, of_kind in _kinds(context):
        net = lesion_matrix(of_kind, "sequence", "relevance")
        levels = {
            "voxel": [
                lesion_matrix(of_kind, "sequence", name) for name in ("positive", "negative")
            ],
            "sequence": [net.clip(lower=0), net.clip(upper=0)],
        }
        for level, (positive, negative) in levels.items():
            tables = [
                table.assign(**{ALL: table.sum(axis=1)}) for table in (positive, negative, net)
            ]
            found = [bound for t in tables for bound in _medians(t, resamples, confidence, seed)]
            against = (tables[-1] < 0).sum()
            rows += [
                [method, kind, level, sequence, *_counts(net), *of_sequence, against[sequence]]
                for sequence, *of_sequence in zip(tables[0].columns, *found, strict=True)
            ]
    return pd.DataFrame(rows, columns=EVIDENCE_COLUMNS)


def lesion_matrix(context: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    """Lesions (rows, by patient, region and lesion) x entries of `column`, summed over all else.

    `context` holds rows of one method. Lesions without a normalised voxel, whose values are NA,
    are left out.
    """
    known = context.dropna(subset=[value])
    order = list(dict.fromkeys(context[column]))
    matrix = known.pivot_table(index=LESION, columns=column, values=value, aggfunc="sum")
    return matrix.reindex(columns=order)


def _kinds(context: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    for method, of_method in context.groupby("method", sort=False):
        for kind in KINDS:
            of_kind = of_method[of_method["region"] == kind]
            if len(of_kind):
                yield method, kind, of_kind


def _counts(matrix: pd.DataFrame) -> list[int]:
    return [len(matrix), matrix.index.get_level_values("patient").nunique()]


def _medians(
    matrix: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    patients = matrix.index.get_level_values("patient").to_numpy()
    return clustered_interval(
        matrix.to_numpy(float), patients, _median, resamples, confidence, seed
    )


def _median(values: np.ndarray) -> np.ndarray:
    return np.median(values, axis=0)
