import numpy as np
import pandas as pd
import pytest

from mrelevance.attribution.table import regions_of, relevance_table

SEQUENCES = ["T1", "T2"]
KEYS = {"patient": "P01", "method": "epsilon", "target": "margin"}


@pytest.fixture
def parts() -> np.ndarray:
    """Relevance of two sequences at four voxels: shares of T1 are 1/2, 3/4, 1/4, 5."""
    return np.array([[1.0, 3.0, 1.0, 0.5], [1.0, 1.0, 3.0, -0.4]]).reshape(2, 1, 1, 4)


def table(parts, included, mask, change=None):
    change = parts.sum(0) if change is None else change
    masks = {("TP", 3): np.asarray(mask).reshape(1, 1, 4)}
    included = np.asarray(included).reshape(1, 1, 4)
    return relevance_table(parts, change, included, masks, SEQUENCES, KEYS)


def test_relevance_is_the_mean_share_and_pooled_the_quotient_of_sums(parts):
    rows = table(parts, [True] * 4, [True, True, True, False])
    assert rows["relevance"].tolist() == pytest.approx([0.5, 0.5])
    assert rows["relevance_pooled"].tolist() == pytest.approx([5 / 10, 5 / 10])


def test_excluded_voxels_leave_the_mean_but_not_the_pooled_share(parts):
    rows = table(parts, [True, True, True, False], [True] * 4)
    assert rows["relevance"].tolist() == pytest.approx([0.5, 0.5])
    assert rows["relevance_pooled"].tolist() == pytest.approx([5.5 / 10.1, 4.6 / 10.1])
    assert set(rows["excluded_voxels"]) == {1}
    assert set(rows["voxels"]) == {4}


def test_both_measures_sum_to_one_over_the_sequences(parts):
    rows = table(parts, [True] * 4, [True] * 4)
    assert rows[["relevance", "relevance_pooled"]].sum().tolist() == pytest.approx([1, 1])


def test_conservation_is_relevance_over_what_it_should_be(parts):
    rows = table(parts, [True] * 4, [True] * 4, change=2 * parts.sum(0))
    assert rows["conservation"].tolist() == pytest.approx([0.5, 0.5])


def test_a_region_without_included_voxels_has_no_mean_share(parts):
    rows = table(parts, [False] * 4, [True] * 4)
    assert rows["relevance"].isna().all()
    assert rows["relevance_pooled"].notna().all()


def test_permuting_sequences_permutes_the_rows(parts):
    rows = table(parts, [True] * 4, [True] * 4)
    swapped = table(parts[::-1], [True] * 4, [True] * 4)
    assert rows["relevance"].tolist() == swapped["relevance"].tolist()[::-1]


def test_keys_and_region_are_in_every_row(parts):
    rows = table(parts, [True] * 4, [True] * 4)
    for column, value in {**KEYS, "region": "TP"}.items():
        assert rows[column].tolist() == [value, value]
    assert rows["lesion"].tolist() == [3, 3]
    assert rows["sequence"].tolist() == SEQUENCES


def test_whole_tumour_is_what_was_predicted_and_regions_are_named_by_lesion():
    regions = np.array([[[1, 2, 3, 0]]])
    lesions = pd.DataFrame(
        {"region": ["TP", "FN", "FP"], "region_id": [1, 2, 3], "lesion": [5, 6, 0]}
    )
    masks = regions_of(regions, lesions)
    assert list(masks) == [("tumour", 0), ("TP", 5), ("FN", 6), ("FP", 3)]
    assert masks["tumour", 0].tolist() == [[[True, False, True, False]]]
    assert masks["FN", 6].tolist() == [[[False, True, False, False]]]


def test_nothing_predicted_leaves_only_missed_lesions():
    lesions = pd.DataFrame({"region": ["FN"], "region_id": [1], "lesion": [2]})
    assert list(regions_of(np.array([[[1, 0]]]), lesions)) == [("FN", 2)]


def test_a_false_alarm_in_a_patient_without_lesion_is_not_the_tumour():
    alarm = pd.DataFrame({"region": ["FP"], "region_id": [1], "lesion": [0]})
    assert list(regions_of(np.array([[[1, 0]]]), alarm)) == [("FP", 1)]
