import pandas as pd
import pytest

from mrelevance.analysis.cohort import cohort_lesions, cohort_table, stack
from mrelevance.runtime.errors import InputError


def lesions_of(patient, volumes, kind="cyst"):
    return pd.DataFrame(
        {
            "patient": patient,
            "lesion": range(1, len(volumes) + 1),
            "type": kind,
            "volume_ml": volumes,
            "diameter_mm": [10.0] * len(volumes),
        }
    )


SPLIT = pd.DataFrame({"patient": ["01", "02", "03"], "split": ["train", "train", "test"]})


def test_stack_keeps_rows_and_types_beside_an_empty_table():
    scores = pd.DataFrame({"patient": ["01"], "dice": [0.8], "detected": [2]})
    empty = pd.DataFrame(columns=scores.columns)
    stacked = stack("scores", [empty, scores, scores.assign(patient="02")])
    assert list(stacked["patient"]) == ["01", "02"]
    assert stacked["dice"].dtype == float and stacked["detected"].dtype == int
    assert stack("scores", [empty]).empty


def test_stack_refuses_what_is_wrong():
    scores = pd.DataFrame({"patient": ["01"], "dice": [0.8]})
    with pytest.raises(InputError, match="patient 01 occurs twice"):
        stack("scores", [scores, scores])
    with pytest.raises(InputError, match="motion table of patient 01: column sequence is missing"):
        stack("motion", [scores])
    with pytest.raises(InputError, match="no patient"):
        stack("lesions", [])


def test_cohort_table_counts():
    lesions = cohort_lesions(
        SPLIT, [lesions_of("01", [1.0, 3.0]), lesions_of("03", [5.0], "metastasis")]
    )
    assert list(lesions["split"]) == ["train", "train", "test"]
    table = cohort_table(SPLIT, lesions).set_index("split")
    assert table.loc["train", "patients"] == 2
    assert table.loc["train", "patients_with_lesions"] == 1
    assert table.loc["train", "lesions_per_patient_median"] == 1.0
    assert table.loc["train", "volume_median_ml"] == 2.0
    assert table.loc["train", "type_metastasis"] == 0
    assert table.loc["all", ["patients", "lesions", "type_cyst"]].tolist() == [3, 3, 2]


def test_cohort_table_counts_excluded_patients_apart():
    split = SPLIT.assign(split=["excluded", "train", "test"])
    lesions = cohort_lesions(split, [lesions_of("01", [1.0, 3.0]), lesions_of("03", [5.0])])
    table = cohort_table(split, lesions)
    assert table["split"].tolist() == ["train", "test", "all", "excluded"]
    assert table["patients"].tolist() == [1, 1, 2, 1]
    assert table["lesions"].tolist() == [0, 1, 1, 2]


def test_cohort_refuses_unknown_patients_and_no_lesions():
    with pytest.raises(InputError, match="patient 07: the patient is not in the split"):
        cohort_lesions(SPLIT, [lesions_of("07", [1.0])])
    with pytest.raises(InputError, match="no patient has a labelled lesion"):
        cohort_lesions(SPLIT, [lesions_of("01", [])])
