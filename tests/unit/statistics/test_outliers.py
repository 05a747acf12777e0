import numpy as np
import pytest

from mrelevance.statistics.compositions import contrasts
from mrelevance.statistics.outliers import leave_one_out, robust_z


def test_false_alarms_are_as_rare_as_the_p_value_says():
    generator, found = np.random.default_rng(1), []
    for _ in range(40):
        points = generator.multivariate_normal(np.zeros(4), np.diag([4, 1, 1, 0.5]), size=20)
        shares = points - points.mean(axis=1, keepdims=True) + 0.25
        found.append(leave_one_out(contrasts(shares))[1])
    assert np.mean(np.array(found) < 0.05) < 0.08


def test_distance_against_its_definition_without_shrinkage():
    """With very many points shrinkage vanishes, and it is the plain Mahalanobis distance."""
    shares = np.random.default_rng(0).dirichlet([2, 3, 4, 5], size=3000)
    distance, _ = leave_one_out(contrasts(shares[:300]))
    rest = np.delete(shares[:300], 5, axis=0)[:, :3]  # any three of the four shares
    offset = shares[5, :3] - rest.mean(axis=0)
    expected = np.sqrt(offset @ np.linalg.inv(np.cov(rest.T)) @ offset)
    assert distance[5] == pytest.approx(expected, rel=0.05)


def test_order_of_the_shares_does_not_matter():
    shares = np.random.default_rng(0).dirichlet([20, 10, 10, 40], size=20)
    one, other = (leave_one_out(contrasts(s)) for s in (shares, shares[:, [2, 0, 3, 1]]))
    np.testing.assert_allclose(one, other)


def test_few_points_have_no_distance():
    points = np.random.default_rng(0).normal(size=(5, 3))
    assert np.isnan(leave_one_out(points)).all()
    assert np.isfinite(leave_one_out(np.vstack([points, [[1, 2, 3]]]))).all()


def test_robust_z():
    others = np.array([0.8, 0.82, 0.81, 0.83])
    middle, z = robust_z(0.2, others)
    assert middle == pytest.approx(0.815)
    assert z == pytest.approx((0.2 - 0.815) / (1.4826 * 0.01), rel=1e-4)
    assert np.isnan(robust_z(1.0, np.array([1.0, 2.0]))[1])
    assert np.isnan(robust_z(1.0, np.ones(5))[1])
