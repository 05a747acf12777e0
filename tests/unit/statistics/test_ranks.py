import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from mrelevance.statistics.ranks import paired_spearman, rank_agreement


def test_rank_agreement_is_kendalls_tau_unless_a_side_does_not_vary():
    one, other = np.array([0.1, 0.5, 0.2, 0.2]), np.array([1.0, 4.0, 3.0, 2.0])
    assert rank_agreement(one, other) == pytest.approx(kendalltau(one, other).statistic)
    assert np.isnan(rank_agreement(one, np.ones(4)))


def test_columns_are_correlated_with_their_partners():
    values = np.random.default_rng(0).normal(size=(15, 6))
    values[:, 2] = 1
    found = paired_spearman(values)
    for k in (0, 1):
        assert found[k] == pytest.approx(spearmanr(values[:, k], values[:, k + 3]).statistic)
    assert np.isnan(found[2])
