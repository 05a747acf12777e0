"""Groups of lesions that the network decides on in different ways.

Spectral clustering of explanations, as in SpRAy (Lapuschkin et al. 2019, Nature Communications 10,
1096), of the shares of sequences and of zones instead of heatmaps.
"""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mrelevance.analysis.context import LESION, lesion_matrix
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import counted
from mrelevance.statistics.clusters import (
    chance_gap,
    cluster_count,
    medoids,
    spectral_clusters,
    spectrum,
    stability,
)

FEWEST_LESIONS = 20
STABLE = 0.75
# Larger shares say only that parts of both signs cancel; how large they are is chance.
LARGEST_SHARE = 1.5

EIGENVALUE_COLUMNS = ["number", "eigenvalue", "chance_gap"]

logger = logging.getLogger(__name__)


def group_strategies(
    context: pd.DataFrame, features: pd.DataFrame, composite: str, seed: int
) -> dict[str, pd.DataFrame]:
    """Cluster all lesions by what the network looks at.

    `context` is the cohort's context table, `features` that of `lesion_features`.
    """
    found = find_strategies(strategy_features(context, composite), seed)
    logger.info("%s", verdict(found))
    types = features[[*LESION, "type"]].drop_duplicates()
    return {
        "strategies": strategy_table(found, types),
        "strategy_summary": strategy_summary(found, types),
        "strategy_eigenvalues": eigenvalue_table(found),
    }


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
        Place of each lesion by the second and third eigenvector, (lesions, 2), where neighbours in
        the graph lie close together; zeros for too few lesions.
    chance_gap
        Gap between neighbouring eigenvalues that homogeneous lesions exceed in 1 of 100 cases.
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

    The graph joins each lesion to its 7 nearest neighbours. The largest gap between the eigenvalues
    of its normalised Laplacian gives the number of clusters (von Luxburg 2007), provided that the
    gap is larger than in 99 of 100 samples of the same size from a normal distribution of the same
    covariance, which has no clusters. Fewer than 20 lesions form a single cluster.

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
        eigenvalues, vectors = spectrum(points)
        plane = vectors[:, 1:3]
        chance = chance_gap(points, np.random.default_rng(seed))
        labels = spectral_clusters(points, cluster_count(eigenvalues, chance), seed)
    patients = features.index.get_level_values("patient").to_numpy()
    return Strategies(
        features,
        labels,
        medoids(points, labels),
        eigenvalues,
        plane,
        chance,
        stability(points, labels, patients, seed),
    )


def strategy_table(strategies: Strategies, types: pd.DataFrame) -> pd.DataFrame:
    """One row per lesion: what it is, its cluster, its shares, and its place in the graph.

    Columns: patient, region, lesion, type, cluster, medoid (1 or 0), the shares, eigenvector_2 and
    eigenvector_3 (see `Strategies.plane`). `types` names the `type` of each patient, region and
    lesion.
    """
    table = strategies.features.reset_index().merge(types, on=LESION, how="left")
    medoid = np.isin(np.arange(len(table)), strategies.medoids).astype(int)
    second, third = strategies.plane.T
    table = table.assign(
        cluster=strategies.labels, medoid=medoid, eigenvector_2=second, eigenvector_3=third
    )
    first = [*LESION, "type", "cluster", "medoid"]
    return table[[*first, *strategies.features.columns, "eigenvector_2", "eigenvector_3"]]


def eigenvalue_table(strategies: Strategies) -> pd.DataFrame:
    """One row per eigenvalue of the graph, by size: number, eigenvalue, chance_gap.

    `chance_gap` is the same in every row. No row where there are too few lesions to cluster.
    """
    return pd.DataFrame(
        {
            "number": np.arange(1, len(strategies.eigenvalues) + 1),
            "eigenvalue": strategies.eigenvalues,
            "chance_gap": strategies.chance_gap,
        },
        columns=EIGENVALUE_COLUMNS,
    )


def strategy_summary(strategies: Strategies, types: pd.DataFrame) -> pd.DataFrame:
    """One row per cluster: what it holds.

    Columns: cluster, lesions, patients, the numbers of TP, FN and FP and of each type (`type_...`),
    the median of every share, the example (medoid_patient, medoid_region, medoid_lesion),
    stability, and verdict, which says how reliable the clusters are.
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
    """How reliable the clusters are."""
    lesions, clusters = len(strategies.labels), len(strategies.medoids)
    if lesions < FEWEST_LESIONS:
        return f"not clustered: {counted(lesions, 'lesion')}, at least {FEWEST_LESIONS} are needed"
    if clusters == 1:
        return f"no separate clusters: no gap beyond chance among {lesions} lesions"
    strength = "stable" if strategies.stability >= STABLE else "unstable"
    return f"{clusters} {strength} clusters: adjusted Rand index {strategies.stability:.2f}"
