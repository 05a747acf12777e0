"""What the relevance teaches, on the tiny phantom."""

import numpy as np
import pytest
import SimpleITK as sitk

from mrelevance.runtime.files import read_json, read_table

pytestmark = pytest.mark.workflow

SEQUENCES = ["T1-pre", "T1-20s", "T1-60s", "T1-120s", "T1-15min", "T2"]
ZONES = ["inside", "within_5_mm", "5_to_10_mm", "10_to_20_mm", "organ", "outside"]
LESION = ["patient", "method", "region", "lesion"]
FIGURES = ["context", "evidence", "targets", "individuals", "strategies", "relevance_by_feature",
           "prototypes"]  # fmt: skip
TABLES = ["context", "zones", "evidence", "targets", "lesion_features", "feature_correlation",
          "individuals", "individual_differences", "strategies", "strategy_summary",
          "prototypes"]  # fmt: skip


@pytest.fixture(scope="module")
def results(study):
    return study.folder / "results"


@pytest.fixture(scope="module")
def context(results):
    return read_table(results / "summary/context.tsv")


def test_context_of_every_lesion_adds_up_to_its_shares(results, context):
    assert list(context["zone"].unique()) == ZONES
    assert list(context["sequence"].unique()) == SEQUENCES
    sums = context.groupby([*LESION, "sequence"])["relevance"].sum(min_count=1).dropna()
    relevance = read_table(results / "summary/relevance.tsv").set_index([*LESION, "sequence"])
    expected = relevance["relevance"].reindex(sums.index)
    np.testing.assert_allclose(sums, expected, atol=2e-3)
    np.testing.assert_allclose(context["positive"] + context["negative"], context["relevance"],
                               atol=1e-7)  # fmt: skip


def test_zones_are_those_of_the_maps(results, context):
    row = context[(context["region"] == "TP") & (context["method"] == "alpha1_beta0")].iloc[0]
    prediction = results / f"prediction/{row['patient']}"
    lesions = read_table(prediction / "lesions.tsv")
    region_id = lesions.loc[lesions["lesion"] == row["lesion"], "region_id"].item()
    regions = sitk.GetArrayFromImage(sitk.ReadImage(str(prediction / "regions.nii.gz")))
    volumes = results / f"relevance/{row['patient']}/volumes/alpha1_beta0"
    path = volumes / f"map_TP_{row['lesion']}.nii.gz"
    region_map = sitk.GetArrayFromImage(sitk.ReadImage(str(path))).astype(float)
    own = context[(context[LESION] == row[LESION]).all(axis=1) & (context["zone"] == "inside")]
    inside = region_map[:, regions == region_id].sum(axis=1) / region_map.sum()
    np.testing.assert_allclose(own.set_index("sequence")["relevance"][SEQUENCES], inside, atol=1e-5)


def test_margin_of_the_targets_is_the_measured_share(results):
    for patient in ("T1", "T2", "T3"):
        folder = results / f"evaluation/{patient}"
        targets, shapley = read_table(folder / "targets.tsv"), read_table(folder / "shapley.tsv")
        margin = targets[targets["target"] == "margin"].reset_index(drop=True)
        keys = ["region", "lesion", "sequence"]
        assert margin[keys].equals(shapley[keys])
        np.testing.assert_allclose(
            margin["relevance_pooled"], shapley["relevance_pooled"], rtol=1e-3, atol=1e-4
        )
    summary = read_table(results / "summary/targets.tsv")
    assert set(summary["target"]) == {"margin", "tumour", "background"}


def test_every_lesion_has_features_and_a_strategy(results, context):
    features = read_table(results / "summary/lesion_features.tsv")
    keys = ["patient", "region", "lesion"]
    lesions = set(context[keys].itertuples(index=False, name=None))
    assert set(features[keys].itertuples(index=False, name=None)) == lesions
    labelled = features[features["region"] != "FP"]
    assert labelled["contrast_to_noise"].notna().all()
    strategies = read_table(results / "summary/strategies.tsv")
    known = context[context["method"] == "deepshap"].dropna(subset=["relevance"])
    assert len(strategies) == len(known.drop_duplicates(keys))
    verdicts = read_table(results / "summary/strategy_summary.tsv")["verdict"]
    assert verdicts.str.contains("not clustered").all()


def test_patients_are_compared_as_far_as_they_can_be(results):
    distances = read_table(results / "summary/individuals.tsv")
    assert set(distances["method"]) == {"deepshap", "shapley"}
    assert distances["distance"].isna().all(), "three patients are too few"
    differences = read_table(results / "summary/individual_differences.tsv")
    features = differences[differences["kind"] == "feature"]
    assert {"Dice", "motion left, mm", "contrast in T2"} <= set(features["quantity"])


def test_tables_know_where_they_come_from_and_figures_exist(results):
    for table in TABLES:
        assert read_json(results / f"summary/{table}.json")["inputs_sha256"], table
    for figure in FIGURES:
        for suffix in ("png", "svg", "pdf"):
            assert (results / f"figures/{figure}.{suffix}").stat().st_size > 2000
