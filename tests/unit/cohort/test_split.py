"""Every patient is in one part of the split, and the parts span the lesion loads."""

import numpy as np
import pandas as pd
import pytest

from mrelevance.cohort.split import (
    Draw,
    check_lesions,
    draw_split,
    draw_split_of_subjects,
    split_cohort,
    with_incomplete,
)
from mrelevance.runtime.errors import InputError


def loads(count: int, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "patient": [f"p{i:02d}" for i in range(count)],
            "lesions": generator.integers(1, 9, count),
            "lesion_ml": generator.lognormal(2, 1, count),
        }
    )


def test_sizes_of_the_parts():
    split = draw_split(loads(69), Draw(0.1, 0.3, seed=1))
    assert split["split"].value_counts().to_dict() == {"train": 41, "test": 21, "validation": 7}
    assert split["patient"].tolist() == loads(69)["patient"].tolist()


def test_same_seed_same_split_whatever_the_order_of_rows():
    table = loads(30)
    first = draw_split(table, Draw(0.2, 0.2, seed=5)).set_index("patient")["split"]
    again = draw_split(table.sample(frac=1, random_state=2), Draw(0.2, 0.2, seed=5))
    assert again.set_index("patient")["split"].loc[first.index].equals(first)
    assert not draw_split(table, Draw(0.2, 0.2, seed=6)).set_index("patient")["split"].equals(first)


@pytest.mark.parametrize("seed", range(5))
def test_each_stratum_of_the_load_gives_one_test_patient(seed):
    table = loads(40)
    test = draw_split(table, Draw(0.0, 0.25, seed)).query("split == 'test'")["patient"]
    rank = table.set_index("patient")["lesion_ml"].rank().loc[test].sort_values() - 1
    assert (rank // 4).tolist() == list(range(10))


def test_small_shares_give_at_least_one_patient():
    split = draw_split(loads(3), Draw(0.01, 0.01, seed=0))
    assert sorted(split["split"]) == ["test", "train", "validation"]


@pytest.mark.parametrize("shares", [(0.0, 0.0), (0.5, 0.5), (0.1, 0.9)])
def test_impossible_shares_are_refused(shares):
    with pytest.raises(InputError, match="patients cannot be split"):
        draw_split(loads(4), Draw(*shares, seed=0))


def lesions() -> pd.DataFrame:
    return pd.DataFrame({"patient": ["a", "a", "c"], "volume_ml": [1.0, 2.5, 4.0]})


def test_split_of_the_sheet_is_kept_and_loads_are_counted():
    sheet = pd.DataFrame({"patient": ["c", "b", "a"], "split": ["test", "train", "train"]})
    table = split_cohort(sheet, lesions(), [], Draw(0.5, 0.5, seed=0))
    assert table.to_dict("list") == {
        "patient": ["c", "b", "a"],
        "split": ["test", "train", "train"],
        "lesions": [1, 0, 2],
        "lesion_ml": [4.0, 0.0, 3.5],
    }


def test_split_is_drawn_when_the_sheet_has_none():
    sheet = pd.DataFrame({"patient": ["c", "b", "a"]})
    table = split_cohort(sheet, lesions(), [], Draw(0.0, 0.34, seed=0))
    assert table["patient"].tolist() == ["c", "b", "a"]
    assert sorted(table["split"]) == ["test", "train", "train"]


def test_excluded_patients_are_listed_and_nothing_else():
    sheet = pd.DataFrame({"patient": ["c", "b", "a"], "split": ["test", "train", "train"]})
    table = split_cohort(sheet, lesions(), ["a"], Draw(0.5, 0.5, seed=0))
    assert table["patient"].tolist() == ["c", "b", "a"]
    assert table["split"].tolist() == ["test", "train", "excluded"]
    assert table["lesions"].tolist() == [1, 0, 2]


def test_excluded_patients_are_not_drawn():
    sheet = loads(40)[["patient"]]
    excluded = sheet["patient"].tolist()[:10]
    table = split_cohort(sheet, lesions(), excluded, Draw(0.1, 0.3, seed=0)).set_index("patient")
    assert (table.loc[excluded, "split"] == "excluded").all()
    others = table.drop(excluded)["split"].value_counts().to_dict()
    assert others == {"train": 18, "test": 9, "validation": 3}


def test_exclusion_must_leave_patients_to_test():
    sheet = pd.DataFrame({"patient": ["c", "b", "a"], "split": ["test", "train", "train"]})
    with pytest.raises(InputError, match="no patient is left for test without c; correct"):
        split_cohort(sheet, lesions(), ["c"], Draw(0.5, 0.5, seed=0))


@pytest.mark.parametrize("seed", range(5))
def test_visits_of_a_subject_are_drawn_together(seed):
    table = loads(40)
    subjects = pd.Series([f"s{i % 13}" for i in range(40)])
    split = draw_split_of_subjects(table, subjects, Draw(0.2, 0.3, seed))
    assert split["patient"].tolist() == table["patient"].tolist()
    parts = split.groupby(subjects)["split"].unique()
    assert all(len(found) == 1 for found in parts)
    assert parts.str[0].value_counts().to_dict() == {"train": 6, "test": 4, "validation": 3}


def test_subjects_of_one_visit_are_drawn_like_patients():
    table = loads(30)
    draw = Draw(0.2, 0.2, seed=3)
    assert draw_split_of_subjects(table, table["patient"], draw).equals(draw_split(table, draw))


def test_subjects_and_covariates_follow_the_split():
    sheet = pd.DataFrame(
        {
            "patient": ["c", "b", "a"],
            "split": ["test", "train", "train"],
            "subject": ["x", "y", "y"],
            "age": ["50", "", "61"],
            "lesions": ["many", "none", "some"],
        }
    )
    table = split_cohort(sheet, lesions(), ["c2"], Draw(0.5, 0.5, seed=0))
    names = ["patient", "split", "lesions", "lesion_ml", "subject", "age", "sheet_lesions"]
    assert table.columns.tolist() == names
    assert table["lesions"].tolist() == [1, 0, 2]
    assert table["sheet_lesions"].tolist() == ["many", "none", "some"]
    drawn = split_cohort(sheet.drop(columns="split"), lesions(), [], Draw(0, 0.5, seed=0))
    assert drawn.loc[1, "split"] == drawn.loc[2, "split"] != drawn.loc[0, "split"]


def test_incomplete_patients_follow_and_their_lesions_are_not_known():
    sheet = pd.DataFrame({"patient": ["c", "a"], "split": ["test", "train"]})
    table = split_cohort(sheet, lesions(), [], Draw(0.5, 0.5, seed=0))
    assert with_incomplete(table, []).equals(table)
    listed = with_incomplete(table, ["d"])
    assert listed["split"].tolist() == ["test", "train", "incomplete"]
    assert listed["lesions"].tolist()[:2] == [1, 2] and pd.isna(listed["lesions"][2])


@pytest.mark.parametrize("part", ["train", "test"])
def test_a_part_without_any_lesion_is_refused_before_training(part):
    split = pd.DataFrame(
        {
            "patient": ["a", "b", "c", "d"],
            "split": ["train", "train", "test", "test"],
            "lesions": [0, 2, 1, 0],
        }
    )
    check_lesions(split)
    split.loc[split["split"] == part, "lesions"] = 0
    names = "a, b" if part == "train" else "c, d"
    with pytest.raises(InputError, match=rf"none of the 2 patients for {part} .*\({names}\)"):
        check_lesions(split)
