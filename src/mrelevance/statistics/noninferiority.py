"""Is a new procedure as good as the old one, up to a margin? Differences, intervals, tests.

Both are tried on the same patients, so all comparisons are paired. The null hypothesis is that the
new procedure is worse by the margin or more; a small p speaks for it being *non-inferior*. All
tests are one-sided. Compared are scores, one per patient, or detections, of which a patient may
have several.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, wilcoxon

from mrelevance.statistics.bootstrap import FEWEST_PATIENTS, statistic_interval

HOLDS = "holds the margin"
LOSES = "loses more than the margin"
UNDECIDED = "undecided"


@dataclass(frozen=True)
class Comparison:
    """Difference of new minus old, its bootstrap interval, and p of the test."""

    difference: float
    low: float
    high: float
    p: float


def compare_scores(
    new: np.ndarray,
    old: np.ndarray,
    margin: float,
    resamples: int,
    confidence: float,
    seed: int,
) -> Comparison:
    """Compare the scores (patients,) of two procedures, such as Dice coefficients.

    The difference is that of a typical patient (`typical_difference`): a single small lesion that
    is found or missed may move a patient's Dice by half, and a mean over patients with it. The test
    is Wilcoxon's signed-rank test of `new - old + margin`, whose estimate is that difference.

    With fewer than three patients interval and p are NaN.
    """
    differences = new - old
    difference, low, high = statistic_interval(
        typical_difference,
        differences[:, np.newaxis],
        *(resamples, confidence, seed),
    )
    return Comparison(difference[0], low[0], high[0], scores_p(differences, margin))


def typical_difference(differences: np.ndarray) -> np.ndarray:
    """Median (...) of the means of all pairs of patients, each patient also paired with itself.

    `differences` is (patients, ...). Hodges & Lehmann, Annals of Mathematical Statistics 34 (1963).
    """
    first, second = np.triu_indices(len(differences))
    return np.median((differences[first] + differences[second]) / 2, axis=0)


def scores_p(differences: np.ndarray, margin: float) -> float:
    """One-sided p of Wilcoxon's signed-rank test that differences (patients,) lie above -margin."""
    if len(differences) < FEWEST_PATIENTS:
        return np.nan
    above = differences + margin
    return float(wilcoxon(above, alternative="greater").pvalue) if above.any() else 1.0


def compare_detections(
    gained: np.ndarray,
    lost: np.ndarray,
    targets: np.ndarray,
    margin: float,
    resamples: int,
    confidence: float,
    seed: int,
) -> Comparison:
    """Compare the sensitivity of two procedures, pooled over all that is to be detected.

    `targets` (patients,) counts what there is to detect in each patient, such as lesions; `gained`
    counts what only the new procedure detects, `lost` what only the old one detects. Patients are
    drawn with all their targets. With fewer than three patients interval and p are NaN; without any
    target everything is.
    """
    if not targets.sum():
        return Comparison(*[np.nan] * 4)
    difference, low, high = pooled_interval(gained - lost, targets, resamples, confidence, seed)
    p = detections_p(gained, lost, targets, margin)
    return Comparison(difference[0], low[0], high[0], p)


def pooled_interval(
    counts: np.ndarray, targets: np.ndarray, resamples: int, confidence: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts (patients,) per target with the bootstrap interval over patients, (1,) each."""
    return statistic_interval(
        lambda drawn: pooled(drawn[:, :1], drawn[:, 1]),
        np.column_stack([counts, targets]),
        *(resamples, confidence, seed),
    )


def pooled(counts: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Counts (patients, quantities) per target, (quantities,); NaN without any target."""
    total = targets.sum()
    return counts.sum(axis=0) / total if total else np.full(counts.shape[1], np.nan)


def detections_p(gained: np.ndarray, lost: np.ndarray, targets: np.ndarray, margin: float) -> float:
    """One-sided p of the score test that the sensitivity falls by less than the margin.

    Tango, Statistics in Medicine 17 (1998): the variance is that of the most likely parameters
    under which the loss equals the margin. So few targets prove little even if none was lost, where
    a bootstrap would have no spread. Targets of one patient are not independent: the variance is
    multiplied by the design effect (Rao & Scott, Biometrics 48, 1992), the variance between
    patients over that of independent targets, where this exceeds 1.

    Arguments as of `compare_detections`.
    """
    patients = int((targets > 0).sum())
    if patients < FEWEST_PATIENTS:
        return np.nan
    b, c, n = gained.sum(), lost.sum(), targets.sum()
    # Most likely share of targets gained, if the share lost is larger by the margin.
    linear = b + c - margin * (b - c) - 2 * n * margin
    root = np.sqrt(linear**2 + 8 * n * b * margin * (1 - margin))
    share_gained = (linear + root) / (4 * n)
    variance = n * (2 * share_gained + margin * (1 - margin))
    independent = b + c - (b - c) ** 2 / n
    residuals = (gained - lost) - (b - c) / n * targets
    clustered = (residuals**2).sum() * patients / (patients - 1)
    design_effect = max(clustered / independent, 1) if independent > 0 else 1
    return float(norm.sf((b - c + n * margin) / np.sqrt(variance * design_effect)))


def conclusion(comparison: Comparison, p_corrected: float, margin: float, confidence: float) -> str:
    """Whether the new procedure holds the margin, loses more, or neither is shown.

    `p_corrected` is compared with the level of one side of the interval, (1 - confidence) / 2.
    """
    if p_corrected < (1 - confidence) / 2:
        return HOLDS
    if comparison.high < -margin:
        return LOSES
    return UNDECIDED
