"""Captions of figures and tables, from the files that Snakemake's report uses too."""

import re
from dataclasses import dataclass
from types import SimpleNamespace

import jinja2
from docutils.core import publish_parts

_GUIDE = "How to read it."
_SETTINGS = {"file_insertion_enabled": False, "raw_enabled": False, "report_level": 5}


@dataclass(frozen=True)
class Caption:
    """A caption in HTML, and as text for those who do not see the figure.

    Attributes
    ----------
    says
        What the figure shows.
    guide
        How to read it, and what would look wrong; empty if the caption does not say.
    alternative
        The figure in words, for its alternative text.
    """

    says: str
    guide: str
    alternative: str


def read_caption(text: str, config: dict) -> Caption:
    """Caption from reStructuredText with Jinja expressions of `snakemake.config`."""
    template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(text)
    filled = template.render(snakemake=SimpleNamespace(config=config))
    before, mark, after = filled.partition(f"*{_GUIDE}*")
    says = _html(before)
    plain = " ".join(re.sub(r"<[^>]*>", "", says).split())
    return Caption(says, _html(f"*{_GUIDE}*{after}") if mark else "", plain)


def _html(text: str) -> str:
    parts = publish_parts(text, writer="html5", settings_overrides=_SETTINGS)
    return parts["body"].strip() if "body" in parts else ""
