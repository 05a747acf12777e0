"""Which options of an explanation go together."""

from typing import Any

from mrelevance.lrp.composites import FROM_BASELINE
from mrelevance.runtime.errors import InputError

STATISTICS = ("live", "frozen")


def check_choice(composite: Any, input_rule: Any, baseline: Any, statistics: str) -> None:
    """Check that composite, input rule, baseline and statistics suit each other.

    Raises
    ------
    InputError
        They do not.
    """
    from_baseline = composite in FROM_BASELINE
    if from_baseline and baseline is None:
        raise InputError(
            f"composite {composite!r} needs baseline=, an image or a function of the image"
        )
    if from_baseline and input_rule is not None:
        raise InputError(f"composite {composite!r} takes no input rule; leave input_rule out")
    if not from_baseline and isinstance(composite, str) and baseline is not None:
        raise InputError(f"composite {composite!r} takes no baseline; use 'deeplift'")
    if statistics not in STATISTICS:
        raise InputError(f"statistics={statistics!r} is neither 'live' nor 'frozen'")
