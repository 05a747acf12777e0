"""How far does each attribution method agree with the measurement?

The measurement is the exact Shapley value of each sequence, obtained from forward passes alone.
"""

import pandas as pd

from mrelevance.attribution.shares import MEASURED, methods_of, share_matrix
from mrelevance.evaluation.baseline_contrast import (
    contrast_by_patient,
    depends_on_contrast,
    doubt,
)
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import counted
from mrelevance.statistics.bootstrap import single_median
from mrelevance.statistics.ranks import rank_agreement
from mrelevance.statistics.sample_size import fewest_patients

# What a method must reach: the median of Kendall's tau, the median of the L1 distance, and the
# fraction of patients whose first sequence is right.
FOLLOWS = {"tau": 0.9, "l1": 0.35, "first": 0.95}
APPROXIMATES = {"tau": 0.7, "l1": 0.7, "first": 0.8}

AGREEMENT_COLUMNS = [
    *["patient", "method", "kendall_tau", "same_first", "l1_distance"],
    "baseline_contrast",
]
SUMMARY_COLUMNS = [
    *["method", "n", "kendall_tau", "tau_low", "tau_high"],
    *["l1_distance", "l1_low", "l1_high", "same_first", "baseline_contrast", "verdict"],
]


def compare_methods(
    relevance: pd.DataFrame,
    occlusion: pd.DataFrame,
    gradient_methods: pd.DataFrame,
    shapley: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Compare the shares by every method with the measured ones, patient by patient."""
    tables = [relevance, occlusion, gradient_methods, shapley]
    return {"agreement": agreement(pd.concat(tables, ignore_index=True))}


def summarise_agreement(
    agreement: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> dict[str, pd.DataFrame]:
    """Summarise over the patients how well every method agrees with the measurement."""
    return {"agreement_summary": agreement_summary(agreement, resamples, confidence, seed)}


def agreement(relevance: pd.DataFrame) -> pd.DataFrame:
    """Compare every method's shares with the Shapley values, per patient.

    The shares are the pooled shares of the predicted tumour. Columns: patient, method, kendall_tau
    (rank correlation over the sequences, NA where either has equal shares throughout), same_first
    (1 if the same sequence comes first), l1_distance (0 if equal, 2 if all of the relevance lies on
    another sequence, more where shares are negative), baseline_contrast (for methods that start
    from a baseline, see `Explanation`; NA where the network does not normalise by the image).

    Raises
    ------
    InputError
        The table holds no Shapley values, or see `share_matrix`.
    """
    measured = share_matrix(relevance, MEASURED, "relevance_pooled")
    contrasts = contrast_by_patient(relevance)
    rows = []
    for method in methods_of(relevance):
        if method == MEASURED:
            continue
        known = contrasts if depends_on_contrast(method) else {}
        shares = share_matrix(relevance, method, "relevance_pooled")
        for patient in shares.index.intersection(measured.index, sort=False):
            of_method, truth = shares.loc[patient], measured.loc[patient]
            rows.append(
                {
                    "patient": patient,
                    "method": method,
                    "kendall_tau": rank_agreement(of_method, truth),
                    "same_first": int(of_method.idxmax() == truth.idxmax()),
                    "l1_distance": float((of_method - truth).abs().sum()),
                    "baseline_contrast": known.get(patient, float("nan")),
                }
            )
    return pd.DataFrame(rows, columns=AGREEMENT_COLUMNS)


def agreement_summary(
    agreement: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> pd.DataFrame:
    """Agreement over the patients, and a verdict, per method.

    Columns: method, n (patients), kendall_tau, tau_low, tau_high, l1_distance, l1_low,
    l1_high (medians and bootstrap intervals), same_first (number of patients), baseline_contrast
    (the smallest), verdict:

    - `not to be trusted: ...`: normalisation blows up the baseline of a patient;
    - `follows the measurement`: tau >= 0.9, L1 <= 0.35, first sequence right in >= 95 %;
    - `approximates the measurement: ...`: tau >= 0.7, L1 <= 0.7, first right in >= 80 %;
    - `misleading: ...` otherwise; both name the criteria that were missed;
    - `not judged: ...` with fewer patients than an interval takes (`fewest_patients`).

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(agreement, AGREEMENT_COLUMNS, "agreement table")
    fewest = fewest_patients(1 - confidence)
    rows = []
    for method, of_method in agreement.groupby("method", sort=False):
        tau = _median(of_method["kendall_tau"], resamples, confidence, seed)
        distance = _median(of_method["l1_distance"], resamples, confidence, seed)
        first = int(of_method["same_first"].sum())
        contrast = float(of_method["baseline_contrast"].min())
        rows.append(
            {
                "method": method,
                "n": len(of_method),
                **dict(zip(["kendall_tau", "tau_low", "tau_high"], tau, strict=True)),
                **dict(zip(["l1_distance", "l1_low", "l1_high"], distance, strict=True)),
                "same_first": first,
                "baseline_contrast": contrast,
                "verdict": doubt(contrast)
                or verdict(tau[0], distance[0], first, len(of_method), fewest),
            }
        )
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)


def verdict(tau: float, distance: float, first: int, patients: int, fewest: int) -> str:
    """How far a method agrees with the measurement, by the thresholds of `agreement_summary`.

    With fewer than `fewest` patients it is not judged.
    """
    if patients < fewest:
        return f"not judged: {counted(patients, 'patient')}"
    missed = _missed(FOLLOWS, tau, distance, first / patients)
    if not missed:
        return "follows the measurement"
    missed_both = _missed(APPROXIMATES, tau, distance, first / patients)
    reasons = {
        "first": f"first sequence right in {first}/{patients}",
        "tau": f"order differs (tau {tau:.2f})",
        "l1": f"amounts differ (L1 {distance:.2f})",
    }
    if missed_both:
        return "misleading: " + ", ".join(reasons[name] for name in missed_both)
    return "approximates the measurement: " + ", ".join(reasons[name] for name in missed)


def _missed(criteria: dict[str, float], tau: float, distance: float, first: float) -> list[str]:
    reached = {
        "first": first >= criteria["first"],
        "tau": tau >= criteria["tau"],
        "l1": distance <= criteria["l1"],
    }
    return [name for name, is_reached in reached.items() if not is_reached]


def _median(
    values: pd.Series, resamples: int, confidence: float, seed: int
) -> tuple[float, float, float]:
    return single_median(values.dropna().to_numpy(dtype=float), resamples, confidence, seed)
