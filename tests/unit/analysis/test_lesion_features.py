import numpy as np
import pandas as pd
import pytest
from helpers.lesion_tables import RESAMPLING, lesion_tables
from scipy.stats import spearmanr

from mrelevance.analysis.lesion_features import (
    describe_lesions,
    feature_correlation,
    lesion_features,
    visibility,
)
from mrelevance.runtime.errors import InputError


def test_every_lesion_and_sequence_once_and_truth_of_labelled_ones_only():
    lesions, contrast, truth, _ = lesion_tables()
    features = lesion_features(lesions, contrast, truth)
    assert len(features) == 8 * 3 * 2
    false = features[features["region"] == "FP"]
    assert (false["lesion"] == 3).all() and false["contrast_to_noise"].isna().all()
    found = features[features["region"] == "TP"]
    np.testing.assert_allclose(found["contrast"], found["contrast_to_noise"] + 0.1)
    assert visibility(features) == "contrast_to_noise"


def test_without_truth_the_measured_contrast_serves():
    lesions, contrast, _, relevance = lesion_tables()
    features = lesion_features(lesions, contrast, None)
    assert features["contrast_to_noise"].isna().all()
    assert visibility(features) == "contrast"
    correlation = feature_correlation(relevance, features, ["epsilon"], **RESAMPLING)
    assert set(correlation["feature"]) == {"diameter_mm", "contrast"}


def test_rank_correlation_with_the_magnitude_of_the_contrast():
    lesions, contrast, truth, relevance = lesion_tables()
    features = lesion_features(lesions, contrast, truth)
    correlation = feature_correlation(relevance, features, ["epsilon"], **RESAMPLING)
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
    lesions, contrast, truth, relevance = lesion_tables()
    features = lesion_features(lesions.assign(diameter_mm=10.0), contrast, truth)
    correlation = feature_correlation(relevance, features, ["epsilon"], **RESAMPLING)
    assert correlation.loc[correlation["feature"] == "diameter_mm", "spearman"].isna().all()


def test_missing_columns_are_named():
    lesions, contrast, truth, relevance = lesion_tables()
    with pytest.raises(InputError, match="contrast table: column contrast is missing"):
        lesion_features(lesions, contrast.drop(columns="contrast"), truth)
    with pytest.raises(InputError, match="lesion table"):
        lesion_features(lesions.drop(columns="type"), contrast, truth)
    with pytest.raises(InputError, match="conspicuity table"):
        lesion_features(lesions, contrast, truth.drop(columns="contrast_to_noise"))
    features = lesion_features(lesions, contrast, truth)
    with pytest.raises(InputError, match="relevance table"):
        feature_correlation(relevance.drop(columns="lesion"), features, ["epsilon"], **RESAMPLING)


def test_step_correlates_by_the_composite_and_as_measured():
    lesions, contrast, truth, relevance = lesion_tables()
    both = pd.concat([relevance, relevance.assign(method="shapley")])
    made = describe_lesions(both, lesions, contrast, truth, "epsilon", **RESAMPLING)
    features = lesion_features(lesions, contrast, truth)
    pd.testing.assert_frame_equal(made["lesion_features"], features)
    assert list(made["feature_correlation"]["method"].unique()) == ["epsilon", "shapley"]
