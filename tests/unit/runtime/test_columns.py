import pandas as pd
import pytest

from mrelevance.runtime.columns import check_columns, name_region, of_region, stack
from mrelevance.runtime.errors import InputError

SCORES = pd.DataFrame({"patient": ["01"], "dice": [0.8], "detected": [2]})


def test_missing_columns_are_named():
    check_columns(SCORES, ["patient", "dice"], "scores table")
    with pytest.raises(InputError, match="scores table: column lesions is missing; it has patient"):
        check_columns(SCORES, ["patient", "lesions"], "scores table")


def test_stack_keeps_rows_and_types_beside_an_empty_table():
    empty = pd.DataFrame(columns=SCORES.columns)
    stacked = stack([empty, SCORES, SCORES.assign(patient="02")], ["patient"], "scores table")
    assert list(stacked["patient"]) == ["01", "02"]
    assert stacked["dice"].dtype == float and stacked["detected"].dtype == int
    assert stack([empty], ["patient"], "scores table").empty


def test_stack_refuses_what_is_wrong():
    with pytest.raises(InputError, match="scores table: patient 01 occurs twice"):
        stack([SCORES, SCORES], ["patient"], "scores table")
    with pytest.raises(InputError, match="motion table of patient 01: column sequence is missing"):
        stack([SCORES], ["patient", "sequence"], "motion table")
    with pytest.raises(InputError, match="lesions table: no patient"):
        stack([], ["patient"], "lesions table")


def test_regions_are_named_behind_the_patient_and_told_apart():
    table = pd.DataFrame({"patient": ["P1"], "dice": [0.5]})
    named = pd.concat([name_region(table, "core"), name_region(table, "rim")])
    assert list(named.columns) == ["patient", "region_name", "dice"]
    pd.testing.assert_frame_equal(of_region(named, "rim"), table)
    assert list(name_region(table[["dice"]], "core").columns) == ["region_name", "dice"]
