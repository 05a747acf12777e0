"""The fewest patients of a claim, against tests and intervals that are computed."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import binom, wilcoxon

from mrelevance.statistics.bootstrap import median_interval
from mrelevance.statistics.multiplicity import holm
from mrelevance.statistics.sample_size import fewest_patients


@pytest.mark.parametrize(("confidence", "fewest"), [(0.75, 3), (0.9, 5), (0.95, 6), (0.99, 8)])
def test_an_interval_of_fewer_patients_cannot_cover_the_median_often_enough(confidence, fewest):
    assert fewest_patients(1 - confidence) == fewest
    covered = [1 - 2 * binom.cdf(0, patients, 0.5) for patients in (fewest - 1, fewest)]
    assert covered[0] < confidence <= covered[1]


@pytest.mark.parametrize("tests", [1, 3, 15, 66])
def test_fewer_patients_cannot_reach_the_level_even_if_all_agree(tests):
    fewest = fewest_patients(0.05, tests)
    for patients, reaches in ((fewest - 1, False), (fewest, True)):
        alike = wilcoxon(np.arange(1.0, patients + 1), method="exact").pvalue
        assert (holm(np.full(tests, alike)).min() <= 0.05) == reaches


def test_the_bootstrap_of_three_patients_is_no_interval_of_95_percent():
    # All ways in which three values can lie about the population's median, 0.
    covers = []
    for signs in product([-1.0, 1.0], repeat=3):
        values = np.array(signs) * [1.0, 2.0, 3.0]
        _, low, high = median_interval(values[:, np.newaxis], 2000, 0.95, 0)
        covers.append(low[0] <= 0 <= high[0])
    assert np.mean(covers) == 0.75
