"""Figures of what the relevance teaches: what is in them, for several cohorts."""

import numpy as np
import pandas as pd
import pytest
from helpers.lesion_tables import (
    RESAMPLING,
    SEQUENCES,
    context_of,
    features_of,
    lesion_tables,
    planted,
    targets_of,
    types_of,
)

from mrelevance.analysis.context import evidence_summary, zone_summary
from mrelevance.analysis.individuals import pattern_differences, pattern_distances
from mrelevance.analysis.lesion_features import feature_correlation, lesion_features
from mrelevance.analysis.strategies import find_strategies, strategy_table
from mrelevance.analysis.targets import target_summary
from mrelevance.figures.context import context as draw_context
from mrelevance.figures.evidence import evidence as draw_evidence
from mrelevance.figures.individuals import individuals
from mrelevance.figures.prototypes import prototypes
from mrelevance.figures.relevance_by_feature import relevance_by_feature
from mrelevance.figures.strategies import Example, strategies
from mrelevance.figures.targets import targets as draw_targets
from mrelevance.runtime.errors import InputError

SPACING = (4.0, 3.0, 3.0)


def texts(figure):
    """All words of a figure and its parts."""
    parts = [figure, *figure.subfigs, *(sub for part in figure.subfigs for sub in part.subfigs)]
    found = [text.get_text() for part in parts for text in part.texts]
    found += [part._suptitle.get_text() for part in parts if part._suptitle]
    for axes in figure.axes:
        found += [axes.get_title(loc) for loc in ("left", "center")]
        found += [text.get_text() for text in axes.texts]
    found += [text.get_text() for part in parts for legend in part.legends
              for text in legend.get_texts()]  # fmt: skip
    return "\n".join(found)


def test_context_draws_every_lesion_and_the_medians():
    table = context_of()
    zones = zone_summary(table, **RESAMPLING)
    figure = draw_context(table, zones, seed=0)
    dots = {dots.get_gid(): dots for dots in figure.axes[0].collections if dots.get_gid()}
    drawn = dots["TP inside"].get_offsets()[:, 1]
    own = table[(table["region"] == "TP") & (table["zone"] == "inside")]
    expected = own.groupby(["patient", "lesion"])["relevance"].sum()
    np.testing.assert_allclose(drawn, expected)
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["inside", "to 5 mm", "farther"]
    assert "true positive, n = 9" in texts(figure) and "false positive, n = 1" in texts(figure)
    both = pd.concat([table, context_of(seed=1, method="deeplift")])
    assert len(draw_context(both, zone_summary(both, **RESAMPLING), seed=0).axes) == 2


def test_nothing_to_draw_is_said():
    table = context_of().iloc[:0]
    zones, found = zone_summary(table, **RESAMPLING), evidence_summary(table, **RESAMPLING)
    assert "no lesion with relevance" in texts(draw_context(table, zones, seed=0))
    assert "no lesion with relevance" in texts(draw_evidence(found, SEQUENCES))
    assert "No true positive" in texts(prototypes({}, {}, SEQUENCES, "epsilon"))
    with pytest.raises(InputError, match="zone summary: column median"):
        draw_context(table, zones.drop(columns="median"), seed=0)


def test_evidence_bars_are_the_table():
    found = evidence_summary(context_of(), **RESAMPLING)
    figure = draw_evidence(found, SEQUENCES)
    bars = {bar.get_gid(): bar.get_height() for bar in figure.axes[0].patches if bar.get_gid()}
    rows = found.query("region == 'TP' and level == 'voxel'").set_index("sequence")
    for sequence in SEQUENCES:
        assert bars[f"for {sequence}"] == pytest.approx(rows.loc[sequence, "positive"])
        assert bars[f"against {sequence}"] == pytest.approx(rows.loc[sequence, "negative"])
    assert "true positive\nn = 9" in texts(figure)


def test_targets_show_contributions_and_shares():
    summary = target_summary(targets_of(6, 0.25), **RESAMPLING)
    figure = draw_targets(summary, SEQUENCES)
    marks = {mark.get_gid(): mark.get_offsets()[0, 1] for mark in figure.axes[1].collections
             if mark.get_gid()}  # fmt: skip
    row = summary.query("target == 'margin' and measure == 'share' and sequence == 'T2'")
    assert marks["margin T2"] == pytest.approx(row["value"].item())
    assert "makes up 25% of the margin" in texts(figure) and "same first in 6/6" in texts(figure)


def relevance_of(patients, sequences):
    shares = np.random.default_rng(0).dirichlet(np.full(len(sequences), 20.0), size=patients)
    if patients:
        shares[0] = np.roll(np.eye(len(sequences))[0] * 0.9 + 0.1 / len(sequences), 1)
    return pd.DataFrame(
        [
            [f"P{p:02d}", "epsilon", "tumour", sequence, share]
            for p, own in enumerate(shares)
            for sequence, share in zip(sequences, own, strict=True)
        ],
        columns=["patient", "method", "region", "sequence", "relevance_pooled"],
    )


