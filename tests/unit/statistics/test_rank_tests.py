import numpy as np
import pytest
from scipy.stats import friedmanchisquare, rankdata, wilcoxon

from mrelevance.statistics.rank_tests import friedman_test, signed_rank


def test_friedman_against_its_formula():
    values = np.random.default_rng(0).normal(size=(12, 4))
    n, k = values.shape
    ranks = np.apply_along_axis(rankdata, 1, values).sum(axis=0)
    expected = 12 / (n * k * (k + 1)) * (ranks**2).sum() - 3 * n * (k + 1)
    chi2, p, concordance = friedman_test(values)
    assert chi2 == pytest.approx(expected)
    assert p == pytest.approx(friedmanchisquare(*values.T).pvalue)
    assert concordance == pytest.approx(expected / (n * (k - 1)))
    assert friedman_test(np.sort(values))[2] == pytest.approx(1)


@pytest.mark.parametrize("shape", [(2, 4), (12, 2)])
def test_too_few_patients_or_conditions_have_no_test(shape):
    assert np.isnan(friedman_test(np.random.default_rng(0).normal(size=shape))).all()
    assert np.isnan(friedman_test(np.ones((5, 4)))).all()


def test_signed_rank():
    differences = np.random.default_rng(1).normal(0.3, 1, 10)
    expected = wilcoxon(differences)
    assert signed_rank(differences) == (expected.statistic, pytest.approx(expected.pvalue))
    assert signed_rank(np.zeros(5)) == (0, 1)
    assert np.isnan(signed_rank(differences[:2])).all()
