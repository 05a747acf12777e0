"""The three sentences at the top of the report page."""

import numpy as np
import pandas as pd
import pytest

from mrelevance.reporting.page.answers import (
    LesionTest,
    can_be_dropped,
    lesions_needed,
    little_lost,
    rests_on,
    rule_to_believe,
)
from mrelevance.statistics.noninferiority import detections_p

NOT_KNOWN = (np.nan, np.nan)


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


def pairwise(a: str, b: str, p: float) -> pd.DataFrame:
    columns = ["method", "measure", "sequence_a", "sequence_b", "p_holm"]
    return pd.DataFrame([["shapley", "relevance_pooled", a, b, p]], columns=columns)


def agreement(*rows: tuple) -> pd.DataFrame:
    columns = ["method", "verdict", "l1_distance", "l1_low", "l1_high", "same_first", "n"]
    return pd.DataFrame(rows, columns=columns)


def test_a_sequence_that_leads_is_named_with_its_interval():
    found = intervals(20, T1=(0.2, 0.1, 0.3), T2=(0.75, 0.7, 0.81), DWI=(0.01, -0.01, 0.02))
    answer = rests_on(found, pairwise("T1", "T2", 0.001), 0.95)
    assert answer.text == (
        "Mostly on T2 with 75 % (95 % interval 70 to 81 %) of what it takes from the images, "
        "measured in 20 patients (median); next comes T1 with 20 % (95 % interval 10 to 30 %). "
        "DWI contributes less than 5 %."
    )
    assert answer.figure == "parallel_coordinates"


def test_less_than_half_is_not_most():
    found = intervals(20, T1=(0.3, 0.2, 0.4), T2=(0.55, 0.45, 0.6))
    answer = rests_on(found, pairwise("T2", "T1", 0.01), 0.95)
    assert answer.text.startswith("More than on any other sequence, on T2 with 55 %")


@pytest.mark.parametrize("p", [0.2, np.nan])
def test_sequences_that_do_not_differ_are_not_ranked(p):
    found = intervals(8, T1=(0.4, 0.3, 0.5), T2=(0.45, 0.3, 0.6), FLAIR=(-0.1, -0.2, -0.05))
    text = rests_on(found, pairwise("T1", "T2", p), 0.95).text
    assert text.startswith("No single sequence leads: T2 with 45 %")
    assert "cannot be told apart in 8 patients" in text
    assert text.endswith("FLAIR speaks against tumour on balance.")


def test_two_patients_give_no_interval_and_no_claim():
    found = intervals(2, T1=(0.3, *NOT_KNOWN), T2=(0.7, *NOT_KNOWN))
    text = rests_on(found, pairwise("T1", "T2", np.nan), 0.95).text
    assert "In 2 test patients most of the measured contributions come from T2 with 70 %" in text
    assert "Mostly" not in text and text.endswith("Intervals need 3 patients.")


def test_no_predicted_tumour_and_one_sequence_are_said():
    unknown = intervals(0, T1=(np.nan, *NOT_KNOWN), T2=(np.nan, *NOT_KNOWN))
    assert "no tumour was predicted" in rests_on(unknown, pairwise("T1", "T2", 1), 0.95).text
    alone = intervals(9, T1=(1.0, 1.0, 1.0))
    assert rests_on(alone, pairwise("T1", "T1", 1), 0.95).text == "It has one sequence only, T1."


def test_the_nearest_rule_is_believed_and_misleading_ones_are_named():
    found = agreement(
        ("alpha1_beta0", "misleading: the order differs", 1.1, 1.0, 1.2, 9, 20),
        ("deeplift", "follows the measurement", 0.13, 0.1, 0.2, 20, 20),
        ("deepshap", "follows the measurement", 0.06, 0.04, 0.12, 20, 20),
        ("gradient", "follows the measurement", 0.01, 0.0, 0.02, 20, 20),
    )
    text = rule_to_believe(found, ["alpha1_beta0", "deeplift", "deepshap"], 0.95).text
    assert text == (
        "Shapley activations follows the measurement: its L1 distance is 0.06 "
        "(95 % interval 0.04 to 0.12), and it puts the right sequence first in 20 of 20 patients. "
        "So does DeepLIFT rescale. Do not believe alpha1-beta0 (z+)."
    )


def test_no_rule_is_believed_where_none_follows():
    found = agreement(("epsilon", "misleading: amounts differ", 0.9, 0.8, 1.0, 2, 20))
    text = rule_to_believe(found, ["epsilon"], 0.95).text
    assert text.startswith("None: no rule follows the measurement here.")
    assert text.endswith("Do not believe epsilon.")


def test_rules_are_not_judged_by_too_few_patients():
    found = agreement(("deepshap", "not judged: too few patients", 0.1, *NOT_KNOWN, 1, 1))
    text = rule_to_believe(found, ["deepshap"], 0.95).text
    assert text.startswith("Not judged: 1 test patient with predicted tumour, and a verdict needs")
    assert "Not known" in rule_to_believe(found, ["epsilon"], 0.95).text


def test_dropping_is_not_judged_without_the_comparison_of_networks():
    few = LesionTest(protocols=1, lesions=3, margin=0.1, confidence=0.95)
    here = can_be_dropped(None, few, "", trained_elsewhere=False)
    assert here.text.startswith("Not judged.") and here.figure == "ablation"
    assert '`make reproduce TARGET="all select"`' in here.text
    assert here.text.endswith("at least 35 test lesions; there are 3.")
    elsewhere = can_be_dropped(None, few, "", trained_elsewhere=True)
    assert "make reproduce" not in elsewhere.text
    assert "where this network was trained" in elsewhere.text


def test_the_conclusion_on_shorter_protocols_says_how_many_lesions_are_missing():
    verdict = "T1 can be left out: Dice +0.001."
    many = LesionTest(protocols=10, lesions=500, margin=0.1, confidence=0.95)
    assert can_be_dropped(verdict, many, "spared ", False).text == verdict
    few = LesionTest(protocols=10, lesions=40, margin=0.1, confidence=0.95)
    text = can_be_dropped(verdict, few, "", False).text
    assert text.startswith(verdict) and "the best of 10 protocols" in text


def test_fewest_lesions_are_those_with_which_the_test_can_succeed():
    number = lesions_needed(0.1, 0.025)
    for lesions, succeeds in ((number - 1, False), (number, True)):
        none = np.zeros(lesions)
        assert (detections_p(none, none, np.ones(lesions), 0.1) < 0.025) == succeeds


def test_sequences_that_the_network_can_spare_have_intervals_below_the_margin():
    losses = pd.DataFrame(
        {"loss": [0.0, 0.01, 0.0], "low": [-0.01, 0.0, np.nan], "high": [0.01, 0.03, np.nan]},
        index=["T1", "T2", "FLAIR"],
    )
    text = little_lost(losses, 0.02, 0.95)
    assert "T1 (0.00 [\N{MINUS SIGN}0.01, 0.01])" in text and "0.02 Dice" in text
    assert "T2" not in text and "FLAIR" not in text
    assert little_lost(losses[1:], 0.02, 0.95) == ""
