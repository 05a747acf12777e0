"""Measures beyond a threshold are flagged, and the reason says which."""

import pytest
from helpers.motion_pairs import SETTINGS

from mrelevance.registration.measures import Measures, flag_registration


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
    measured = Measures(0.1, similarity, 5.0, 6.0, 0.0, lowest, highest, consistency)
    found, reason = flag_registration(measured, 4.0, SETTINGS["quality"])
    assert found == flag and reason.startswith(words) and bool(reason) == bool(words)
