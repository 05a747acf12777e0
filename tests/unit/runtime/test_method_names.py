"""Methods in the configuration: identifiers, labels, and what is refused."""

import subprocess
import sys

import pytest

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.method_names import check_methods, identifier, label, parse, sentence
from mrelevance.runtime.methods import COMPOSITES, MAPPED, METHODS

CONFIGURED = [
    ("epsilon", "epsilon", ("epsilon", {}), "epsilon"),
    ({"name": "epsilon"}, "epsilon", ("epsilon", {}), "epsilon"),
    (
        {"name": "epsilon", "epsilon": 0.25},
        "epsilon-0.25",
        ("epsilon", {"epsilon": 0.25}),
        "epsilon 0.25",
    ),
    (
        {"epsilon": 1e-5, "name": "epsilon"},
        "epsilon-0.00001",
        ("epsilon", {"epsilon": 1e-5}),
        "epsilon 0.00001",
    ),
    ({"name": "gamma", "gamma": 100}, "gamma-100", ("gamma", {"gamma": 100}), "gamma 100"),
    (
        {"name": "epsilon_gamma", "gamma": 0.5},
        "epsilon_gamma-gamma-0.5",
        ("epsilon_gamma", {"gamma": 0.5}),
        "epsilon, gamma (gamma 0.5)",
    ),
    (
        {"name": "epsilon_gamma", "gamma": 1.0, "epsilon": 0.1},
        "epsilon_gamma-epsilon-0.1-gamma-1",
        ("epsilon_gamma", {"epsilon": 0.1, "gamma": 1}),
        "epsilon, gamma (epsilon 0.1, gamma 1)",
    ),
]


@pytest.mark.parametrize(("entry", "expected", "parsed", "readable"), CONFIGURED)
def test_an_entry_has_an_identifier_that_leads_back(entry, expected, parsed, readable):
    check_methods([entry], "relevance.composites", COMPOSITES)
    assert identifier(entry) == identifier(identifier(entry)) == expected
    assert parse(expected) == parsed
    assert label(expected) == readable
    assert set(expected) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-.")


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_label_and_sentence(name):
    assert parse(name) == (name, {})
    assert label(name) == METHODS[name].label
    text = sentence(name)
    assert text and not set("{}") & set(text) and text[-1] not in ".,;"


def test_sentences_name_the_values_of_parameters():
    assert "stabiliser of 0.000001 times" in sentence("epsilon")
    assert "stabiliser of 0.25 times" in sentence("epsilon-0.25")
    both = sentence("epsilon_gamma-gamma-0.5")
    assert "epsilon = 0.000001" in both and "gamma = 0.5" in both


def test_a_name_that_is_no_method_is_its_own_label():
    assert label("left_out") == "left_out"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (["epsilonn"], "relevance.composites: epsilonn is unknown; did you mean epsilon?"),
        (["gradient"], "gradient is unknown; known are zero, epsilon, .*deeplift_along_path"),
        ([{"name": 3}], "3 is unknown; known are zero"),
        (
            [{"name": "epsilon", "gamma": 1}],
            "epsilon has no parameter gamma; epsilon takes epsilon",
        ),
        ([{"name": "zero", "x": 1}], "zero has no parameter x; zero takes no parameters"),
        ([{"name": "gamma", "gamma": "1e-6"}], "gamma: gamma is '1e-6', which is no number"),
        ([{"name": "gamma", "gamma": True}], "gamma is True, which is no number"),
        ([{"name": "gamma", "gamma": -1}], "gamma is -1; it must lie between 0.001 and 1000"),
        ([{"name": "gamma", "gamma": float("nan")}], "must lie between"),
        ([{"name": "deeplift_along_path", "segments": 2.5}], "2.5; it must be a whole number"),
        ([{"name": "deepshap", "orders": 66}], "orders is 66; it must be a multiple of 4"),
        (["zero", "zero"], "zero is listed twice"),
        (["epsilon", {"name": "epsilon", "epsilon": 1e-6}], "epsilon-0.000001 is listed twice"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(entries, message):
    with pytest.raises(InputError, match=message) as caught:
        check_methods(entries, "relevance.composites", COMPOSITES)
    assert str(caught.value).startswith("configuration, relevance.composites: ")
    assert "\n" not in str(caught.value)


def test_the_same_method_with_other_parameters_is_another_method():
    check_methods(["gamma", {"name": "gamma", "gamma": 1}, "random"], "methods", MAPPED)


@pytest.mark.parametrize("wrong", ["epsilonn", "epsilon-x", "zero-1", "epsilon_gamma-0.5"])
def test_an_identifier_of_no_method_is_refused(wrong):
    with pytest.raises(InputError, match=f"method {wrong} is unknown"):
        parse(wrong)


def test_methods_are_known_without_torch():
    program = (
        "import sys; sys.modules['torch'] = sys.modules['pandas'] = None; "
        "import mrelevance.runtime.method_names"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
