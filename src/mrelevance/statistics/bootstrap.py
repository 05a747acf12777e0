"""Bootstrap intervals over patients."""

from collections.abc import Callable

import numpy as np

# Below this number of patients no interval and no test says anything.
FEWEST_PATIENTS = 3


def median_interval(
    values: np.ndarray, resamples: int, confidence: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Median over patients with its percentile bootstrap interval.

    `values` is (patients, quantities); the result is (median, low, high), one value per quantity.
    Whole patients are drawn, so quantities of one patient stay together. With fewer than
    three patients the interval is NaN, without any the median too.

    Efron & Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
    """
    patients, quantities = values.shape
    unknown = np.full(quantities, np.nan)
    if patients == 0:
        return unknown, unknown, unknown
    median = np.median(values, axis=0)
    if patients < FEWEST_PATIENTS:
        return median, unknown, unknown
    draws = np.random.default_rng(seed).integers(patients, size=(resamples, patients))
    medians = np.median(values[draws], axis=1)  # (resamples, quantities)
    tail = (1 - confidence) / 2
    low, high = np.quantile(medians, [tail, 1 - tail], axis=0)
    return median, low, high


def statistic_interval(
    statistic: Callable[[np.ndarray], np.ndarray],
    values: np.ndarray,
    resamples: int,
    confidence: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Any statistic of the patients with its percentile bootstrap interval: (value, low, high).

    `statistic` maps values (patients, ...) of at least one patient to (quantities,). Resamples in
    which a quantity is NaN, because it has no value there, are left out of its interval. Otherwise
    as `median_interval`.
    """
    value = statistic(values)
    unknown = np.full(len(value), np.nan)
    if len(values) < FEWEST_PATIENTS:
        return value, unknown, unknown
    draws = np.random.default_rng(seed).integers(len(values), size=(resamples, len(values)))
    drawn = np.array([statistic(values[draw]) for draw in draws])  # (resamples, quantities)
    tail = (1 - confidence) / 2
    known = [quantity[~np.isnan(quantity)] for quantity in drawn.T]
    bounds = [np.quantile(q, [tail, 1 - tail]) if len(q) else [np.nan, np.nan] for q in known]
    low, high = np.transpose(bounds)
    return value, low, high


def lesion_interval(
    values: np.ndarray,
    patients: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    resamples: int,
    confidence: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Statistic over lesions with its percentile interval; whole patients are drawn.

    Lesions of one patient are not independent, so a patient is drawn with all of them (cluster
    bootstrap). `values` is (lesions, quantities), `patients` names the patient of each lesion;
    `statistic` maps values of any number of lesions to one or more numbers. The result is
    (statistic, low, high); with lesions of fewer than three patients the interval is NaN, without
    any lesion the statistic too.

    Davison & Hinkley, Bootstrap Methods and Their Application (1997), section 3.8.
    """
    if not len(values):
        unknown = np.full(values.shape[1], np.nan)
        return unknown, unknown, unknown
    members = [np.flatnonzero(patients == name) for name in dict.fromkeys(patients)]

    def of_patients(drawn: np.ndarray) -> np.ndarray:
        return statistic(values[np.concatenate([members[patient] for patient in drawn])])

    everyone = np.arange(len(members))
    return statistic_interval(of_patients, everyone, resamples, confidence, seed)
