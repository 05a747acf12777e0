import numpy as np
import pytest
from helpers.lesion_tables import context_of, features_of, planted, types_of

from mrelevance.analysis.strategies import (
    FEWEST_LESIONS,
    find_strategies,
    strategy_features,
    strategy_summary,
    strategy_table,
    verdict,
)
from mrelevance.runtime.errors import InputError


def test_planted_clusters_are_found():
    truth, points = planted()
    found = find_strategies(features_of(points), seed=1)
    assert len(found.medoids) == 3
    pairs = set(zip(truth, found.labels, strict=True))
    assert len(pairs) == 3  # each group is one cluster
    assert found.stability == pytest.approx(1)
    assert "3 stable clusters" in verdict(found)
    for number, row in enumerate(found.medoids, 1):
        own = np.flatnonzero(found.labels == number)
        sums = [np.linalg.norm(points[own] - points[other], axis=1).sum() for other in own]
        assert row == own[int(np.argmin(sums))]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_homogeneous_lesions_are_one_strategy(seed):
    generator = np.random.default_rng(seed)
    points = generator.multivariate_normal(np.zeros(4), np.diag([1, 0.3, 0.1, 0.05]), 60)
    found = find_strategies(features_of(points), seed=1)
    assert len(found.medoids) == 1 and (found.labels == 1).all()
    assert np.isnan(found.stability) and "no separate clusters" in verdict(found)


def test_few_lesions_are_not_clustered():
    _, points = planted(lesions=FEWEST_LESIONS - 1)
    found = find_strategies(features_of(points), seed=1)
    assert (found.labels == 1).all() and len(found.eigenvalues) == 0
    assert f"not clustered: {FEWEST_LESIONS - 1} lesions" in verdict(found)
    one = find_strategies(features_of(points[:1]), seed=1)
    assert one.medoids == [0]


def test_same_seed_same_clusters():
    _, points = planted()
    one, other = (find_strategies(features_of(points), seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.labels, other.labels)
    assert one.chance_gap == other.chance_gap and one.stability == other.stability


def test_summary_counts_what_each_cluster_holds():
    truth, points = planted(lesions=61)  # the first group is the largest
    features = features_of(points)
    names = np.array(["HCC", "cyst", "metastasis"])[truth]
    found = find_strategies(features, seed=1)
    summary = strategy_summary(found, types_of(features, names))
    assert summary["cluster"].tolist() == [1, 2, 3]
    assert summary["lesions"].tolist() == [21, 20, 20] and summary["TP"].sum() == 61
    assert summary.loc[0, "type_HCC"] == 21 and summary.loc[0, "type_cyst"] == 0
    assert summary.loc[0, "s0"] == pytest.approx(np.median(points[truth == 0, 0]))
    table = strategy_table(found, types_of(features, names))
    assert len(table) == 61 and table["medoid"].sum() == 3
    medoid = table[(table["cluster"] == 2) & (table["medoid"] == 1)].iloc[0]
    assert summary.loc[1, "medoid_patient"] == medoid["patient"]


def test_features_are_shares_of_sequences_and_zones():
    context = context_of(patients=4)
    features = strategy_features(context, "epsilon")
    assert list(features.columns) == ["T1", "T2", "FLAIR", "inside", "within_5_mm", "elsewhere"]
    assert features.index.names == ["patient", "region", "lesion"] and len(features) == 8
    own = context[(context["patient"] == "P1") & (context["lesion"] == 2)]
    expected = own.groupby("sequence")["relevance"].sum()["T2"]
    assert features.loc[("P1", "TP", 2), "T2"] == pytest.approx(np.clip(expected, -1.5, 1.5))
    assert features.to_numpy().max() <= 1.5
    with pytest.raises(InputError, match="column zone is missing"):
        strategy_features(context.drop(columns="zone"), "epsilon")


def test_no_lesion_at_all():
    features = strategy_features(context_of().iloc[:0], "epsilon")
    found = find_strategies(features, seed=1)
    assert found.medoids == [] and "not clustered: 0 lesions" in verdict(found)
