import pytest

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.subset_names import (
    check_minutes,
    check_subsets,
    left_out,
    sequences_of,
    subset_name,
)

SEQUENCES = ["T1+C", "T2", "FLAIR", "PD"]


def test_a_name_gives_its_sequences_back_in_the_networks_order():
    assert subset_name(["FLAIR", "T1+C"], SEQUENCES) == "T1+C,FLAIR"
    assert sequences_of("T1+C,FLAIR") == ["T1+C", "FLAIR"]
    assert left_out("T1+C,FLAIR", SEQUENCES) == ["T2", "PD"]


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
