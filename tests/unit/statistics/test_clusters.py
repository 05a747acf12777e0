import numpy as np
import pytest
from helpers.lesion_tables import planted

from mrelevance.statistics.clusters import (
    chance_gap,
    cluster_count,
    medoids,
    spectral_clusters,
    spectrum,
    stability,
)


def test_planted_clusters_are_counted_and_found():
    truth, points = planted(lesions=61)
    eigenvalues, _ = spectrum(points)
    chance = chance_gap(points, np.random.default_rng(1))
    assert cluster_count(eigenvalues, chance) == 3
    labels = spectral_clusters(points, 3, seed=1)
    assert len(set(zip(truth, labels, strict=True))) == 3
    assert (labels == 1).sum() == 21  # the largest comes first
    patients = np.array([f"P{row // 3}" for row in range(len(points))])
    assert stability(points, labels, patients, seed=1) == pytest.approx(1)


def test_homogeneous_points_are_one_cluster():
    points = np.random.default_rng(0).multivariate_normal(np.zeros(3), np.diag([1, 0.3, 0.1]), 60)
    eigenvalues, _ = spectrum(points)
    assert cluster_count(eigenvalues, chance_gap(points, np.random.default_rng(1))) == 1
    labels = spectral_clusters(points, 1, seed=1)
    assert (labels == 1).all()
    assert np.isnan(stability(points, labels, np.arange(60).astype(str), seed=1))


def test_medoid_is_the_point_nearest_to_all_others():
    points = np.array([[0.0], [1.0], [5.0], [9.0], [10.0], [12.0]])
    assert medoids(points, np.array([1, 1, 1, 2, 2, 2])) == [1, 4]
