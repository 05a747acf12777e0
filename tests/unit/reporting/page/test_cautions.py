"""Warnings beside the answers of the report page."""

import pandas as pd
import pytest

from mrelevance.reporting.page import cautions


def scores(patients: int, dice: float = 0.9, lesions: int = 3, detected: int = 3, false: int = 0):
    return pd.DataFrame(
        {"dice": dice, "lesions": lesions, "detected": detected, "false_positives": false},
        index=range(patients),
    )


def texts(found) -> str:
    return " ".join(caution.text for caution in found)


def test_a_good_study_has_no_warnings():
    good = scores(20)
    assert cautions.of_segmentation(good) == cautions.of_size(good) == []
    assert cautions.of_motion(pd.DataFrame({"patient": ["A"], "flag": ["good"]}), "stop") == []
    assert cautions.of_source("sheet") == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"dice": 0.5}, "the median Dice is 0.50"),
        ({"dice": float("nan")}, "the median Dice is \N{EN DASH}"),
        ({"detected": 1}, "20 of 60 lesions were found"),
        ({"false": 4}, "there are 80 false alarms beside 60 lesions"),
    ],
)
def test_a_poor_network_is_said_to_be_poor(given, says):
    assert says in texts(cautions.of_segmentation(scores(20, **given)))


def test_few_patients_and_few_lesions_are_warned_of():
    assert "Few data: 1 test patient with 1 lesion." in texts(
        cautions.of_size(scores(1, lesions=1))
    )
    assert cautions.of_size(scores(20, lesions=0))


def test_failed_registrations_are_counted_by_patient():
    motion = pd.DataFrame(
        {"patient": ["A", "A", "B", "C"], "flag": ["failed", "failed", "check", "good"]}
    )
    text = texts(cautions.of_motion(motion, "exclude"))
    assert "failed in 1 patient, who is excluded" in text
    assert "1 of 4 registrations should be looked at" in text
    motion.loc[2, "flag"] = "failed"
    assert "2 patients, who remain" in texts(cautions.of_motion(motion, "continue"))


def test_baselines_that_disagree_are_named_and_missing_ones_asked_for():
    assert 'TARGET="all baselines"' in texts(cautions.of_baselines(None, "inpainted"))
    agreement = pd.DataFrame(
        {"baseline": ["zero", "shuffled"], "same_first": [19, 7], "n": [20, 20]}
    )
    text = texts(cautions.of_baselines(agreement, "inpainted"))
    assert "with the baseline shuffled" in text and "only 7 of 20 patients" in text
    assert cautions.of_baselines(agreement[:1], "inpainted") == []


def test_rules_from_a_blown_up_baseline_are_warned_of():
    assert cautions.of_rules(pd.DataFrame({"verdict": ["follows the measurement"]})) == []
    assert cautions.of_rules(pd.DataFrame({"verdict": ["not to be trusted: normalisation"]}))


def test_sampled_shapley_values_have_their_error():
    exact = pd.DataFrame({"method": ["shapley"], "standard_error": [0.0]})
    assert cautions.of_measurement(exact) == cautions.of_measurement(exact[["method"]]) == []
    sampled = exact.assign(standard_error=0.0123)
    assert "is 0.012." in texts(cautions.of_measurement(sampled))


def test_simulated_patients_are_said_to_be_simulated():
    assert "simulated" in texts(cautions.of_source("phantom"))


def test_fewer_members_than_are_deployed_are_named_with_their_distance():
    distances = pd.DataFrame(
        {"dice": [0.97, 0.912], "members_explained": 1, "members_deployed": 16}
    )
    said = texts(cautions.of_members(distances))
    assert "1 of 16 networks and mirrored copies" in said and "a Dice of 0.91 or more" in said
    assert cautions.of_members(None) == []
