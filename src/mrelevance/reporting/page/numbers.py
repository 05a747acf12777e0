"""Shares in per cent, and numbers of cells, in which a dash stands for what is unknown."""

import math

from mrelevance.runtime.wording import fixed, interval

UNKNOWN = "\N{EN DASH}"


def percent(share: float) -> str:
    """A share in per cent, with a minus sign that is one."""
    return f"{fixed(100 * share, 0)} %"


def percent_interval(value: float, low: float, high: float, confidence: float | None) -> str:
    """A share with its interval, `74 % (95 % interval 70 to 79 %)`, or alone if that is unknown.

    Without `confidence` the interval is not named: `74 % (70 to 79 %)`.
    """
    if math.isnan(low) or math.isnan(high):
        return percent(value)
    ends = f"{fixed(100 * low, 0)} to {fixed(100 * high, 0)} %"
    name = "" if confidence is None else f"{100 * confidence:g} % interval "
    return f"{percent(value)} ({name}{ends})"


def decimal(value: float | None, digits: int = 2) -> str:
    """A number with so many decimals, or a dash if it is unknown."""
    return UNKNOWN if value is None or math.isnan(value) else fixed(value, digits)


def decimal_interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """A number and its interval for a cell: `0.74 [0.70, 0.79]`; a dash if it is unknown."""
    return UNKNOWN if math.isnan(value) else interval(value, low, high, digits)
