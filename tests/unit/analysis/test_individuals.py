import numpy as np
import pandas as pd
import pytest

from mrelevance.analysis.individuals import (
    compare_patients,
    patient_features,
    pattern_differences,
    pattern_distances,
)
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1-pre", "T1-20s", "T1-60s", "T2"]


def relevance_of(shares, method="epsilon"):
    return pd.DataFrame(
        [
            [f"P{patient:02d}", method, "tumour", sequence, share]
            for patient, of_patient in enumerate(shares)
            for sequence, share in zip(SEQUENCES, of_patient, strict=True)
        ],
        columns=["patient", "method", "region", "sequence", "relevance_pooled"],
    )


@pytest.fixture
def shares():
    return np.random.default_rng(0).dirichlet([20, 10, 10, 40], size=20)


def test_planted_outlier_is_named_and_nobody_else(shares):
    shares[7] = [0.1, 0.6, 0.1, 0.2]
    distances = pattern_distances(relevance_of(shares), ["epsilon"]).set_index("patient")
    assert distances["outlying"].sum() == 1 and distances.loc["P07", "outlying"] == 1
    assert distances["distance"].idxmax() == "P07"
    differences = pattern_differences(
        relevance_of(shares), pd.DataFrame(columns=["patient", "quantity", "value"]), ["epsilon"]
    ).set_index(["patient", "quantity"])
    assert differences.loc[("P07", "T1-20s"), "unusual"] == 1
    assert differences.loc[("P07", "T1-20s"), "z"] > 5
    assert differences.loc[("P07", "T1-20s"), "others_median"] == pytest.approx(
        np.median(np.delete(shares[:, 1], 7))
    )


@pytest.mark.parametrize("patients", [1, 3, 5])
def test_few_patients_are_not_judged(shares, patients):
    distances = pattern_distances(relevance_of(shares[:patients]), ["epsilon"])
    assert len(distances) == patients
    assert distances["distance"].isna().all() and (distances["outlying"] == 0).all()


def cohort_tables(truth=True):
    names = [f"P{patient:02d}" for patient in range(5)]
    scores = pd.DataFrame({"patient": names, "dice": [0.8, 0.82, 0.81, 0.83, 0.2],
                           "lesions": 2, "false_positives": 0})  # fmt: skip
    lesions = pd.DataFrame(
        [[name, region, kind, volume, 10.0] for name in names
         for region, kind, volume in
         [("TP", "cyst", 2.0), ("FN", "HCC", 1.0), ("FP", "none", 9.0)]],
        columns=["patient", "region", "type", "volume_ml", "diameter_mm"],
    )  # fmt: skip
    error = 0.5 if truth else np.nan
    motion = pd.DataFrame({"patient": [*names, "train"], "error_after_mm": error,
                           "expected_error_mm": 1.0})  # fmt: skip
    features = pd.DataFrame(
        [[name, region, "T2", value, np.nan] for name in names
         for region, value in [("TP", -3.0), ("FN", 1.0), ("FP", 50.0)]],
        columns=["patient", "region", "sequence", "contrast", "contrast_to_noise"],
    )  # fmt: skip
    return scores, lesions, motion, features


def test_features_of_patients():
    features = patient_features(*cohort_tables())
    own = features[features["patient"] == "P00"].set_index("quantity")["value"]
    assert own.to_dict() == {
        "Dice": 0.8,
        "lesions": 2,
        "false positives": 0,
        "labelled tumour, mL": 3,
        "largest lesion, mm": 10,
        "HCC, share of lesions": 0.5,
        "cyst, share of lesions": 0.5,
        "contrast in T2": 2,
        "motion left, mm": 0.5,
    }
    assert "train" not in set(features["patient"])
    without = patient_features(*cohort_tables(truth=False))
    assert "expected error of registration, mm" in set(without["quantity"])


def test_unusual_features_are_marked_and_constant_ones_have_no_z(shares):
    features = patient_features(*cohort_tables())
    differences = pattern_differences(relevance_of(shares[:5]), features, ["epsilon"])
    rows = differences[differences["kind"] == "feature"].set_index(["patient", "quantity"])
    assert rows.loc[("P04", "Dice"), "unusual"] == 1 and rows.loc[("P00", "Dice"), "unusual"] == 0
    others = np.array([0.8, 0.82, 0.81, 0.83])
    spread = 1.4826 * np.median(np.abs(others - np.median(others)))
    assert rows.loc[("P04", "Dice"), "z"] == pytest.approx((0.2 - 0.815) / spread, rel=1e-4)
    assert np.isnan(rows.loc[("P00", "lesions"), "z"])


def test_missing_columns_are_named(shares):
    scores, lesions, motion, features = cohort_tables()
    with pytest.raises(InputError, match="scores table: column dice"):
        patient_features(scores.drop(columns="dice"), lesions, motion, features)
    with pytest.raises(InputError, match="lesion table: column type"):
        patient_features(scores, lesions.drop(columns="type"), motion, features)
    with pytest.raises(InputError, match="no method gamma"):
        pattern_distances(relevance_of(shares), ["gamma"])


def test_step_compares_by_the_composite_and_as_measured(shares):
    relevance = pd.concat([relevance_of(shares[:5]), relevance_of(shares[:5], "shapley")])
    made = compare_patients(relevance, *cohort_tables(), composite="epsilon")
    assert list(made["individuals"]["method"].unique()) == ["epsilon", "shapley"]
    assert {"share", "feature"} == set(made["individual_differences"]["kind"])
