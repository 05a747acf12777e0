"""Groups of lesions that the network decides on in different ways.

Spectral clustering of explanations, as in SpRAy (Lapuschkin et al. 2019, Nature Communications 10,
1096), of the shares of sequences and of zones instead of heatmaps.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import laplacian
from sklearn.cluster import SpectralClustering
from sklearn.metrics import adjusted_rand_score, pairwise_distances
from sklearn.neighbors import kneighbors_graph

from mrelevance.analysis.context import LESION, lesion_matrix
from mrelevance.runtime.columns import check_columns

FEWEST_LESIONS = 20
MOST_CLUSTERS = 6
NEIGHBOURS = 7
HOMOGENEOUS_SAMPLES = 200
HOMOGENEOUS_QUANTILE = 0.99
STABILITY_RESAMPLES = 50
# A share beyond says only that parts of both signs cancel; how far is chance.
LARGEST_SHARE = 1.5


@dataclass(frozen=True)
class Strategies:
    """Lesions in clusters.

    Attributes
    ----------
    features
        Lesions (rows, indexed by patient, region, lesion) x shares of sequences, then of zones.
    labels
        Cluster of each lesion, from 1, the largest first.
    medoids
        Row of the lesion that lies nearest to all others of its cluster, for each cluster.
    eigenvalues
        The smallest eigenvalues of the graph's normalised Laplacian; none for too few lesions.
    plane
        Place of each lesion by the second and third eigenvector, (lesions, 2): neighbours in the
        graph lie close together.
    chance_gap
        Gap between neighbouring eigenvalues that homogeneous data exceed in 1 of 100 cases.
    stability
        Mean adjusted Rand index with the clusters found in bootstrap samples of the patients; NaN
        for a single cluster.
    """

    features: pd.DataFrame
    labels: np.ndarray
    medoids: list[int]
    eigenvalues: np.ndarray
    plane: np.ndarray
    chance_gap: float
    stability: float


def strategy_features(context: pd.DataFrame, method: str) -> pd.DataFrame:
    """Shares of the sequences and of the zones of every lesion under one method.

    Shares are cut off at -1.5 and 1.5. Lesions without a normalised voxel are left out.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(context, ["method", *LESION, "zone", "sequence", "relevance"], "context table")
    own = context[context["method"] == method]
    parts = [lesion_matrix(own, column, "relevance") for column in ("sequence", "zone")]
    return pd.concat(parts, axis=1).clip(-LARGEST_SHARE, LARGEST_SHARE)


def find_strategies(features: pd.DataFrame, seed: int) -> Strategies:
    """Cluster lesions by their shares; as many clusters as the eigengap says, or a single one.

    The graph joins each lesion to its 7 nearest neighbours. Its number of clusters is where the
    normalised Laplacian's eigenvalues have their largest gap (von Luxburg 2007), provided that the
    gap is larger than in 99 of 100 samples of the same size from a normal distribution of the same
    covariance, which has no clusters. With fewer than 20 lesions there is a single cluster.

    Raises
    ------
    InputError
        A level of the index is missing.
    """
    check_columns(features.reset_index(), LESION, "strategy features")
    points = features.to_numpy(float)
    if len(points) < FEWEST_LESIONS:
        labels, chance = np.ones(len(points), int), np.nan
        eigenvalues, plane = np.empty(0), np.zeros((len(points), 2))
    else:
        generator = np.random.default_rng(seed)
        eigenvalues, vectors = spectrum(points)
        plane, chance = vectors[:, 1:3], _chance_gap(points, generator)
        gaps = np.diff(eigenvalues)[1:]  # the first gap is that of a single cluster
        count = int(gaps.argmax()) + 2 if gaps.max() > chance else 1
        labels = cluster(points, count, seed)
    stability = _stability(features, labels, seed)
    medoids = _medoids(points, labels)
    return Strategies(features, labels, medoids, eigenvalues, plane, chance, stability)


def neighbourhood(points: np.ndarray) -> np.ndarray:
    """Adjacency of the graph that joins each point to its nearest neighbours, (n, n)."""
    graph = kneighbors_graph(points, min(NEIGHBOURS, len(points) - 1)).toarray()
    return np.maximum(graph, graph.T)


