"""Worked examples by other formulas, and error rates under simulation."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, norm

from mrelevance.statistics.multiplicity import holm
from mrelevance.statistics.noninferiority import (
    HOLDS,
    LOSES,
    UNDECIDED,
    Comparison,
    compare_detections,
    compare_scores,
    conclusion,
    detections_p,
    scores_p,
    typical_difference,
)

BOOTSTRAP = {"resamples": 400, "confidence": 0.95, "seed": 3}
DIFFERENCES = np.array([-0.031, 0.012, -0.004, -0.018, 0.007, -0.009, 0.021, -0.002])
LEVEL = 0.025


def test_typical_difference_is_the_median_of_all_pairs_means():
    pairs = [(a + b) / 2 for i, a in enumerate(DIFFERENCES) for b in DIFFERENCES[i:]]
    assert typical_difference(DIFFERENCES) == pytest.approx(np.median(pairs))
    columns = np.column_stack([DIFFERENCES, DIFFERENCES + 1])
    expected = [np.median(pairs), np.median(pairs) + 1]
    np.testing.assert_allclose(typical_difference(columns), expected)


def test_scores_p_is_the_share_of_all_signs_with_as_large_a_rank_sum():
    """The exact null distribution of the signed-rank sum, by listing all 2^8 signs."""
    above = DIFFERENCES + 0.01
    ranks = np.abs(above).argsort().argsort() + 1
    observed = ranks[above > 0].sum()
    sums = [np.dot(signs, ranks) for signs in product((0, 1), repeat=len(ranks))]
    expected = np.mean(np.array(sums) >= observed)
    assert scores_p(DIFFERENCES, 0.01) == pytest.approx(expected)


def test_dice_is_compared_in_the_same_patients():
    full = np.linspace(0.5, 0.9, 8)
    found = compare_scores(full + DIFFERENCES, full, 0.05, **BOOTSTRAP)
    assert found.difference == pytest.approx(typical_difference(DIFFERENCES))
    assert DIFFERENCES.min() < found.low < found.difference < found.high < DIFFERENCES.max()
    assert found.p == pytest.approx(1 / 2**8)
    same = compare_scores(full, full, 0.05, **BOOTSTRAP)
    assert (same.difference, same.low, same.high) == (0, 0, 0)
    assert compare_scores(full - 0.05, full, 0.05, **BOOTSTRAP).p > 0.5


def restricted_share(b, c, n, margin):
    """Most likely share gained under the null hypothesis, by numerical search."""

    def unlikely(q):
        same = 1 - 2 * q - margin
        return -(b * np.log(q) + c * np.log(q + margin) + (n - b - c) * np.log(same))

    bounds = (1e-12, (1 - margin) / 2 - 1e-12)
    return minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x


@pytest.mark.parametrize(("b", "c", "n"), [(1, 4, 60), (0, 0, 48), (3, 2, 40), (0, 9, 30)])
def test_detections_p_is_the_score_test_with_the_most_likely_null(b, c, n):
    """One lesion per patient, so that patients add no spread of their own (but n / (n - 1))."""
    gained, lost = np.zeros(n, int), np.zeros(n, int)
    gained[:b], lost[b : b + c] = 1, 1
    margin = 0.1
    share = restricted_share(b, c, n, margin)
    variance = n * (2 * share + margin - margin**2)
    design_effect = n / (n - 1) if b + c else 1
    z = (b - c + n * margin) / np.sqrt(variance * design_effect)
    assert detections_p(gained, lost, np.ones(n, int), margin) == pytest.approx(
        norm.sf(z), rel=1e-4
    )


def test_few_lesions_prove_little_even_if_none_is_lost():
    """A bootstrap has no spread there; the chance of losing none of 12 at the margin is .28."""
    lesions, none = np.full(6, 2), np.zeros(6, int)
    found = compare_detections(none, none, lesions, 0.1, **BOOTSTRAP)
    assert (found.difference, found.low, found.high) == (0, 0, 0)
    assert 0.1 < found.p < binom.pmf(0, 12, 0.1)


def test_lesions_that_are_lost_together_count_less():
    lesions = np.full(30, 3)
    apart, together = np.zeros(30, int), np.zeros(30, int)
    apart[:6], together[:2] = 1, 3
    none = np.zeros(30, int)
    assert detections_p(none, together, lesions, 0.15) > detections_p(none, apart, lesions, 0.15)


def test_sensitivity_is_pooled_over_lesions():
    gained, lost, lesions = np.array([1, 0, 0, 0]), np.array([0, 1, 2, 0]), np.array([2, 3, 4, 1])
    found = compare_detections(gained, lost, lesions, 0.1, **BOOTSTRAP)
    assert found.difference == pytest.approx((1 - 3) / 10)
    assert found.low < found.difference < found.high
    without = compare_detections(gained * 0, lost * 0, lesions * 0, 0.1, **BOOTSTRAP)
    assert np.isnan([without.difference, without.low, without.high, without.p]).all()


def test_fewer_than_three_patients_say_nothing():
    two = np.array([0.8, 0.9])
    found = compare_scores(two, two, 0.1, **BOOTSTRAP)
    assert found.difference == 0 and np.isnan([found.low, found.high, found.p]).all()
    count = np.array([5, 4])
    found = compare_detections(count * 0, count * 0, count, 0.1, **BOOTSTRAP)
    assert found.difference == 0 and np.isnan([found.low, found.high, found.p]).all()
    assert conclusion(found, found.p, 0.1, 0.95) == UNDECIDED


@pytest.mark.parametrize(
    ("high", "p", "expected"),
    [(0.01, 0.01, HOLDS), (0.01, 0.03, UNDECIDED), (-0.05, 1.0, LOSES)],
)
def test_conclusion(high, p, expected):
    assert conclusion(Comparison(-0.06, -0.1, high, 0.0), p, 0.02, 0.95) == expected


def rejections(p_of_run, runs):
    return np.mean([p_of_run(run) < LEVEL for run in range(runs)])


def within(rate, runs, sigmas=3.5):
    """Highest rate that chance explains where the true one is the level."""
    return rate <= LEVEL + sigmas * np.sqrt(LEVEL * (1 - LEVEL) / runs)


@pytest.mark.parametrize("heavy_tails", [False, True])
def test_dice_at_the_margin_is_called_non_inferior_as_often_as_the_level_says(heavy_tails):
    generator, runs, margin = np.random.default_rng(11), 1500, 0.02

    def p(_):
        spread = generator.standard_t(2, 20) if heavy_tails else generator.normal(size=20)
        return scores_p(-margin + 0.03 * spread, margin)

    rate = rejections(p, runs)
    assert within(rate, runs)
    assert rate > LEVEL / 3


def test_dice_without_a_loss_is_found_non_inferior():
    generator = np.random.default_rng(12)
    assert rejections(lambda _: scores_p(generator.normal(0, 0.02, 20), 0.02), 300) > 0.95


def lesions_of(generator, patients, lost_share, patient_spread):
    """Lesions lost by patient; with `patient_spread` some patients lose many, others none."""
    lesions = generator.integers(1, 6, patients)
    shares = np.full(patients, lost_share)
    if patient_spread:
        shares = generator.beta(
            lost_share / patient_spread, (1 - lost_share) / patient_spread, patients
        )
    return generator.binomial(lesions, shares), lesions


@pytest.mark.parametrize(("patients", "patient_spread"), [(20, 0), (60, 0), (60, 0.2)])
def test_sensitivity_at_the_margin_is_called_non_inferior_as_often_as_the_level_says(
    patients, patient_spread
):
    generator, runs, margin = np.random.default_rng(13), 1500, 0.15

    def p(_):
        lost, lesions = lesions_of(generator, patients, margin, patient_spread)
        return detections_p(0 * lost, lost, lesions, margin)

    assert within(rejections(p, runs), runs)


def test_sensitivity_without_a_loss_is_found_non_inferior():
    generator = np.random.default_rng(14)

    def p(_):
        gained, lesions = lesions_of(generator, 60, 0.02, 0)
        lost = generator.binomial(lesions - gained, 0.02)
        return detections_p(gained, lost, lesions, 0.1)

    assert rejections(p, 300) > 0.9


def test_holm_keeps_any_false_positive_among_many_protocols_at_the_level():
    generator, runs = np.random.default_rng(15), 100

    def smallest(_):
        of_patient = generator.normal(0, 0.02, 20)  # protocols share the patients
        p = [scores_p(-0.02 + of_patient + generator.normal(0, 0.02, 20), 0.02) for _ in range(5)]
        return holm(np.array(p)).min()

    assert within(rejections(smallest, runs), runs)
