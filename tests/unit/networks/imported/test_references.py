"""Configurations of bundles are read as data."""

import pytest

from mrelevance.networks.imported.references import Configuration, Unknown
from mrelevance.runtime.errors import InputError

CONTENT = {
    "size": [16, 16, 8],
    "same": "@size",
    "through": "$@same",
    "number": "$0.25",
    "tuple": "$(1, 2)",
    "part": "@size#2",
    "code": "$[96] * 3",
    "attack": "$__import__('os').system('touch /tmp/owned')",
    "inferer": {"roi_size": "@same", "overlap": "@number", "device": "$torch.device('cpu')"},
    "first": "@second",
    "second": "@first",
    "macro": "%other.json",
}


@pytest.fixture
def config() -> Configuration:
    return Configuration(CONTENT, "inference.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("through", [16, 16, 8]),
        ("number", 0.25),
        ("tuple", [1, 2]),
        ("part", 8),
        ("inferer#roi_size", [16, 16, 8]),
        ("inferer::overlap", 0.25),
    ],
)
def test_references_and_literals_have_values(config, key, value):
    assert config.plain(key, "") == value


@pytest.mark.parametrize("key", ["code", "attack", "macro"])
def test_expressions_stay_text(config, key):
    assert config.value(key) == Unknown(CONTENT[key])
    with pytest.raises(InputError, match=rf"inference\.json: {key} is the expression .* not run"):
        config.plain(key, "give it")


def test_an_expression_is_named_by_its_place(config):
    assert config.value("inferer")["overlap"] == 0.25
    with pytest.raises(InputError, match="inferer#device is the expression"):
        config.plain("inferer", "give it")


@pytest.mark.parametrize(
    ("key", "problem"),
    [("first", "lead in a circle"), ("none", "there is no none"), ("size#9", "there is no size#9")],
)
def test_what_leads_nowhere_is_an_error(config, key, problem):
    with pytest.raises(InputError, match=problem):
        config.value(key)


def test_a_value_that_contains_itself_is_an_error():
    with pytest.raises(InputError, match="lead in a circle"):
        Configuration({"a": {"b": "@a"}}, "inference.json").value("a")
