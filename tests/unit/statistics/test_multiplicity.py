import numpy as np

from mrelevance.statistics.multiplicity import holm


def test_holm_against_hand_calculation():
    # Sorted .01, .02, .03, .04 times 4, 3, 2, 1 is .04, .06, .06, .04; the running maximum counts.
    np.testing.assert_allclose(holm(np.array([0.03, 0.01, 0.04, 0.02])), [0.06, 0.04, 0.06, 0.06])
    np.testing.assert_allclose(holm(np.array([0.6, 0.7])), [1, 1])


def test_each_p_value_is_the_largest_of_those_before_it_times_those_left():
    p = np.random.default_rng(4).uniform(size=9) ** 3
    p[5] = p[2]
    for value, corrected in zip(p, holm(p), strict=True):
        before = sorted(other for other in p if other <= value)
        steps = [min(1, (9 - rank) * other) for rank, other in enumerate(before)]
        assert corrected == max(steps)


def test_unknown_p_values_stay_unknown_and_none_stay_none():
    assert np.isnan(holm(np.array([0.1, np.nan]))).all()
    assert len(holm(np.array([]))) == 0
