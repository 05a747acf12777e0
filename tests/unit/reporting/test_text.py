"""How templates are filled."""

import jinja2
import pytest

from mrelevance.reporting.text import by, fill, listed, percent, span


def test_unknown_values_and_names_are_errors():
    with pytest.raises(ValueError, match="None or NaN"):
        fill("{{ value }}", {"value": None})
    with pytest.raises(ValueError, match="None or NaN"):
        fill("{{ value }}", {"value": float("nan")})
    with pytest.raises(jinja2.UndefinedError):
        fill("{{ other }}", {"value": 1})
    with pytest.raises(KeyError):
        fill('{{ cite("nobody1900") }}', {})


def test_paragraphs_become_lines():
    assert fill("# Title\n\nOne\n  two.\n\n\n- item\n  goes on\n", {}) == (
        "# Title\n\nOne two.\n\n- item goes on\n"
    )


def test_words_of_the_templates():
    assert listed(["a"]) == "a" and listed(["a", "b", "c"]) == "a, b and c"
    assert by([3.5, 3.5, 4.0]) == "3.5 x 3.5 x 4"
    assert span([5, 15]) == "5 to 15" and span([0, 0]) == "0"
    assert percent(0.1) == "10 %" and percent(0.333) == "33.3 %"
