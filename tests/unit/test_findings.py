"""Pages that quote the same number agree, and the numbers of the newest run are nowhere typed."""

import importlib.util
import json
import tomllib
from pathlib import Path

import pytest

from mrelevance.runtime.method_names import label

PROJECT = Path(__file__).parents[2]
FINDINGS = tomllib.loads((PROJECT / "docs/findings.toml").read_text())
NEWEST = json.loads((PROJECT / "docs/results.json").read_text())
QUOTES = [(page, quote) for page, quotes in FINDINGS["quotes"].items() for quote in quotes]
QUOTED_METHODS = ("deepshap", "halves", "integrated_gradients", "deeplift")


@pytest.fixture(scope="module")
def results_page():
    place = PROJECT / "benchmarks/results_page.py"
    found = importlib.util.spec_from_file_location("results_page", place)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def newest() -> dict[str, str]:
    """Numbers of the newest run, by the names that quotes give them."""
    shares, methods = (NEWEST["tables"][name] for name in ("shares", "methods"))
    measured = dict(zip(shares["header"], shares["rows"][0], strict=True))
    values = {name.replace("-", "_"): value for name, value in measured.items()}
    rows = {row[0]: row for row in methods["rows"]}
    for method in QUOTED_METHODS:
        median, worst = rows[label(method)][1:3]
        values |= {f"{method}_l1": median.split()[0], f"{method}_worst": worst}
    return {f"newest_{name}": value for name, value in (NEWEST["values"] | values).items()}


def in_one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("page", "quote"), QUOTES)
def test_a_page_quotes_the_number_of_the_findings(page, quote):
    expected = quote.format(**FINDINGS["values"], **newest())
    assert expected in in_one_line((PROJECT / page).read_text()), (
        f"{page} should contain: {expected}"
    )


def test_the_page_of_results_is_made_from_their_numbers(results_page):
    assert (PROJECT / "docs/results.md").read_text() == results_page.page(NEWEST)


def test_the_conclusions_of_the_readme_are_made_from_the_same_numbers(results_page):
    (block,) = results_page.README_BLOCK.findall((PROJECT / "README.md").read_text())
    assert block == results_page.readme_block(NEWEST)
    assert NEWEST["values"]["first_share"] in block


def test_what_a_study_lacks_is_left_out_of_the_page(results_page):
    few = {name: NEWEST["tables"][name] for name in ("shares", "methods")}
    page = results_page.page(NEWEST | {"tables": few | {"motion": {"header": [], "rows": []}}})
    assert "## Which method to believe" in page and "## Motion correction" not in page
