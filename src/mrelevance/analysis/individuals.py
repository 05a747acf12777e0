"""The individual against the population: whose shares are unlike the others', and why."""

import numpy as np
import pandas as pd
from scipy.linalg import helmert
from scipy.stats import f as f_distribution
from scipy.stats import median_abs_deviation
from sklearn.covariance import ledoit_wolf

from mrelevance.analysis.lesion_features import visibility
from mrelevance.analysis.relevance_tests import holm
from mrelevance.attribution.shares import share_matrix
from mrelevance.runtime.columns import check_columns

SIGNIFICANT = 0.05
UNUSUAL = 3.5  # a modified z-score beyond it is an outlier (Iglewicz & Hoaglin 1993)

DISTANCE_COLUMNS = ["patient", "method", "n", "distance", "p", "p_holm", "outlying"]
DIFFERENCE_COLUMNS = [
    *["patient", "method", "kind", "quantity", "value", "others_median", "z", "unusual"],
]


def pattern_distances(relevance: pd.DataFrame, methods: list[str]) -> pd.DataFrame:
    """Distance of each patient's pooled shares from those of all others, per method.

    Mahalanobis distance from the mean of the *other* patients (leave one out), in units of their
    spread. Shares sum to one, so they are expressed in an orthonormal basis of the differences
    between sequences, where the covariance is regular; it is shrunk (Ledoit & Wolf 2004), as the
    patients are few. `p` is that of a new patient from the same normal population (Hotelling),
    `p_holm` corrected for the number of patients, `outlying` 1 where it is below 0.05. p is NA with
    fewer patients than sequences plus two.

    Columns: patient, method, n (patients), distance, p, p_holm, outlying.

    Raises
    ------
    InputError
        See `share_matrix`.
    """
    tables = []
    for method in methods:
        shares = share_matrix(relevance, method, "relevance_pooled")
        distance, p = leave_one_out(shares.to_numpy())
        corrected = holm(p) if len(p) else p
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


def leave_one_out(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance and p of each row of shares (patients, sequences) from all others."""
    patients, sequences = shares.shape
    others, dimensions = patients - 1, sequences - 1
    distance, p = np.full(patients, np.nan), np.full(patients, np.nan)
    if others <= dimensions + 1:
        return distance, p
    points = shares @ helmert(sequences).T  # (patients, sequences - 1)
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


def pattern_differences(
    relevance: pd.DataFrame, features: pd.DataFrame, methods: list[str]
) -> pd.DataFrame:
    """What is different about each patient: shares of the sequences, and known features.

    `features` is the table of `patient_features`. One row per patient, method (NA for features)
    and quantity: its value, the median of the other patients, and `z`, the difference in robust
    standard deviations (1.4826 times the median absolute deviation) of the others; `unusual` is 1
    where that exceeds 3.5. z is NA where the others do not vary, or are fewer than three.

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
                middle, z = _robust_z(value, values.drop(patient).to_numpy(float))
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

    From the cohort's tables of scores, lesions, motion and lesion features: Dice and lesions, their
    size, the share of each type among them, how visible they are (median magnitude over the
    labelled lesions, per sequence), and the motion that is left (mean over the sequences of the
    error in the liver, where it is known, else of the consistency of the registrations).

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(scores, ["patient", "dice", "lesions", "false_positives"], "scores table")
    check_columns(
        lesions, ["patient", "region", "type", "volume_ml", "diameter_mm"], "lesion table"
    )
    check_columns(motion, ["patient", "error_after_mm", "consistency_p95_mm"], "motion table")
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
    column = "error_after_mm" if known else "consistency_p95_mm"
    name = "motion left, mm" if known else "inconsistency of registration, mm"
    found.append(_long(remaining.groupby("patient")[column].mean(), name))
    return pd.concat(found, ignore_index=True).dropna()


def _long(values: pd.Series, quantity: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"patient": values.index, "quantity": quantity, "value": values.to_numpy(float)}
    )


def _robust_z(value: float, others: np.ndarray) -> tuple[float, float]:
    """Median of the others, and the modified z-score of a value among them."""
    middle = float(np.median(others)) if len(others) else np.nan
    spread = median_abs_deviation(others, scale="normal") if len(others) >= 3 else 0
    return middle, (value - middle) / spread if spread > 0 else np.nan
