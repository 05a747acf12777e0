"""Type, size and visibility of lesions, and how relevance depends on them."""

import numpy as np
import pandas as pd

from mrelevance.attribution.shares import MEASURED, sequences_of
from mrelevance.runtime.columns import check_columns
from mrelevance.statistics.bootstrap import clustered_interval
from mrelevance.statistics.ranks import paired_spearman

KEYS = ["patient", "region", "lesion"]
KNOWN_TRUTH = ["TP", "FN"]
DIAMETER = "diameter_mm"
CONTRAST = "contrast"
CONSPICUITY = "contrast_to_noise"

COLUMNS = [
    *["patient", "region", "lesion", "type", "volume_ml", DIAMETER, "sequence"],
    *[CONTRAST, CONSPICUITY],
]
CORRELATION_COLUMNS = [
    *["method", "feature", "sequence", "lesions", "patients", "spearman", "low", "high"],
]


def describe_lesions(
    relevance: pd.DataFrame,
    lesions: pd.DataFrame,
    contrast: pd.DataFrame,
    conspicuity: pd.DataFrame | None,
    composite: str,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Describe every lesion, and correlate size and contrast with the relevance of sequences."""
    features = lesion_features(lesions, contrast, conspicuity)
    correlation = feature_correlation(
        relevance, features, [composite, MEASURED], resamples, confidence, seed
    )
    return {"lesion_features": features, "feature_correlation": correlation}


def lesion_features(
    lesions: pd.DataFrame, contrast: pd.DataFrame, conspicuity: pd.DataFrame | None
) -> pd.DataFrame:
    """Type, size and visibility of every true positive, false negative and false positive.

    Parameters
    ----------
    lesions
        The cohort's lesion table. As in the relevance table, a false positive is named by its
        region_id.
    contrast
        Measured contrast of every region in every sequence.
    conspicuity
        True contrast-to-noise ratio of every labelled lesion in every sequence; None where it is
        unknown.

    Returns
    -------
    One row per lesion and sequence: patient, region, lesion, type, volume_ml, diameter_mm,
    sequence, contrast (measured, in robust standard deviations of the surroundings), and
    contrast_to_noise (the truth; NA for false positives and where it is unknown).

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(
        lesions, ["patient", "region", "region_id", "lesion", "type", "volume_ml", DIAMETER],
        "lesion table",
    )  # fmt: skip
    check_columns(contrast, [*KEYS, "sequence", CONTRAST], "contrast table")
    number = lesions["lesion"].where(lesions["region"] != "FP", lesions["region_id"])
    described = lesions.assign(lesion=number)[[*KEYS, "type", "volume_ml", DIAMETER]]
    features = described.merge(contrast, on=KEYS, how="inner", validate="one_to_many")
    if conspicuity is None:
        features[CONSPICUITY] = np.nan
        return features[COLUMNS]
    check_columns(conspicuity, ["patient", "lesion", "sequence", CONSPICUITY], "conspicuity table")
    features = features.merge(
        conspicuity, on=["patient", "lesion", "sequence"], how="left", validate="many_to_one"
    )
    features.loc[~features["region"].isin(KNOWN_TRUTH), CONSPICUITY] = np.nan
    return features[COLUMNS]


def visibility(features: pd.DataFrame) -> str:
    """Column that tells how visible a lesion is: the truth where it is known, else as measured."""
    return CONSPICUITY if features[CONSPICUITY].notna().any() else CONTRAST


def shares_with_features(
    relevance: pd.DataFrame, features: pd.DataFrame, methods: list[str]
) -> pd.DataFrame:
    """Pooled share of every lesion and sequence beside the lesion's features.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(relevance, ["method", *KEYS, "sequence", "relevance_pooled"], "relevance table")
    check_columns(features, COLUMNS, "lesion features")
    shares = relevance.loc[
        relevance["method"].isin(methods),
        ["method", *KEYS, "sequence", "relevance_pooled"],
    ]
    return shares.merge(features, on=[*KEYS, "sequence"], validate="many_to_one")


def feature_correlation(
    relevance: pd.DataFrame,
    features: pd.DataFrame,
    methods: list[str],
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Do the sequences that matter change with the size and visibility of a lesion?

    Spearman's rank correlation over the true positives between the pooled share of a sequence and
    the lesion's diameter, and between it and the magnitude of the lesion's contrast in the same
    sequence (measured, and true where known). One row per method, feature and sequence, with the
    bootstrap interval over patients; NA where one of the two does not vary.

    Raises
    ------
    InputError
        A column is missing.
    """
    table = shares_with_features(relevance, features, methods)
    table = table[(table["region"] == "TP") & table["relevance_pooled"].notna()]
    rows = []
    for method, own in table.groupby("method", sort=False):
        shares = _matrix(own, "relevance_pooled")
        for feature in (DIAMETER, CONTRAST, CONSPICUITY):
            known = _matrix(own.dropna(subset=[feature]), feature).abs().dropna()
            if known.empty:
                continue
            values = np.hstack([known, shares.loc[known.index]])
            patients = known.index.get_level_values("patient").to_numpy()
            found = clustered_interval(
                values, patients, paired_spearman, resamples, confidence, seed
            )
            counts = [len(known), len(set(patients))]
            rows += [
                [method, feature, sequence, *counts, *of_sequence]
                for sequence, *of_sequence in zip(known.columns, *found, strict=True)
            ]
    return pd.DataFrame(rows, columns=CORRELATION_COLUMNS)


def _matrix(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Lesions x sequences of one column of one method's table."""
    matrix = table.pivot_table(index=KEYS, columns="sequence", values=column, sort=False)
    return matrix.reindex(columns=sequences_of(table))
