"""Pages that quote the same number agree."""

import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FINDINGS = tomllib.loads((PROJECT / "docs/findings.toml").read_text())
QUOTES = [(page, quote) for page, quotes in FINDINGS["quotes"].items() for quote in quotes]


def in_one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("page", "quote"), QUOTES)
def test_a_page_quotes_the_number_of_the_findings(page, quote):
    expected = quote.format(**FINDINGS["values"])
    assert expected in in_one_line((PROJECT / page).read_text()), (
        f"{page} should contain: {expected}"
    )
