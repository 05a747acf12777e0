"""The sentence on what the network rests on."""

import numpy as np
import pandas as pd
import pytest

from mrelevance.reporting.page.leading_sequences import rests_on

NOT_KNOWN = (np.nan, np.nan)
MINUS = "\N{MINUS SIGN}"


def intervals(patients: int, **shares: tuple[float, float, float]) -> pd.DataFrame:
    """Measured pooled shares with their intervals; another method and measure beside them."""
    rows = []
    for sequence, (median, low, high) in shares.items():
        for method, measure in (
            ("shapley", "relevance_pooled"),
            ("shapley", "relevance"),
            ("deeplift", "relevance_pooled"),
        ):
            own = method == "shapley" and measure == "relevance_pooled"
            values = (median, low, high) if own else (9.0, 9.0, 9.0)
            rows.append([method, measure, sequence, patients, *values])
    columns = ["method", "measure", "sequence", "n", "median", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def pairwise(**p_of_others: float) -> pd.DataFrame:
    """Tests of T2 against others."""
    columns = ["method", "measure", "sequence_a", "sequence_b", "p_holm"]
    rows = [["shapley", "relevance_pooled", name, "T2", p] for name, p in p_of_others.items()]
    return pd.DataFrame(rows, columns=columns)


def said(shares: pd.DataFrame, tests: pd.DataFrame, false_alarms_only: bool = False) -> str:
    return rests_on(shares, tests, 0.95, false_alarms_only).text


def test_a_sequence_that_leads_is_named_with_its_interval():
    shares = intervals(20, T1=(0.2, 0.1, 0.3), T2=(0.75, 0.7, 0.81), DWI=(0.01, -0.01, 0.02))
    tests = pairwise(T1=0.001, DWI=0.001)
    assert said(shares, tests) == (
        "T2 above all: it accounts for 75 % (95 % interval 70 to 81 %) of all measured "
        "contributions (median of 20 patients). T1 follows with 20 % (10 to 30 %). DWI "
        "contributes less than 5 %."
    )
    assert rests_on(shares, tests, 0.95, False).figure == "parallel_coordinates"


def test_false_alarms_are_not_taken_for_tumour():
    shares = intervals(20, T1=(0.2, 0.1, 0.3), T2=(0.75, 0.7, 0.81))
    assert said(shares, pairwise(T1=0.001), false_alarms_only=True).startswith(
        "No labelled lesion was found: this is what false alarms rest on. T2 above all"
    )


def test_a_leader_that_may_have_less_than_half_contributes_most():
    shares = intervals(20, T1=(0.3, 0.2, 0.4), T2=(0.55, 0.45, 0.6))
    assert said(shares, pairwise(T1=0.01)).startswith("T2 contributes most: 55 % (95 % interval")


@pytest.mark.parametrize("p", [0.2, np.nan])
def test_two_leaders_share_the_lead(p):
    shares = intervals(20, T1=(0.4, 0.3, 0.5), T2=(0.45, 0.3, 0.6), DWI=(0.1, 0.06, 0.2))
    assert said(shares, pairwise(T1=p, DWI=0.001)) == (
        "T2 and T1 share the lead, with 45 % (95 % interval 30 to 60 %) and 40 % (30 to 50 %) of "
        "all measured contributions (median of 20 patients); they cannot be told apart. "
        "DWI follows with 10 % (6 to 20 %)."
    )


def test_where_no_sequence_leads_none_is_called_the_leader():
    shares = intervals(20, T1=(0.3, 0.2, 0.4), T2=(0.35, 0.2, 0.5), DWI=(0.3, 0.1, 0.4))
    assert said(shares, pairwise(T1=0.4, DWI=0.6)) == (
        "No sequence leads: the largest share, T2 with 35 % (95 % interval 20 to 50 %), cannot be "
        "told apart from those of T1 and DWI (median of 20 patients)."
    )


def test_negative_shares_count_against_tumour_and_are_no_followers():
    shares = intervals(20, T1=(-0.1, -0.2, -0.06), T2=(1.2, 1.1, 1.3), DWI=(-0.02, -0.04, -0.01))
    assert said(shares, pairwise(T1=0.001, DWI=0.001)) == (
        "T2 above all: it accounts for 120 % (95 % interval 110 to 130 %) of all measured "
        "contributions (median of 20 patients). DWI contributes less than 5 %. T1 counts against "
        f"tumour, with {MINUS}10 % ({MINUS}20 to {MINUS}6 %), so that the other shares add up to "
        "more than 100 %."
    )


def test_a_share_is_small_only_if_its_whole_interval_is():
    shares = intervals(20, T2=(0.9, 0.8, 1.0), T1=(0.0, -0.4, 0.01))
    assert "less than" not in said(shares, pairwise(T1=0.001))


@pytest.mark.parametrize(
    ("patients", "verdict"), [(1, False), (2, False), (3, False), (5, False), (6, True), (20, True)]
)
def test_too_few_patients_are_said_and_their_numbers_are_no_verdict(patients, verdict):
    ends = (0.6, 0.8) if verdict else NOT_KNOWN
    shares = intervals(patients, T1=(0.3, *ends), T2=(0.7, *ends))
    text = said(shares, pairwise(T1=0.04))
    if verdict:
        assert text.startswith("T2 above all") and "too few" not in text
        return
    patient = "1 patient" if patients == 1 else f"{patients} patients"
    verb = "is" if patients == 1 else "are"
    test_patient = patient.replace(" ", " test ")
    median = patient if patients == 1 else f"median of {patient}"
    assert text == (
        f"{test_patient} with predicted tumour {verb} too few to judge which sequence leads: at "
        f"least 6 are needed. Measured: T2 70 %, then T1 30 % ({median})."
    )


def test_more_sequences_need_more_patients():
    # Fifteen pairs of six sequences: 15 * 2 * 0.5**10 < 0.05 < 15 * 2 * 0.5**9.
    names = ("T2", "a", "b", "c", "d", "e")
    shares = {name: (share, share - 0.1, share + 0.1) for name, share in zip(
        names, (0.7, 0.1, 0.05, 0.05, 0.05, 0.05), strict=True)}  # fmt: skip
    tests = pairwise(**dict.fromkeys(names[1:], 0.001))
    text = said(intervals(9, **shares), tests)
    assert "9 test patients with predicted tumour are too few" in text and "at least 10" in text
    assert "Measured: T2 70 % (95 % interval 60 to 80 %), then a 10 % (0 to 20 %)" in text
    assert said(intervals(10, **shares), tests).startswith("T2 above all")


def test_no_predicted_tumour_and_one_sequence_are_said():
    unknown = intervals(0, T1=(np.nan, *NOT_KNOWN), T2=(np.nan, *NOT_KNOWN))
    assert said(unknown, pairwise(), True).startswith("Not known: no tumour was predicted")
    assert said(intervals(9, T1=(1.0, 1.0, 1.0)), pairwise()) == "T1 is its only sequence."
