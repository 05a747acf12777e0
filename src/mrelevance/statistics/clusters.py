"""Spectral clustering, and whether there are clusters at all."""

import warnings

import numpy as np
from scipy.sparse.csgraph import laplacian
from sklearn.cluster import SpectralClustering
from sklearn.metrics import adjusted_rand_score, pairwise_distances
from sklearn.neighbors import kneighbors_graph

MOST_CLUSTERS = 6
NEIGHBOURS = 7
HOMOGENEOUS_SAMPLES = 200
HOMOGENEOUS_QUANTILE = 0.99
STABILITY_RESAMPLES = 50


def neighbourhood(points: np.ndarray) -> np.ndarray:
    """Adjacency (n, n) of the graph that joins each point (n, d) to its nearest neighbours."""
    graph = kneighbors_graph(points, min(NEIGHBOURS, len(points) - 1)).toarray()
    return np.maximum(graph, graph.T)


def spectrum(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest eigenvalues of the normalised Laplacian of the points' graph, and eigenvectors."""
    values, vectors = np.linalg.eigh(laplacian(neighbourhood(points), normed=True))
    return values[: MOST_CLUSTERS + 1], vectors[:, : MOST_CLUSTERS + 1]


def cluster_count(eigenvalues: np.ndarray, chance: float) -> int:
    """Number of clusters by the largest eigengap (von Luxburg 2007), if it exceeds `chance`."""
    gaps = np.diff(eigenvalues)[1:]  # the first gap is that of a single cluster
    return int(gaps.argmax()) + 2 if gaps.max() > chance else 1


def chance_gap(points: np.ndarray, generator: np.random.Generator) -> float:
    """Eigengap that homogeneous points of the same number and covariance exceed in 1 of 100 cases.

    Homogeneous points are drawn from a normal distribution, which has no clusters.
    """
    middle, covariance = points.mean(axis=0), np.cov(points.T)
    samples = generator.multivariate_normal(
        middle, covariance, size=(HOMOGENEOUS_SAMPLES, len(points)), method="svd"
    )
    gaps = [np.diff(spectrum(sample)[0])[1:].max() for sample in samples]
    return float(np.quantile(gaps, HOMOGENEOUS_QUANTILE))


def spectral_clusters(points: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Cluster of each point by its graph (Ng, Jordan & Weiss 2002), from 1, the largest first."""
    if count == 1:
        return np.ones(len(points), int)
    with warnings.catch_warnings():
        # A graph that falls into separate parts has the clearest clusters.
        warnings.filterwarnings("ignore", "Graph is not fully connected")
        found = SpectralClustering(count, affinity="precomputed", random_state=seed).fit_predict(
            neighbourhood(points)
        )
    names, sizes = np.unique(found, return_counts=True)
    rank = {name: place for place, name in enumerate(names[np.argsort(-sizes, kind="stable")], 1)}
    return np.array([rank[name] for name in found])


def medoids(points: np.ndarray, labels: np.ndarray) -> list[int]:
    """Row of the point that lies nearest to all others of its cluster, for each cluster."""
    rows = []
    for number in np.unique(labels):
        own = np.flatnonzero(labels == number)
        rows.append(int(own[pairwise_distances(points[own]).sum(axis=1).argmin()]))
    return rows


def stability(points: np.ndarray, labels: np.ndarray, patients: np.ndarray, seed: int) -> float:
    """Mean adjusted Rand index with the clusters of the points of resampled patients.

    `patients` (n,) names the patient of each point. Patients are drawn with replacement, and the
    points of each patient drawn are taken once. NaN for a single cluster.
    """
    count = labels.max(initial=0)
    if count < 2:
        return np.nan
    generator = np.random.default_rng(seed)
    names = np.array(list(dict.fromkeys(patients)))
    scores = []
    for _ in range(STABILITY_RESAMPLES):
        drawn = np.flatnonzero(np.isin(patients, generator.choice(names, len(names))))
        if len(drawn) > max(count, NEIGHBOURS):
            again = spectral_clusters(points[drawn], count, seed)
            scores.append(adjusted_rand_score(labels[drawn], again))
    return float(np.mean(scores)) if scores else np.nan
