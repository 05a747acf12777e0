"""Measures beyond a threshold are flagged, and the reason says which."""

import pytest
from helpers.motion_pairs import SETTINGS

from mrelevance.registration.measures import Measures, flag_coverage, flag_registration


@pytest.mark.parametrize(
    ("measures", "flag", "words"),
    [
        ((2.6, 0.2, 0.5, 2.0), "good", ""),
        ((2.7, 0.3, 0.9, 1.1), "check", "2.7 mm between forward and backward"),
        ((3.3, 0.3, 0.9, 1.1), "failed", "3.3 mm between forward and backward"),
        ((1.0, 0.15, 0.9, 1.1), "check", "similarity of 0.15"),
        ((3.0, 0.05, 0.9, 1.1), "failed", "similarity of 0.05"),
        ((1.0, 0.3, 0.4, 1.1), "check", "shrinks tissue to 0.40"),
        ((1.0, 0.3, -0.1, 1.1), "failed", "shrinks tissue to -0.10"),
        ((1.0, 0.3, 0.9, 2.2), "check", "swells tissue to 2.20"),
        ((3.0, 0.3, 0.9, 5.1), "failed", "swells tissue to 5.10"),
    ],
)
def test_thresholds(measures, flag, words):
    consistency, similarity, lowest, highest = measures
    measured = Measures(0.1, similarity, 5.0, 6.0, 0.0, lowest, highest, consistency, 1, 1)
    found, reason = flag_registration(measured, 4.0, SETTINGS["quality"])
    assert found == flag and reason.startswith(words) and bool(reason) == bool(words)


@pytest.mark.parametrize(
    ("shares", "flag", "reason"),
    [
        ((0.95, 1.0), "good", ""),
        ((0.95, float("nan")), "good", ""),
        ((0.9, 0.9), "good", ""),
        ((0.89, 1.0), "check", "covers 89% of the body"),
        ((0.95, 0.6), "check", "covers 60% of the lesions"),
        ((0.475, 1.0), "failed", "covers 48% of the body"),
        ((0.6, 0.0), "failed", "covers 0% of the lesions"),
    ],
)
def test_a_sequence_that_covers_little_is_flagged(shares, flag, reason):
    measured = Measures(0.1, 0.4, 5.0, 6.0, 0.0, 0.9, 1.1, 1.0, *shares)
    assert flag_coverage(measured, SETTINGS["quality"]) == (flag, reason)
