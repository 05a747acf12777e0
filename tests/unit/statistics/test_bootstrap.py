import numpy as np

from mrelevance.statistics.bootstrap import (
    clustered_interval,
    median_interval,
    paired_interval,
    single_median,
    statistic_interval,
)


def test_same_seed_same_interval():
    values = np.random.default_rng(0).normal(size=(20, 3))
    first = median_interval(values, 500, 0.95, seed=4)
    second = median_interval(values, 500, 0.95, seed=4)
    other = median_interval(values, 500, 0.95, seed=5)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_interval_holds_the_median_and_grows_with_confidence():
    values = np.random.default_rng(1).normal(size=(20, 2))
    median, low, high = median_interval(values, 2000, 0.95, seed=0)
    _, narrow_low, narrow_high = median_interval(values, 2000, 0.5, seed=0)
    assert (low <= median).all() and (median <= high).all()
    assert (low <= narrow_low).all() and (narrow_high <= high).all()


def test_constant_values_have_no_spread():
    median, low, high = median_interval(np.full((8, 1), 0.3), 100, 0.95, seed=0)
    assert median == low == high == 0.3


def test_coverage_of_a_known_median():
    generator = np.random.default_rng(2)
    covered = 0
    for seed in range(200):
        _, low, high = median_interval(generator.normal(size=(20, 1)), 400, 0.9, seed)
        covered += low[0] <= 0 <= high[0]
    # Binomial(200, 0.9) lies within 165 and 195 but for one case in a thousand.
    assert 165 <= covered <= 195


def test_too_few_patients_give_no_interval():
    median, low, high = median_interval(np.array([[1.0], [3.0]]), 100, 0.95, seed=0)
    assert median == 2.0
    assert np.isnan([low, high]).all()
    assert np.isnan(median_interval(np.empty((0, 2)), 100, 0.95, seed=0)).all()


def mean(values):
    return values.mean(axis=0)


def test_lesions_of_one_patient_stay_together():
    """Repeating every lesion of a patient adds no information: the interval stays as wide."""
    values = np.random.default_rng(0).normal(size=(12, 2))
    patients = np.array([f"P{k}" for k in range(12)])
    point, low, high = clustered_interval(values, patients, mean, 300, 0.9, 1)
    np.testing.assert_allclose(point, values.mean(axis=0))
    assert (low < point).all() and (point < high).all()
    repeated = clustered_interval(
        np.repeat(values, 5, 0), np.repeat(patients, 5), mean, 300, 0.9, 1
    )
    np.testing.assert_allclose(repeated, [point, low, high])


def test_lesions_of_two_patients_or_none_have_no_interval():
    values = np.arange(10.0).reshape(5, 2)
    point, low, high = clustered_interval(values, np.array(list("aabbb")), mean, 50, 0.9, 1)
    np.testing.assert_allclose(point, [4, 5])
    assert np.isnan(low).all() and np.isnan(high).all()
    assert np.isnan(clustered_interval(values[:0], np.array([]), mean, 50, 0.9, 1)).all()


def test_single_median_is_that_of_one_quantity():
    values = np.random.default_rng(3).normal(size=15)
    expected = [bound[0] for bound in median_interval(values[:, np.newaxis], 200, 0.9, 1)]
    assert single_median(values, 200, 0.9, 1) == tuple(expected)


def test_differences_are_those_of_the_same_patients():
    others = np.random.default_rng(4).normal(size=(12, 2))
    value, low, high, *difference = paired_interval(mean, others + 0.5, others, 200, 0.9, 1)
    np.testing.assert_allclose(
        [value, low, high], statistic_interval(mean, others + 0.5, 200, 0.9, 1)
    )
    np.testing.assert_allclose(difference, 0.5)  # every resample has the same difference
