"""Numbers, captions and explained words of the report page."""

import re
from pathlib import Path

import pytest

from mrelevance.reporting.page.captions import read_caption
from mrelevance.reporting.page.glossary import explained, terms
from mrelevance.reporting.page.niivue import exposing_class, niivue_script
from mrelevance.reporting.page.numbers import decimal, decimal_interval, percent_interval
from mrelevance.reporting.text import listed
from mrelevance.runtime.wording import counted

NAN = float("nan")
CAPTIONS = Path(__file__).parents[4] / "workflow/report"


def test_numbers_have_a_minus_sign_and_never_a_negative_zero():
    assert decimal(-0.004) == "0.00" and decimal(-0.25, 1) == "\N{MINUS SIGN}0.2"
    assert decimal(NAN) == decimal(None) == "\N{EN DASH}"
    assert decimal_interval(0.5, -0.1, 1.0) == "0.50 [\N{MINUS SIGN}0.10, 1.00]"
    assert decimal_interval(0.5, NAN, NAN) == "0.50"


def test_shares_have_their_interval_if_it_is_known():
    assert percent_interval(0.746, 0.7, 0.81, 0.9) == "75 % (90 % interval 70 to 81 %)"
    assert percent_interval(0.746, 0.7, 0.81, None) == "75 % (70 to 81 %)"
    assert percent_interval(-0.001, NAN, NAN, 0.95) == "0 %"


def test_lists_and_counts_read_as_english():
    assert listed(["A"]) == "A" and listed("ABC", "or") == "A, B or C"
    assert counted(1, "patient") == "1 patient" and counted(0, "patient") == "0 patients"


def test_a_word_is_explained_once_and_not_within_links_or_code():
    html = explained("<p>Dice, <a href='#x'>L1 distance</a>, Dice, <code>tau</code></p>")
    assert html.count("<dfn") == 1
    assert "<a href='#x'>L1 distance</a>" in html and "<code>tau</code>" in html
    assert re.search(r'<dfn tabindex="0"[^>]*>Dice<span class="meaning" role="tooltip">', html)


def test_a_longer_term_wins_over_the_shorter_one_inside_it():
    assert re.sub("<span.*?</span>", "", explained("Kendall's tau")).count("<dfn") == 1


@pytest.mark.parametrize("name", list(terms()))
def test_every_term_finds_itself_and_is_explained_in_a_sentence(name):
    pattern, meaning = terms()[name]
    assert pattern.search(name) and meaning.endswith(".") and len(meaning) > 20


def test_a_caption_is_parted_from_the_guide_to_reading_it():
    text = "**Title.** Shows {{ snakemake.config['seed'] }} <things>.\n\n*How to read it.* Look."
    caption = read_caption(text, {"seed": 7})
    assert "<strong>Title.</strong> Shows 7 &lt;things&gt;." in caption.says
    assert "Look." in caption.guide and "Look" not in caption.says
    assert caption.alternative == "Title. Shows 7 &lt;things&gt;."
    assert read_caption("Only this.", {}).guide == ""


def test_the_viewer_of_the_installed_wheel_is_found():
    script = niivue_script()
    assert re.search(r"window\.Niivue=\w+;$", script) and "export{" not in script
    assert "</script" not in script and len(script) > 1e6


def test_a_viewer_that_is_built_in_another_way_is_refused():
    with pytest.raises(RuntimeError, match=r"envs/requirements\.txt"):
        exposing_class("class A {}; export{A as default};")
