"""Every method is declared once, and whatever names methods agrees with the declaration."""

import inspect
import json
import re
from pathlib import Path

import pytest
import yaml

from mrelevance.attribution.ablation import ABLATIONS
from mrelevance.attribution.gradients import GRADIENT_METHODS
from mrelevance.attribution.methods import MAPS
from mrelevance.attribution.shares import HALVES, MEASURED
from mrelevance.lrp import composites
from mrelevance.lrp.changes import PLANS
from mrelevance.reporting.citations import CITATIONS
from mrelevance.runtime.method_names import check_methods
from mrelevance.runtime.methods import (
    COMPOSITES,
    FORWARD_PASSES,
    GALLERY,
    GRADIENTS,
    MAPPED,
    METHODS,
    YARDSTICKS,
)

ROOT = Path(__file__).parents[3]
MANUAL = (ROOT / "config/README.md").read_text()


def row_of_the_manual(key: str) -> str:
    (row,) = re.findall(rf"^\| `{re.escape(key)}` \|(.*)$", MANUAL, re.MULTILINE)
    return row


def parameters_of(function) -> dict[str, float]:
    return {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }


def declared(name: str) -> dict[str, float]:
    return {key: parameter.default for key, parameter in METHODS[name].parameters.items()}


def test_declared_composites_are_those_of_lrp():
    assert set(COMPOSITES) == set(composites.COMPOSITES)
    from_baseline = {name for name in COMPOSITES if METHODS[name].needs_baseline}
    assert from_baseline == set(composites.FROM_BASELINE)


@pytest.mark.parametrize("name", COMPOSITES)
def test_declared_parameters_of_composites_are_those_of_lrp(name):
    assert parameters_of(PLANS.get(name, composites.COMPOSITES[name])) == declared(name)


def test_every_map_is_declared_and_computed():
    assert set(MAPS) == set(MAPPED)
    assert set(GRADIENT_METHODS) <= {n for n in METHODS if METHODS[n].group == GRADIENTS}
    for name, function in GRADIENT_METHODS.items():
        assert parameters_of(function) == declared(name)


def test_measurements_are_declared():
    measured = {name for name in METHODS if METHODS[name].group == FORWARD_PASSES}
    assert measured == {MEASURED, HALVES, *ABLATIONS, "network_output"}
    assert set(YARDSTICKS) == {"network_output", "random"}
    assert set(GALLERY) <= set(MAPS)


@pytest.mark.parametrize("name", METHODS)
def test_declarations_are_whole(name):
    method = METHODS[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name), "fit for paths and without the separator"
    assert [other.label for other in METHODS.values()].count(method.label) == 1
    assert set(method.citations) <= set(CITATIONS)
    assert method.citations or method.group not in (GRADIENTS, "propagation")
    assert set(re.findall(r"\{(\w+)\}", method.sentence)) == set(method.parameters)
    for parameter in method.parameters.values():
        assert parameter.lowest <= parameter.default <= parameter.highest


def test_the_manual_lists_all_that_can_be_configured():
    listed = re.findall(r"`(\w+)`", row_of_the_manual("composites").split(";")[0])
    assert set(COMPOSITES) <= set(listed)
    others = set(re.findall(r"`(\w+)`", row_of_the_manual("maps.methods")))
    assert set(MAPPED) - set(COMPOSITES) <= others


@pytest.mark.parametrize("name", COMPOSITES)
def test_the_page_on_relevance_propagation_describes_every_composite(name):
    assert f"`{name}`" in (ROOT / "docs/lrp.md").read_text()


def test_the_manual_has_the_parameters_and_their_defaults():
    table = MANUAL.split("### Parameters of composites")[1].split("\n## ")[0]
    listed = {}
    for names, parameters in re.findall(r"^\| (`.*?) \|(.*)\|$", table, re.MULTILINE):
        values = re.findall(r"`(\w+)` \(([\d.e-]+)\)", parameters)
        for name in re.findall(r"`(\w+)`", names):
            listed[name] = {key: float(value) for key, value in values}
    assert listed == {name: declared(name) for name in METHODS if METHODS[name].parameters}


def test_no_schema_repeats_the_names():
    for schema in (ROOT / "workflow/schemas").glob("*.json"):
        values = re.findall(r'"(\w+)"', json.dumps(json.loads(schema.read_text())))
        assert not set(values) & (set(METHODS) - {"zero"}), schema.name


def test_the_shipped_configuration_lists_known_methods():
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    check_methods(config["relevance"]["composites"], "relevance.composites", COMPOSITES)
    maps = config["evaluation"]["maps"]
    check_methods(maps["methods"], "evaluation.maps.methods", MAPPED)
    check_methods(maps["randomised_methods"], "evaluation.maps.randomised_methods", MAPPED)
