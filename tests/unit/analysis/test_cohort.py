import pandas as pd
import pytest

from mrelevance.analysis.cohort import cohort_lesions, cohort_table, summarise_cohort
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


def test_cohort_table_counts():
    lesions = cohort_lesions(
        SPLIT, pd.concat([lesions_of("01", [1.0, 3.0]), lesions_of("03", [5.0], "metastasis")])
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
    lesions = pd.concat([lesions_of("01", [1.0, 3.0]), lesions_of("03", [5.0])])
    table = summarise_cohort(split, lesions)["cohort"]
    assert table["split"].tolist() == ["train", "test", "all", "excluded"]
    assert table["patients"].tolist() == [1, 1, 2, 1]
    assert table["lesions"].tolist() == [0, 1, 1, 2]
    more = pd.concat([split, pd.DataFrame({"patient": ["04"], "split": ["incomplete"]})])
    table = summarise_cohort(more, lesions)["cohort"]
    assert table["split"].tolist() == ["train", "test", "all", "excluded", "incomplete"]
    assert table["patients"].tolist() == [1, 1, 2, 1, 1]


def test_cohort_refuses_unknown_patients_and_no_lesions():
    with pytest.raises(InputError, match="patient 07: the patient is not in the split"):
        cohort_lesions(SPLIT, lesions_of("07", [1.0]))
    with pytest.raises(InputError, match="no patient has a labelled lesion"):
        cohort_lesions(SPLIT, lesions_of("01", []))
