"""The individual against the population: whose shares are unlike the others', and why."""

import logging

import pandas as pd

from mrelevance.analysis.lesion_features import visibility
from mrelevance.attribution.shares import MEASURED, share_matrix
from mrelevance.runtime.columns import check_columns
from mrelevance.statistics.compositions import contrasts
from mrelevance.statistics.multiplicity import holm
from mrelevance.statistics.outliers import leave_one_out, robust_z

SIGNIFICANT = 0.05
UNUSUAL = 3.5  # a modified z-score beyond it is an outlier (Iglewicz & Hoaglin 1993)

DISTANCE_COLUMNS = ["patient", "method", "n", "distance", "p", "p_holm", "outlying"]
DIFFERENCE_COLUMNS = [
    *["patient", "method", "kind", "quantity", "value", "others_median", "z", "unusual"],
]

logger = logging.getLogger(__name__)


def compare_patients(
    relevance: pd.DataFrame,
    scores: pd.DataFrame,
    lesions: pd.DataFrame,
    motion: pd.DataFrame,
    features: pd.DataFrame,
    composite: str,
) -> dict[str, pd.DataFrame]:
    """Compare each patient's shares, by the composite and as measured, with those of all others.

    The tables are the cohort's; `features` are those of the lesions.
    """
    methods = [composite, MEASURED]
    distances = pattern_distances(relevance, methods)
    known = patient_features(scores, lesions, motion, features)
    outlying = distances[distances["outlying"] == 1]
    logger.info("outlying patients:\n%s", outlying.to_string(index=False))
    return {
        "individuals": distances,
        "individual_differences": pattern_differences(relevance, known, methods),
    }


def pattern_distances(relevance: pd.DataFrame, methods: list[str]) -> pd.DataFrame:
    """Distance of each patient's pooled shares from those of all others, per method.

    Mahalanobis distance of the shares' contrasts from the mean of the *other* patients, in units of
    their spread; see `leave_one_out`. `p_holm` is `p` corrected for the number of patients,
    `outlying` is 1 where it is below 0.05. Distance and p are NA with fewer patients than sequences
    plus two.

    Columns: patient, method, n (patients), distance, p, p_holm, outlying.

    Raises
    ------
    InputError
        See `share_matrix`.
    """
    tables = []
    for method in methods:
        shares = share_matrix(relevance, method, "relevance_pooled")
        distance, p = leave_one_out(contrasts(shares.to_numpy()))
        corrected = holm(p)
        tables.append(
            pd.DataFrame(
                {
                    "patient": shares.index,
                    "method": method,
                    "n": len(shares),
                    "distance": distance,
                    "p": p,
                    "p_holm": corrected,
                    "outlying": (corrected < SIGNIFICANT).astype(int),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)[DISTANCE_COLUMNS]


def pattern_differences(
    relevance: pd.DataFrame, features: pd.DataFrame, methods: list[str]
) -> pd.DataFrame:
    """What is different about each patient: shares of the sequences, and known features.

    `features` is the table of `patient_features`. One row per patient, method (NA for features)
    and quantity: its value, the median of the other patients, and the modified z-score `z` (see
    `robust_z`). `unusual` is 1 where the magnitude of z exceeds 3.5.

    Raises
    ------
    InputError
        A column is missing, or see `share_matrix`.
    """
    check_columns(features, ["patient", "quantity", "value"], "patient features")
    matrices = {
        (method, "share"): share_matrix(relevance, method, "relevance_pooled") for method in methods
    }
    order = list(dict.fromkeys(features["quantity"]))
    known = features.pivot_table(index="patient", columns="quantity", values="value", sort=False)
    matrices[None, "feature"] = known.reindex(columns=order)
    rows = []
    for (method, kind), matrix in matrices.items():
        for quantity, values in matrix.items():
            values = values.dropna()
            for patient, value in values.items():
                middle, z = robust_z(value, values.drop(patient).to_numpy(float))
                unusual = int(abs(z) > UNUSUAL)
                rows.append([patient, method, kind, quantity, value, middle, z, unusual])
    return pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS)


def patient_features(
    scores: pd.DataFrame,
    lesions: pd.DataFrame,
    motion: pd.DataFrame,
    lesion_features: pd.DataFrame,
) -> pd.DataFrame:
    """What is known of each test patient, as patient, quantity, value.

    From the cohort's tables of scores, lesions, motion and lesion features: Dice; number, size and
    types of the lesions; their visibility (median magnitude over the labelled lesions, per
    sequence); and the motion that is left after correction (mean over the sequences of the error
    in the liver where it is known, else of the expected error).

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(scores, ["patient", "dice", "lesions", "false_positives"], "scores table")
    check_columns(
        lesions, ["patient", "region", "type", "volume_ml", "diameter_mm"], "lesion table"
    )
    check_columns(motion, ["patient", "error_after_mm", "expected_error_mm"], "motion table")
    check_columns(lesion_features, ["patient", "region", "sequence"], "lesion features")
    found = [
        _long(scores.set_index("patient")[column], name)
        for column, name in {
            "dice": "Dice",
            "lesions": "lesions",
            "false_positives": "false positives",
        }.items()
    ]
    labelled = lesions[lesions["region"] != "FP"]
    by_patient = labelled.groupby("patient", sort=False)
    found.append(_long(by_patient["volume_ml"].sum(), "labelled tumour, mL"))
    found.append(_long(by_patient["diameter_mm"].max(), "largest lesion, mm"))
    for kind in sorted(set(labelled["type"]) - {"unknown"}):
        share = (labelled["type"] == kind).groupby(labelled["patient"]).mean()
        found.append(_long(share, f"{kind}, share of lesions"))
    measure = visibility(lesion_features)
    visible = lesion_features[lesion_features["region"] != "FP"]
    for sequence, own in visible.groupby("sequence", sort=False):
        magnitude = own[measure].abs().groupby(own["patient"]).median()
        found.append(_long(magnitude, f"contrast in {sequence}"))
    remaining = motion[motion["patient"].isin(scores["patient"])]
    known = remaining["error_after_mm"].notna().any()
    column = "error_after_mm" if known else "expected_error_mm"
    name = "motion left, mm" if known else "expected error of registration, mm"
    found.append(_long(remaining.groupby("patient")[column].mean(), name))
    return pd.concat(found, ignore_index=True).dropna()


def _long(values: pd.Series, quantity: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"patient": values.index, "quantity": quantity, "value": values.to_numpy(float)}
    )
