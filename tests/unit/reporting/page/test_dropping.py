"""The sentences on what can be dropped."""

import numpy as np
import pandas as pd
import pytest

from mrelevance.protocol.selection import FULL
from mrelevance.reporting.page.dropping import (
    Sample,
    can_be_dropped,
    lesions_needed,
    little_lost,
)
from mrelevance.statistics.noninferiority import detections_p, scores_p

MINUS = "\N{MINUS SIGN}"
VERDICT = "T1 can be left out: Dice +0.001."
COMPARED = pd.DataFrame(
    [
        ["", FULL, "Dice", 0.0],
        ["T1", "measured", "Dice", -0.02],
        ["T1, DWI", "measured", "Dice", 0.01],
        ["T1", "measured", "lesion sensitivity", 0.5],
    ],
    columns=["left_out", "chosen_by", "measure", "difference"],
)
LOSSES = pd.DataFrame(
    {"loss": [0.0, 0.01, 0.3], "low": [-0.01, 0.0, 0.2], "high": [0.01, 0.03, 0.4]},
    index=["T1", "T2", "FLAIR"],
)


def sample(patients: int = 20, lesions: int = 500, protocols: int = 1) -> Sample:
    return Sample(protocols, patients, lesions, margin=0.1, confidence=0.95)


def test_dropping_is_not_judged_without_the_comparison_of_networks():
    here = can_be_dropped(None, None, sample(lesions=3), "", trained_elsewhere=False)
    assert here.text == (
        "Not judged yet. A small share alone does not show that a sequence can go; that takes "
        "networks trained without it. To train and compare them, run `make reproduce "
        'TARGET="all select"` with the CONFIG of this study. At least 35 test lesions are needed '
        "to rule out that a shorter protocol misses more than 10 % of them; this study has 3."
    )
    assert here.figure == "ablation"
    elsewhere = can_be_dropped(None, None, sample(), "", trained_elsewhere=True)
    assert "make reproduce" not in elsewhere.text
    assert "where this network was trained" in elsewhere.text


def test_the_conclusion_on_shorter_protocols_says_how_many_lesions_are_missing():
    many = can_be_dropped(COMPARED, VERDICT, sample(protocols=10), "spared", False)
    assert many.text == VERDICT and many.figure == "selection"
    few = can_be_dropped(COMPARED, VERDICT, sample(lesions=40, protocols=10), "spared", False)
    assert few.text.startswith(f"{VERDICT} At least ")
    assert "the best of 10 shorter protocols" in few.text


@pytest.mark.parametrize("patients", [1, 2, 3, 5, 6, 20])
def test_few_patients_give_numbers_and_no_verdict(patients):
    size = sample(patients)
    spared = little_lost(LOSSES, 0.02, size)
    compared = can_be_dropped(COMPARED, VERDICT, size, spared, False).text
    not_compared = can_be_dropped(None, None, size, spared, False).text
    if patients >= 6:
        assert compared == VERDICT and "A candidate is T1" in not_compared
        return
    verb = "patient is" if patients == 1 else "patients are"
    shortage = f"{patients} test {verb} too few to judge: at least 6 are needed."
    assert compared == (
        f"{shortage} Measured: without T1 and DWI, Dice changes by +0.010, the smallest loss of 2 "
        "shorter protocols."
    )
    assert not_compared.index(shortage) < not_compared.index("Measured: this network loses")
    assert "least Dice when one replaces T1 (0.00), T2 (0.01) or FLAIR (0.30)." in not_compared
    assert "andidate" not in not_compared


@pytest.mark.parametrize("protocols", [1, 10])
def test_fewest_patients_are_those_with_which_the_test_can_succeed(protocols):
    fewest = sample(protocols=protocols).fewest_patients
    for patients, succeeds in ((fewest - 1, False), (fewest, True)):
        p = scores_p(np.arange(patients) / 1000, 0.1)
        assert (protocols * p < 0.025) == succeeds


def test_fewest_lesions_are_those_with_which_the_test_can_succeed():
    number = lesions_needed(0.1, 0.025)
    for lesions, succeeds in ((number - 1, False), (number, True)):
        none = np.zeros(lesions)
        assert (detections_p(none, none, np.ones(lesions), 0.1) < 0.025) == succeeds


def test_sequences_that_the_network_can_spare_have_intervals_below_the_margin():
    assert little_lost(LOSSES, 0.02, sample()) == (
        f"A candidate is T1 (0.00 [{MINUS}0.01, 0.01]): replacing it costs this network less than "
        "0.02 Dice (median and 95 % interval)."
    )
    both = little_lost(LOSSES, 0.05, sample())
    assert both.startswith("Candidates are T1 (") and ": replacing one costs" in both
    assert little_lost(LOSSES[2:], 0.02, sample()) == ""
    assert little_lost(LOSSES.assign(loss=np.nan), 0.02, sample(0)) == ""
