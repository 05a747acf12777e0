import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from mrelevance.analysis.lesion_features import (
    feature_correlation,
    lesion_features,
    visibility,
)
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2"]
SETTINGS = {"resamples": 200, "confidence": 0.9, "seed": 1}


def tables(patients=8):
    """Lesions, contrast, conspicuity and relevance: two TP and one FP per patient.

    The share of T2 grows with its true contrast to noise, which has either sign.
    """
    generator = np.random.default_rng(0)
    lesions, contrast, truth, relevance = [], [], [], []
    for name in (f"P{patient}" for patient in range(patients)):
        lesions += [
            [name, "TP", 1, 1, "cyst", 2.0, generator.uniform(8, 40)],
            [name, "TP", 2, 2, "HCC", 3.0, generator.uniform(8, 40)],
            [name, "FP", 3, 0, "none", 0.1, 5.0],
        ]
        for region, number in (("TP", 1), ("TP", 2), ("FP", 3)):
            visible = generator.normal(0, 4, len(SEQUENCES))
            share = 0.1 * abs(visible[1])
            for sequence, value in zip(SEQUENCES, visible, strict=True):
                contrast.append([name, region, number, sequence, value + 0.1])
                # The truth also knows lesions that bear the number of the false positive.
                truth.append([name, number, sequence, value])
                own = share if sequence == "T2" else 1 - share
                relevance.append([name, "epsilon", region, number, sequence, own])
    return (
        pd.DataFrame(lesions, columns=["patient", "region", "region_id", "lesion", "type",
                                       "volume_ml", "diameter_mm"]),
        pd.DataFrame(contrast, columns=["patient", "region", "lesion", "sequence", "contrast"]),
        pd.DataFrame(truth, columns=["patient", "lesion", "sequence", "contrast_to_noise"]),
        pd.DataFrame(relevance, columns=["patient", "method", "region", "lesion", "sequence",
                                         "relevance_pooled"]),
    )  # fmt: skip


def test_every_lesion_and_sequence_once_and_truth_of_labelled_ones_only():
    lesions, contrast, truth, _ = tables()
    features = lesion_features(lesions, contrast, truth)
    assert len(features) == 8 * 3 * 2
    false = features[features["region"] == "FP"]
    assert (false["lesion"] == 3).all() and false["contrast_to_noise"].isna().all()
    found = features[features["region"] == "TP"]
    np.testing.assert_allclose(found["contrast"], found["contrast_to_noise"] + 0.1)
    assert visibility(features) == "contrast_to_noise"


def test_without_truth_the_measured_contrast_serves():
    lesions, contrast, _, relevance = tables()
    features = lesion_features(lesions, contrast, None)
    assert features["contrast_to_noise"].isna().all()
    assert visibility(features) == "contrast"
    correlation = feature_correlation(relevance, features, ["epsilon"], **SETTINGS)
    assert set(correlation["feature"]) == {"diameter_mm", "contrast"}


def test_rank_correlation_with_the_magnitude_of_the_contrast():
    lesions, contrast, truth, relevance = tables()
    features = lesion_features(lesions, contrast, truth)
    correlation = feature_correlation(relevance, features, ["epsilon"], **SETTINGS)
    rows = correlation.set_index(["feature", "sequence"])
    assert rows.loc[("contrast_to_noise", "T2"), "spearman"] == pytest.approx(1)
    assert rows.loc[("contrast_to_noise", "T2"), "low"] == pytest.approx(1)
    found = features[features["region"] == "TP"]
    merged = relevance.merge(found, on=["patient", "region", "lesion", "sequence"])
    own = merged[merged["sequence"] == "T1"]
    row = rows.loc[("diameter_mm", "T1")]
    expected = spearmanr(own["diameter_mm"], own["relevance_pooled"]).statistic
    assert row["spearman"] == pytest.approx(expected)
    assert row["low"] < row["spearman"] < row["high"]
    assert (row["lesions"], row["patients"]) == (16, 8)


def test_what_does_not_vary_has_no_correlation():
    lesions, contrast, truth, relevance = tables()
    features = lesion_features(lesions.assign(diameter_mm=10.0), contrast, truth)
    correlation = feature_correlation(relevance, features, ["epsilon"], **SETTINGS)
    assert correlation.loc[correlation["feature"] == "diameter_mm", "spearman"].isna().all()


def test_missing_columns_are_named():
    lesions, contrast, truth, relevance = tables()
    with pytest.raises(InputError, match="contrast table: column contrast is missing"):
        lesion_features(lesions, contrast.drop(columns="contrast"), truth)
    with pytest.raises(InputError, match="lesion table"):
        lesion_features(lesions.drop(columns="type"), contrast, truth)
    with pytest.raises(InputError, match="conspicuity table"):
        lesion_features(lesions, contrast, truth.drop(columns="contrast_to_noise"))
    features = lesion_features(lesions, contrast, truth)
    with pytest.raises(InputError, match="relevance table"):
        feature_correlation(relevance.drop(columns="lesion"), features, ["epsilon"], **SETTINGS)
