import numpy as np
import pandas as pd
import pytest

from mrelevance.statistics.compositions import centred_log_ratios, contrasts


@pytest.fixture
def shares():
    return np.random.default_rng(0).dirichlet([1, 2, 3, 4], size=12)


def test_centred_log_ratios_sum_to_zero_and_ignore_the_scale(shares):
    frame = pd.DataFrame(shares)
    ratios = centred_log_ratios(frame)
    np.testing.assert_allclose(ratios.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(centred_log_ratios(frame * 7), ratios)


def test_contrasts_keep_distances_and_ignore_what_all_shares_have_in_common(shares):
    points = contrasts(shares)
    assert points.shape == (12, 3)
    np.testing.assert_allclose(contrasts(shares + 5), points)
    between = np.linalg.norm(shares[0] - shares[1])
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(between)
    assert np.linalg.matrix_rank(np.cov(points.T)) == 3
