import numpy as np
import pandas as pd
import pytest
from helpers.explained import explained_patient

from mrelevance.analysis.targets import target_summary
from mrelevance.attribution.target_table import target_table
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2", "FLAIR"]
SETTINGS = {"resamples": 200, "confidence": 0.9, "seed": 1}


def targets_of(patients, tumour_part):
    """Shapley values of patients whose margin is made of both logits in fixed parts."""
    generator, mask = np.random.default_rng(0), np.ones((1, 2, 2), bool)
    tables = []
    for patient in range(patients):
        margin = generator.uniform(1, 2, (3, 1, 1, 1)) * np.ones((3, 1, 2, 2))
        values = np.stack([(tumour_part - 1) * margin, tumour_part * margin], axis=1)
        explained = explained_patient(
            np.zeros((len(SEQUENCES), *mask.shape)), {("tumour", 0): mask}, f"P{patient}",
            sequences=SEQUENCES,
        )  # fmt: skip
        tables.append(target_table(values, explained))
    return pd.concat(tables)


def test_logits_that_share_the_margin_evenly_have_its_shares():
    summary = target_summary(targets_of(6, 0.25), **SETTINGS).set_index(["target", "measure"])
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
    summary = target_summary(targets, **SETTINGS)
    row = summary.query("measure == 'share less that of the margin' and sequence == 'T1'")
    assert row.set_index("target").loc["tumour", "value"] == pytest.approx(0.3)
    share = summary.query("measure == 'share' and sequence == 'T2' and target == 'margin'")
    own = targets.query("sequence == 'T2' and target == 'margin'")["relevance_pooled"]
    assert share["value"].item() == pytest.approx(own.median())


def test_no_tumour_is_an_error_and_so_is_a_missing_column():
    targets = targets_of(3, 0.5)
    with pytest.raises(InputError, match="no tumour was predicted"):
        target_summary(targets.assign(region="FN"), **SETTINGS)
    with pytest.raises(InputError, match="contribution"):
        target_summary(targets.drop(columns="contribution"), **SETTINGS)


def test_one_patient_has_no_interval():
    summary = target_summary(targets_of(1, 0.5), **SETTINGS)
    assert summary[["low", "high"]].isna().all(axis=None)
