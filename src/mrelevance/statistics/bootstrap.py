"""Percentile bootstrap intervals over patients."""

from collections.abc import Callable

import numpy as np

# With fewer patients nothing is computed. Verdicts take more: `sample_size.fewest_patients`.
FEWEST_PATIENTS = 3


def median_interval(
    values: np.ndarray, resamples: int, confidence: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Median over patients with its percentile bootstrap interval.

    `values` is (patients, quantities); the result is (median, low, high), (quantities,) each.
    Whole patients are drawn, so that the quantities of one patient stay together. With fewer than
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


def single_median(
    values: np.ndarray, resamples: int, confidence: float, seed: int
) -> tuple[float, float, float]:
    """`median_interval` of a single quantity (patients,), as three numbers."""
    bounds = median_interval(values[:, np.newaxis], resamples, confidence, seed)
    return tuple(float(bound[0]) for bound in bounds)


def statistic_interval(
    statistic: Callable[[np.ndarray], np.ndarray],
    values: np.ndarray,
    resamples: int,
    confidence: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Any statistic of the patients with its percentile bootstrap interval: (value, low, high).

    `statistic` maps values (patients, ...) of at least one patient to (quantities,). A resample in
    which a quantity has no value (NaN) is left out of that quantity's interval. Otherwise as
    `median_interval`.
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


def paired_interval(
    statistic: Callable[[np.ndarray], np.ndarray],
    values: np.ndarray,
    others: np.ndarray,
    resamples: int,
    confidence: float,
    seed: int,
) -> list[np.ndarray]:
    """A statistic of `values`, and its difference to that of `others` in the same patients.

    Both arrays are (patients, ...), patient by patient; each resample draws the same patients from
    both. The result is value, low, high of the statistic and value, low, high of the difference,
    each (quantities,). Otherwise as `statistic_interval`.
    """

    def value_and_difference(patients: np.ndarray) -> np.ndarray:
        value = statistic(values[patients])
        return np.concatenate([value, value - statistic(others[patients])])

    everyone = np.arange(len(values))
    found = statistic_interval(value_and_difference, everyone, resamples, confidence, seed)
    quantities = len(found[0]) // 2
    return [*(bound[:quantities] for bound in found), *(bound[quantities:] for bound in found)]


def clustered_interval(
    values: np.ndarray,
    patients: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    resamples: int,
    confidence: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Statistic over units of which a patient has several, with its percentile interval.

    Units of one patient, such as lesions, are not independent. Therefore a patient is drawn with
    all of them (cluster bootstrap). `values` is (units, quantities), `patients` (units,) names the
    patient of each unit; `statistic` maps the values of any number of units to one or more
    numbers. The result is (statistic, low, high); with units of fewer than three patients the
    interval is NaN, without any unit the statistic too.

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
