import pandas as pd
import pytest

from mrelevance.errors import InputError
from mrelevance.summary.subsets import (
    check_minutes,
    check_subsets,
    choose_subsets,
    dropping_order,
    left_out,
    sequences_of,
    subset_name,
)

SEQUENCES = ["T1+C", "T2", "FLAIR", "PD"]


def shapley_of(shares, patients=3):
    """Shares of each sequence, a little different from patient to patient."""
    return pd.DataFrame([
        {"patient": f"V{k}", "composite": "shapley", "region": "tumour", "sequence": sequence,
         "relevance_pooled": share + 0.01 * k * (1 if sequence == "T2" else -1)}
        for k in range(patients)
        for sequence, share in zip(SEQUENCES, shares, strict=True)
    ])  # fmt: skip


def test_a_name_gives_its_sequences_back_in_the_networks_order():
    assert subset_name(["FLAIR", "T1+C"], SEQUENCES) == "T1+C,FLAIR"
    assert sequences_of("T1+C,FLAIR") == ["T1+C", "FLAIR"]
    assert left_out("T1+C,FLAIR", SEQUENCES) == ["T2", "PD"]


def test_search_drops_the_least_share_first():
    assert dropping_order(shapley_of([0.1, -0.2, 0.6, 0.5])) == ["T2", "T1+C", "PD", "FLAIR"]


def test_default_is_each_left_out_and_the_best_of_every_size():
    subsets = choose_subsets("default", SEQUENCES, shapley_of([0.1, -0.2, 0.6, 0.5]))
    chosen = subsets.set_index("subset")["chosen_by"].to_dict()
    assert chosen == {
        "T1+C,FLAIR,PD": "search",
        "T2,FLAIR,PD": "one left out",
        "T1+C,T2,PD": "one left out",
        "T1+C,T2,FLAIR": "one left out",
        "FLAIR,PD": "search",
        "FLAIR": "search",
    }
    assert list(subsets["size"]) == [3, 3, 3, 3, 2, 1]
    assert subsets.set_index("subset").loc["FLAIR,PD", "left_out"] == "T1+C, T2"


def test_all_is_every_subset_but_the_full_one_and_none():
    subsets = choose_subsets("all", SEQUENCES)
    assert len(subsets) == subsets["subset"].nunique() == 2**4 - 2
    assert set(subsets["chosen_by"]) == {"configuration"}


def test_listed_subsets_are_named_in_the_networks_order():
    subsets = choose_subsets([["PD", "T2"], ["FLAIR", "T2", "PD"]], SEQUENCES)
    assert list(subsets["subset"]) == ["T2,FLAIR,PD", "T2,PD"]


def test_nothing_to_choose_by_is_an_error():
    with pytest.raises(InputError, match="there are none; mark some"):
        choose_subsets("default", SEQUENCES, None)
    shapley = shapley_of([0.1, 0.2, 0.3, 0.4]).assign(region="FN")
    with pytest.raises(InputError, match="finds no tumour in any of them; list the subsets"):
        choose_subsets("default", SEQUENCES, shapley)


@pytest.mark.parametrize(
    ("subsets", "message"),
    [
        ([["T2", "T9"]], r"\[T2, T9\] names T9, which is not among sequences: T1\+C, T2"),
        ([["T2", "PD"], ["PD", "T2"]], r"\[PD, T2\] is listed twice"),
        ([["T2", "T2"]], r"\[T2, T2\] names a sequence twice"),
        ([["PD", "FLAIR", "T2", "T1+C"]], "is the full protocol"),
    ],
)
def test_wrong_subsets_are_refused(subsets, message):
    with pytest.raises(InputError, match=message):
        check_subsets(subsets, SEQUENCES)


def test_right_subsets_are_accepted():
    for subsets in ("default", "all", [["T2"], ["T2", "PD"]]):
        check_subsets(subsets, SEQUENCES)


def test_minutes_are_those_of_every_sequence():
    minutes = dict.fromkeys(SEQUENCES, 3)
    check_minutes(None, SEQUENCES)
    check_minutes(minutes, SEQUENCES)
    with pytest.raises(InputError, match="acquisition_minutes lacks PD; give the minutes"):
        check_minutes({name: 3 for name in SEQUENCES[:3]}, SEQUENCES)
    with pytest.raises(InputError, match="acquisition_minutes names DWI, which is not among"):
        check_minutes(minutes | {"DWI": 1}, SEQUENCES)
