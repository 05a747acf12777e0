import numpy as np
import pandas as pd
import pytest
from helpers.lesion_tables import RESAMPLING, targets_of

from mrelevance.analysis.targets import summarise_targets, target_summary
from mrelevance.runtime.errors import InputError


def test_logits_that_share_the_margin_evenly_have_its_shares():
    summary = target_summary(targets_of(6, 0.25), **RESAMPLING).set_index(["target", "measure"])
    assert summary.loc[("tumour", "part of the margin"), "value"].item() == pytest.approx(0.25)
    assert summary.loc[("background", "part of the margin"), "value"].item() == pytest.approx(0.75)
    difference = summary.loc[("tumour", "share less that of the margin")]
    np.testing.assert_allclose(difference[["value", "low", "high"]], 0, atol=1e-12)
    assert summary.loc[("tumour", "Kendall's tau to the margin"), "value"].item() == 1
    same = summary.loc[("tumour", "patients with the margin's first sequence")]
    assert same["value"] == 1 and same["n"] == 6


def test_medians_and_paired_differences():
    targets = targets_of(5, 0.5)
    first = (targets["target"] == "tumour") & (targets["sequence"] == "T1")
    targets.loc[first, "relevance_pooled"] += 0.3
    summary = target_summary(targets, **RESAMPLING)
    row = summary.query("measure == 'share less that of the margin' and sequence == 'T1'")
    assert row.set_index("target").loc["tumour", "value"] == pytest.approx(0.3)
    share = summary.query("measure == 'share' and sequence == 'T2' and target == 'margin'")
    own = targets.query("sequence == 'T2' and target == 'margin'")["relevance_pooled"]
    assert share["value"].item() == pytest.approx(own.median())


def test_no_tumour_is_an_empty_table_and_a_missing_column_an_error():
    targets = targets_of(3, 0.5)
    assert target_summary(targets.assign(region="FN"), **RESAMPLING).empty
    with pytest.raises(InputError, match="contribution"):
        target_summary(targets.drop(columns="contribution"), **RESAMPLING)


def test_a_region_with_a_head_of_its_own_has_no_background_logit():
    targets = targets_of(4, 1.0)
    of_background = targets["target"] == "background"
    targets.loc[of_background, ["contribution", "relevance_pooled"]] = [0.0, np.nan]
    summary = target_summary(targets, **RESAMPLING)
    assert set(summary["target"]) == {"margin", "tumour"}
    part = summary.query("measure == 'part of the margin' and target == 'tumour'")
    assert part["value"].item() == 1


def test_one_patient_has_no_interval():
    summary = target_summary(targets_of(1, 0.5), **RESAMPLING)
    assert summary[["low", "high"]].isna().all(axis=None)


def test_step_makes_the_table():
    targets = targets_of(4, 0.5)
    made = summarise_targets(targets, **RESAMPLING)
    pd.testing.assert_frame_equal(made["targets"], target_summary(targets, **RESAMPLING))
