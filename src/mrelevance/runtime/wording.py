"""Numbers in figures and verdicts: with a minus sign, without exponents, never as nan."""

import math

MINUS = "\N{MINUS SIGN}"
UNDEFINED = "not defined"


def fixed(value: float, digits: int = 2) -> str:
    """A number with so many decimals: `−0.20`. What rounds to zero has no sign."""
    if value is None or math.isnan(value):
        return UNDEFINED
    # Adding zero takes the sign from a negative zero.
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", MINUS)


def signed(value: float, digits: int = 3) -> str:
    """A difference with so many decimals and its sign, also if it is positive: `+0.020`."""
    text = fixed(value, digits)
    return text if text.startswith(MINUS) or text == UNDEFINED else f"+{text}"


def interval(value: float, low: float, high: float, digits: int = 2, form=fixed) -> str:
    """A number with its interval: `0.20 [−0.10, 0.50]`; without the interval if there is none."""
    text = form(value, digits)
    if any(bound is None or math.isnan(bound) for bound in (value, low, high)):
        return text
    return f"{text} [{form(low, digits)}, {form(high, digits)}]"


def significant(value: float, digits: int = 2) -> str:
    """A number with at most so many significant digits, without an exponent: `110`, `0.35`."""
    if value is None or math.isnan(value):
        return UNDEFINED
    decimals = 0 if value == 0 else digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    text = f"{rounded:.{max(decimals, 0)}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", MINUS)


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A count and what is counted: `1 patient`, `3 patients`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def readable(text: str) -> str:
    """Text of a table for a figure: its hyphens before numbers become minus signs."""
    return "".join(
        MINUS
        if letter == "-" and text[place + 1 : place + 2].isdigit() and text[:place][-1:] in " ([,="
        else letter
        for place, letter in enumerate(text)
    )
