import numpy as np
import pandas as pd
import pytest
from helpers.lesion_tables import RESAMPLING, SEQUENCES, ZONES, context_of

from mrelevance.analysis.context import evidence_summary, lesion_matrix, zone_summary, zones_of
from mrelevance.runtime.errors import InputError


def test_zone_medians_over_lesions():
    context = context_of()
    zones = zone_summary(context, **RESAMPLING)
    chosen = zones[(zones["region"] == "TP") & (zones["sequence"] == "all")].set_index("zone")
    positive = context[context["region"] == "TP"]
    sums = positive.pivot_table("relevance", ["patient", "lesion"], "zone", aggfunc="sum")
    np.testing.assert_allclose(chosen.loc[ZONES, "median"], sums[ZONES].median())
    assert (chosen["lesions"] == 9).all() and (chosen["patients"] == 5).all()
    assert (chosen["low"] <= chosen["median"]).all() and (chosen["median"] <= chosen["high"]).all()
    of_t2 = zones.query("region == 'TP' and sequence == 'T2' and zone == 'inside'").iloc[0]
    own = positive.query("sequence == 'T2' and zone == 'inside'")["relevance"]
    assert of_t2["median"] == pytest.approx(own.median())
    false = zones[zones["region"] == "FP"]
    assert (false["lesions"] == 1).all() and false["low"].isna().all()
    assert zones_of(context) == ZONES


def test_evidence_of_voxels_and_of_sequences():
    context = context_of()
    evidence = evidence_summary(context, **RESAMPLING)
    voxel = evidence.query("region == 'TP' and level == 'voxel'").set_index("sequence")
    positive = context[context["region"] == "TP"]
    sums = {
        column: positive.pivot_table(column, ["patient", "lesion"], "sequence", aggfunc="sum")
        for column in ("positive", "negative", "relevance")
    }
    for column, name in {
        "positive": "positive",
        "negative": "negative",
        "relevance": "net",
    }.items():
        expected = sums[column]
        np.testing.assert_allclose(voxel.loc[SEQUENCES, name], expected[SEQUENCES].median())
        assert voxel.loc["all", name] == pytest.approx(expected.sum(axis=1).median())
    net = sums["relevance"]
    sequence = evidence.query("region == 'TP' and level == 'sequence'").set_index("sequence")
    assert sequence.loc["all", "positive"] == pytest.approx(net.clip(lower=0).sum(axis=1).median())
    assert sequence.loc["T1", "lesions_against"] == (net["T1"] < 0).sum()
    assert (evidence["positive"] >= 0).all() and (evidence["negative"] <= 0).all()


def test_lesions_without_relevance_are_left_out():
    context = context_of()
    lost = (context["patient"] == "P1") & (context["lesion"] == 1)
    context.loc[lost, ["relevance", "positive", "negative"]] = np.nan
    zones = zone_summary(context, **RESAMPLING)
    assert (zones.loc[zones["region"] == "TP", "lesions"] == 8).all()
    matrix = lesion_matrix(context[context["region"] == "TP"], "zone", "relevance")
    assert ("P1", "TP", 1) not in matrix.index and list(matrix.columns) == ZONES


def test_order_of_the_sequences_does_not_matter():
    context = context_of()
    shuffled = context.sample(frac=1, random_state=0)
    keys = ["method", "region", "zone", "sequence"]
    one, other = (
        zone_summary(table, **RESAMPLING).set_index(keys)[["median", "lesions"]].sort_index()
        for table in (context, shuffled)
    )
    pd.testing.assert_frame_equal(one, other)


def test_missing_column_is_named():
    with pytest.raises(InputError, match="context table: column zone is missing"):
        zone_summary(context_of().drop(columns="zone"), **RESAMPLING)
    with pytest.raises(InputError, match="negative"):
        evidence_summary(context_of().drop(columns="negative"), **RESAMPLING)
