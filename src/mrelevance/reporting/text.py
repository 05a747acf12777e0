"""Filling the templates of the texts about a study."""

import math
import re
from collections.abc import Sequence

import jinja2

from mrelevance.reporting.citations import Bibliography


def fill(template: str, facts: dict) -> str:
    """Fill a template of Markdown: paragraphs, headings and list items parted by empty lines.

    A template names what is in `facts`, cites works by `cite("key")`, and lists what it has cited
    by `citations()`. Each paragraph becomes one line, so that a template may break lines and
    leave sentences out as it likes.

    Raises
    ------
    jinja2.UndefinedError
        The template names what is not known.
    ValueError
        It would print a value that is None or not a number.
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


def listed(words: Sequence) -> str:
    """Words as a list in a sentence: a, b and c."""
    *first, last = map(str, words)
    return f"{', '.join(first)} and {last}" if first else last


def by(sizes: Sequence[float]) -> str:
    """Sizes along the axes: 96 x 96 x 40."""
    return " x ".join(f"{size:g}" for size in sizes)


def span(limits: Sequence[float]) -> str:
    """From lowest to highest: 5 to 15, or the value where they are the same."""
    lowest, highest = limits
    return f"{lowest:g}" if lowest == highest else f"{lowest:g} to {highest:g}"


def percent(share: float) -> str:
    """A share as percentage: 33 %."""
    return f"{100 * share:g} %"


def _printable(value):
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise ValueError("a text would name a value that is not known; its template must ask first")
    return value
