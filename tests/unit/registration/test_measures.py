"""Measures beyond a threshold are flagged, and the reason says which."""

from dataclasses import replace

import pytest
from helpers.motion_pairs import SETTINGS

from mrelevance.registration.measures import Measures, flag_coverage, flag_registration

GOOD = Measures(
    similarity_before=0.1,
    similarity_after=0.3,
    displacement_mean_mm=5.0,
    displacement_p95_mm=6.0,
    folded_share=0.0,
    jacobian_min=0.9,
    jacobian_max=1.1,
    expected_error_mm=0.6,
    expected_error_low_mm=0.4,
    expected_error_high_mm=0.9,
    better_mirrored="",
    coverage=1,
    lesion_coverage=1,
)


@pytest.mark.parametrize(
    ("changes", "flag", "words"),
    [
        ({}, "good", ""),
        ({"expected_error_mm": 0.9, "jacobian_min": 0.5, "jacobian_max": 2.0}, "good", ""),
        ({"expected_error_mm": 1.1}, "check", "an error of 1.1 mm is expected (0.4 to 0.9)"),
        ({"expected_error_mm": 2.1}, "failed", "an error of 2.1 mm is expected"),
        ({"similarity_after": 0.07}, "failed", "similarity of 0.07"),
        ({"similarity_after": float("nan")}, "failed", "similarity of nan"),
        ({"expected_error_mm": float("nan")}, "failed", "an error of nan mm"),
        ({"better_mirrored": "left to right"}, "failed", "fits better mirrored left to right"),
        ({"jacobian_min": 0.4}, "check", "shrinks tissue to 0.40"),
        ({"jacobian_min": -0.1}, "failed", "shrinks tissue to -0.10"),
        ({"jacobian_max": 2.2}, "check", "swells tissue to 2.20"),
        ({"expected_error_mm": 1.5, "jacobian_max": 5.1}, "failed", "swells tissue to 5.10"),
    ],
)
def test_thresholds(changes, flag, words):
    found, reason = flag_registration(replace(GOOD, **changes), SETTINGS["quality"])
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
    body, lesions = shares
    measured = replace(GOOD, coverage=body, lesion_coverage=lesions)
    assert flag_coverage(measured, SETTINGS["quality"]) == (flag, reason)
