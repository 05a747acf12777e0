"""Bootstrap intervals of medians over patients."""

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