def spectrum(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest eigenvalues of the normalised Laplacian of the points' graph, and eigenvectors."""
    values, vectors = np.linalg.eigh(laplacian(neighbourhood(points), normed=True))
    return values[: MOST_CLUSTERS + 1], vectors[:, : MOST_CLUSTERS + 1]


def cluster(points: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Spectral clusters of the points' graph (Ng, Jordan & Weiss 2002), largest first, from 1."""
    if count == 1:
        return np.ones(len(points), int)
    with warnings.catch_warnings():
        # A graph in separate parts is the clearest case of all.
        warnings.filterwarnings("ignore", "Graph is not fully connected")
        found = SpectralClustering(count, affinity="precomputed", random_state=seed).fit_predict(
            neighbourhood(points)
        )
    names, sizes = np.unique(found, return_counts=True)
    rank = {name: place for place, name in enumerate(names[np.argsort(-sizes, kind="stable")], 1)}
    return np.array([rank[name] for name in found])


def strategy_table(strategies: Strategies, types: pd.DataFrame) -> pd.DataFrame:
    """One row per lesion: patient, region, lesion, type, cluster, medoid (1 or 0), and its shares.

    `types` names the `type` of each patient, region and lesion.
    """
    table = strategies.features.reset_index().merge(types, on=LESION, how="left")
    medoid = np.isin(np.arange(len(table)), strategies.medoids).astype(int)
    table = table.assign(cluster=strategies.labels, medoid=medoid)
    first = [*LESION, "type", "cluster", "medoid"]
    return table[[*first, *strategies.features.columns]]


def strategy_summary(strategies: Strategies, types: pd.DataFrame) -> pd.DataFrame:
    """One row per cluster: what it holds.

    Columns: cluster, lesions, patients, the numbers of TP, FN and FP and of each type (`type_...`),
    the median of every share, the example (medoid_patient, medoid_region, medoid_lesion),
    stability, and verdict, which says how far to believe the clusters.
    """
    table = strategy_table(strategies, types)
    kinds = sorted(table.loc[table["region"] != "FP", "type"].dropna().unique())
    rows = []
    for number, own in table.groupby("cluster"):
        medoid = own[own["medoid"] == 1].iloc[0]
        rows.append(
            {
                "cluster": number,
                "lesions": len(own),
                "patients": own["patient"].nunique(),
                **{kind: int((own["region"] == kind).sum()) for kind in ("TP", "FN", "FP")},
                **{f"type_{kind}": int((own["type"] == kind).sum()) for kind in kinds},
                **own[strategies.features.columns].median().to_dict(),
                **{f"medoid_{key}": medoid[key] for key in LESION},
                "stability": strategies.stability,
                "verdict": verdict(strategies),
            }
        )
    return pd.DataFrame(rows, columns=None if rows else ["cluster", "lesions", "verdict"])


def verdict(strategies: Strategies) -> str:
    """How far to believe the clusters."""
    lesions, clusters = len(strategies.labels), len(strategies.medoids)
    if lesions < FEWEST_LESIONS:
        return f"not clustered: {lesions} lesions, at least {FEWEST_LESIONS} are needed"
    if clusters == 1:
        return f"no separate clusters: no gap beyond chance among {lesions} lesions"
    strength = "stable" if strategies.stability >= 0.75 else "unstable"
    return f"{clusters} {strength} clusters: adjusted Rand index {strategies.stability:.2f}"


def _chance_gap(points: np.ndarray, generator: np.random.Generator) -> float:
    """Largest gap that homogeneous points of the same covariance rarely exceed."""
    middle, covariance = points.mean(axis=0), np.cov(points.T)
    samples = generator.multivariate_normal(
        middle, covariance, size=(HOMOGENEOUS_SAMPLES, len(points)), method="svd"
    )
    gaps = [np.diff(spectrum(sample)[0])[1:].max() for sample in samples]
    return float(np.quantile(gaps, HOMOGENEOUS_QUANTILE))


def _medoids(points: np.ndarray, labels: np.ndarray) -> list[int]:
    rows = []
    for number in np.unique(labels):
        own = np.flatnonzero(labels == number)
        rows.append(int(own[pairwise_distances(points[own]).sum(axis=1).argmin()]))
    return rows


def _stability(features: pd.DataFrame, labels: np.ndarray, seed: int) -> float:
    """Agreement with the clusters of the lesions of patients drawn with replacement, each once."""
    count = labels.max(initial=0)
    if count < 2:
        return np.nan
    points, generator = features.to_numpy(float), np.random.default_rng(seed)
    patients = features.index.get_level_values("patient")
    names = patients.unique()
    scores = []
    for _ in range(STABILITY_RESAMPLES):
        drawn = np.flatnonzero(patients.isin(generator.choice(names, len(names))))
        if len(drawn) > max(count, NEIGHBOURS):
            scores.append(adjusted_rand_score(labels[drawn], cluster(points[drawn], count, seed)))
    return float(np.mean(scores)) if scores else np.nan
