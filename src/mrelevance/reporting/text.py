"""Fills in the templates of the generated texts."""

import math
import re
from collections.abc import Iterable, Sequence

import jinja2

from mrelevance.reporting.citations import Bibliography


def fill(template: str, facts: dict) -> str:
    """Fill in a template of Markdown, with an empty line between paragraphs and list items.

    A template uses the names in `facts`, cites works with `cite("key")`, and lists the cited works
    with `citations()`. Each paragraph becomes one line, so a template may break lines anywhere and
    may leave sentences out.

    Raises
    ------
    jinja2.UndefinedError
        The template uses a name that is not in `facts`.
    ValueError
        The template would print None or NaN.
    """
    bibliography = Bibliography()
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, finalize=_printable, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"listed": listed, "by": by, "span": span, "percent": percent}
    filled = environment.from_string(template).render(
        facts, cite=bibliography.cite, citations=bibliography.entries
    )
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", filled)]
    return "\n\n".join(part for part in paragraphs if part) + "\n"


def listed(words: Iterable, before_last: str = "and") -> str:
    """Words as an enumeration: a, b and c."""
    *first, last = map(str, words)
    return f"{', '.join(first)} {before_last} {last}" if first else last


def by(sizes: Sequence[float]) -> str:
    """Sizes along the axes: 96 x 96 x 40."""
    return " x ".join(f"{size:g}" for size in sizes)


def span(limits: Sequence[float]) -> str:
    """Range of values: 5 to 15, or the value if both limits are equal."""
    lowest, highest = limits
    return f"{lowest:g}" if lowest == highest else f"{lowest:g} to {highest:g}"


def percent(share: float) -> str:
    """Fraction as a percentage: 33 %."""
    return f"{100 * share:g} %"


def _printable(value):
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise ValueError("a template would print None or NaN; test for the value in the template")
    return value
