"""Measures of a registration, and the flag that follows from them."""

from dataclasses import dataclass

FLAGS = ["good", "check", "failed"]


@dataclass(frozen=True)
class Measures:
    """What is measured of a registration without knowing the true motion.

    Attributes
    ----------
    similarity_before, similarity_after
        Mean squared local correlation with the fixed image where they are compared, 0 to 1.
    displacement_mean_mm, displacement_p95_mm
        Mean and 95th percentile of the length of the displacement there.
    folded_share
        Share of the body's voxels in which the transform folds space.
    jacobian_min, jacobian_max
        Range of the local change of volume in the body.
    expected_error_mm, expected_error_low_mm, expected_error_high_mm
        Mean error where the images are compared, and its range, see `expected_error`.
    better_mirrored
        Direction in which the image fits better mirrored, see `better_mirrored`; else empty.
    coverage, lesion_coverage
        Share of the body's voxels, and of the labelled lesions', that the field of view of the
        moving image covers; the latter is NaN without a label.
    """

    similarity_before: float
    similarity_after: float
    displacement_mean_mm: float
    displacement_p95_mm: float
    folded_share: float
    jacobian_min: float
    jacobian_max: float
    expected_error_mm: float
    expected_error_low_mm: float
    expected_error_high_mm: float
    better_mirrored: str
    coverage: float
    lesion_coverage: float


def flag_registration(measures: Measures, thresholds: dict) -> tuple[str, str]:
    """Compare the measures of a registration with the thresholds of the configuration.

    Expected error and similarity complement each other: two images that have nothing in common do
    not move each other.

    Parameters
    ----------
    thresholds
        Section `motion.quality`. `check_error_mm` and `fail_error_mm` are upper bounds of the
        expected error, `fail_similarity` is a lower bound, `check_jacobian` and `fail_jacobian` are
        ranges.

    Returns
    -------
    The flag, one of `FLAGS`, and the reason for it, empty if the flag is good.
    """
    # Images without structure where they overlap have no similarity (NaN), and are not good.
    if not measures.similarity_after >= thresholds["fail_similarity"]:
        return "failed", f"similarity of {measures.similarity_after:.2f} to the fixed sequence"
    if measures.better_mirrored:
        return "failed", f"fits better mirrored {measures.better_mirrored}; check its header"
    for flag, kind in (("failed", "fail"), ("check", "check")):
        lowest, highest = thresholds[f"{kind}_jacobian"]
        if not measures.expected_error_mm <= thresholds[f"{kind}_error_mm"]:
            return flag, (
                f"an error of {measures.expected_error_mm:.1f} mm is expected "
                f"({measures.expected_error_low_mm:.1f} to {measures.expected_error_high_mm:.1f})"
            )
        if measures.jacobian_min < lowest:
            return flag, f"shrinks tissue to {measures.jacobian_min:.2f} of its volume"
        if measures.jacobian_max > highest:
            return flag, f"swells tissue to {measures.jacobian_max:.2f} of its volume"
    return "good", ""


def flag_coverage(measures: Measures, thresholds: dict) -> tuple[str, str]:
    """Compare how much a moving image covers with the thresholds of the configuration.

    No other transform can show what was not imaged. Coverage is therefore flagged apart from the
    registration, and never makes it give way to another.

    Parameters
    ----------
    thresholds
        Section `motion.quality`: `check_coverage` and `fail_coverage` are lower bounds for body
        and lesions.

    Returns
    -------
    The flag, one of `FLAGS`, and the reason for it, empty if the flag is good.
    """
    shares = {"body": measures.coverage, "lesions": measures.lesion_coverage}
    for flag, kind in (("failed", "fail"), ("check", "check")):
        for what, share in shares.items():
            # NaN, where nothing is labelled, is not lower than anything.
            if share < thresholds[f"{kind}_coverage"]:
                return flag, f"covers {share:.0%} of the {what}"
    return "good", ""
