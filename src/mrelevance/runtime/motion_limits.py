"""Checks of the limits for flags of motion correction."""

from mrelevance.runtime.errors import InputError


def check_limits(quality: dict) -> None:
    """Check that no limit for `failed` is stricter than that for `check`.

    Parameters
    ----------
    quality
        Section `motion.quality` of the configuration.

    Raises
    ------
    InputError
        One line for each problem: a range has its ends exchanged, or a limit for `failed` is
        stricter than that for `check`.
    """
    problems = [
        f"configuration: motion.quality.{key} is {quality[key]}; give the smaller number first"
        for key in ("check_jacobian", "fail_jacobian")
        if quality[key][0] > quality[key][1]
    ]
    (check_low, check_high), (fail_low, fail_high) = (
        quality["check_jacobian"],
        quality["fail_jacobian"],
    )
    stricter = {
        "error_mm": quality["fail_error_mm"] < quality["check_error_mm"],
        "jacobian": not problems and (fail_low > check_low or fail_high < check_high),
        "coverage": quality["fail_coverage"] > quality["check_coverage"],
    }
    problems += [
        f"configuration: motion.quality.fail_{name} is {quality[f'fail_{name}']}, which is "
        f"stricter than check_{name}, {quality[f'check_{name}']}; what fails must be worse"
        for name, wrong in stricter.items()
        if wrong
    ]
    if problems:
        raise InputError("\n".join(problems))