def test_individuals_are_sorted_and_named():
    sequences = ["a", "b", "c", "d"]
    relevance = relevance_of(20, sequences)
    features = pd.DataFrame(
        [[f"P{p:02d}", "Dice", 0.1 if p == 0 else 0.8 + p / 100] for p in range(20)],
        columns=["patient", "quantity", "value"],
    )
    distances = pattern_distances(relevance, ["epsilon"])
    differences = pattern_differences(relevance, features, ["epsilon"])
    figure = individuals(distances, differences, sequences, "epsilon")
    ticks = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert ticks[0] == "P00" and len(ticks) == 20
    assert "1 of 20 outlying" in texts(figure) and "patient P00, p = 0.000" in texts(figure)
    few = relevance[relevance["patient"] < "P03"]
    figure = individuals(pattern_distances(few, ["epsilon"]), differences, sequences, "epsilon")
    assert "3 patients with predicted tumour: too few" in texts(figure)


def example(sequences):
    image = np.random.default_rng(0).normal(size=(sequences, 6, 50, 60))
    region = np.zeros((6, 50, 60), bool)
    region[2, 20:26, 30:36] = True
    return Example(image, region, SPACING)


@pytest.mark.parametrize("lesions", [60, 8])
def test_strategies_show_one_example_per_cluster(lesions):
    truth, points = planted(lesions)
    sequences = ["s0", "s1", "s2"]
    features = features_of(points).assign(inside=0.7, elsewhere=0.3)
    found = find_strategies(features, seed=1)
    table = strategy_table(found, types_of(features, np.array(["HCC", "cyst", "unknown"])[truth]))
    examples = {number: example(3) for number in sorted(set(found.labels))}
    figure = strategies(found, table, examples, sequences, "epsilon")
    shown = texts(figure)
    pictures = [axes for axes in figure.axes if axes.images]
    assert len(pictures) == 3 * len(examples)
    if lesions == 60:
        assert "3 stable clusters" in shown and "20 lesions in 20 patients (20 TP): 20 HCC" in shown
    else:
        assert "not clustered: 8 lesions" in shown and "too few lesions to cluster" in shown


def test_no_lesion_has_no_strategy():
    found = find_strategies(features_of(np.empty((0, 3))), seed=1)
    table = strategy_table(found, types_of(found.features, []))
    figure = strategies(found, table, {}, ["s0", "s1", "s2"], "epsilon")
    assert "no lesion with relevance" in texts(figure)


@pytest.mark.parametrize("truth_known", [True, False])
def test_relevance_by_feature_draws_labelled_lesions(truth_known):
    lesions, contrast, truth, relevance = lesion_tables()
    features = lesion_features(lesions, contrast, truth if truth_known else None)
    correlation = feature_correlation(relevance, features, ["epsilon"], **RESAMPLING)
    figure = relevance_by_feature(
        relevance, features, correlation, ["T1", "T2"], ["epsilon", "shapley"]
    )
    assert len(figure.axes) == 4  # two features of the one composite that is there
    dots = {dots.get_gid(): dots.get_offsets() for dots in figure.axes[3].collections}
    measure = "contrast_to_noise" if truth_known else "contrast"
    own = features.query("region == 'TP' and sequence == 'T2'")
    np.testing.assert_allclose(np.sort(dots["TP"][:, 0]), np.sort(own[measure].abs()))
    shown = texts(figure)
    assert ("true contrast to noise" in shown) == truth_known
    assert f"T2\n\N{GREEK SMALL LETTER RHO} {1 if truth_known else ''}" in shown


def test_prototypes_show_a_row_per_type():
    generator = np.random.default_rng(0)
    means = {kind: generator.normal(0.1, 1, (3, 33, 33, 33)) for kind in ("HCC", "cyst")}
    figure = prototypes(means, {"HCC": 4, "cyst": 1}, SEQUENCES, "epsilon")
    pictures = [axes for axes in figure.axes if axes.images]
    assert len(pictures) == 6 and pictures[0].get_ylabel() == "HCC\nn = 4"
    np.testing.assert_array_equal(pictures[4].images[0].get_array(), means["cyst"][1, 16])
    part = means["HCC"][0].sum() / means["HCC"].sum()
    assert f"{part:.2f}".replace("-", "\N{MINUS SIGN}") in texts(figure)
    with pytest.raises(InputError, match="do not fit"):
        prototypes(means, {"HCC": 4, "cyst": 1}, SEQUENCES[:2], "epsilon")
