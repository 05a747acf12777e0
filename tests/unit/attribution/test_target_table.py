import numpy as np
import pytest
from helpers.explained import explained_patient

from mrelevance.attribution.target_table import target_table

SEQUENCES = ["T1", "T2", "FLAIR"]


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(3, 2, 4, 5, 6)).astype(np.float32)


@pytest.fixture
def masks():
    mask = np.zeros((4, 5, 6), bool)
    mask[1:3, 2, 1:4] = True
    return {("tumour", 0): mask, ("TP", 2): mask & (np.arange(6) > 1)}


@pytest.fixture
def patient(masks):
    return explained_patient(np.zeros((3, 4, 5, 6)), masks, sequences=SEQUENCES)


def test_tumour_and_background_add_up_to_the_margin(values, masks, patient):
    table = target_table(values, patient)
    keys = ["region", "lesion", "sequence"]
    by_target = {name: own.set_index(keys) for name, own in table.groupby("target")}
    np.testing.assert_allclose(
        by_target["tumour"]["contribution"] + by_target["background"]["contribution"],
        by_target["margin"]["contribution"],
    )
    margin = (values[:, 1] - values[:, 0])[:, masks["tumour", 0]].astype(float)
    own = by_target["margin"].loc["tumour", 0]
    np.testing.assert_allclose(own["contribution"], margin.mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(
        own["relevance_pooled"], margin.sum(axis=1) / margin.sum(), rtol=1e-4
    )
    sums = table.groupby(["target", "region", "lesion"])["relevance_pooled"].sum()
    np.testing.assert_allclose(sums, 1)


def test_a_target_that_does_not_change_has_no_shares(values, patient):
    values[:, 0] = 0
    table = target_table(values, patient)
    assert table.loc[table["target"] == "background", "relevance_pooled"].isna().all()
    tumour, margin = (
        table.loc[table["target"] == name, "relevance_pooled"].to_numpy()
        for name in ("tumour", "margin")
    )
    np.testing.assert_allclose(tumour, margin)
