"""Numbers in words and in cells."""

import math
from collections.abc import Iterable


def percent(share: float) -> str:
    """A share in per cent, with a minus sign that is one."""
    return f"{_signed(round(100 * share))} %"


def percent_interval(value: float, low: float, high: float, confidence: float) -> str:
    """A share with its interval, `74 % (95 % interval 70 to 79 %)`, or alone if that is unknown."""
    if math.isnan(low) or math.isnan(high):
        return percent(value)
    ends = f"{_signed(round(100 * low))} to {_signed(round(100 * high))} %"
    return f"{percent(value)} ({100 * confidence:g} % interval {ends})"


def decimal(value: float, digits: int = 2) -> str:
    """A number with so many decimals, or a dash if it is unknown."""
    return "\N{EN DASH}" if value is None or math.isnan(value) else _minus(f"{value:.{digits}f}")


def decimal_interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """A number and its interval for a cell: `0.74 [0.70, 0.79]`."""
    if math.isnan(value) or math.isnan(low) or math.isnan(high):
        return decimal(value, digits)
    return f"{decimal(value, digits)} [{decimal(low, digits)}, {decimal(high, digits)}]"


def listed(names: Iterable[str], last: str = "and") -> str:
    """`A, B and C`."""
    *others, final = names
    return f"{', '.join(others)} {last} {final}" if others else final


def counted(number: int, noun: str) -> str:
    """`1 patient`, `20 patients`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _signed(number: int) -> str:
    return _minus(str(number))


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}") if text.strip("-0.") else text.lstrip("-")
