"""The workflow's own files: style, configuration, schema and manual agree."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from mrelevance.cohort.sheet import read_sheet
from mrelevance.phantom.settings import check_settings
from mrelevance.runtime.configuration import check_configuration

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
SCHEMA = ROOT / "workflow/schemas/config.schema.json"
# Their keys are the user's own or another library's.
FREE = {
    "network.arguments",
    "phantom.times_s",
    "phantom.signal_to_noise",
    "phantom.lesion_types",
    "protocol.acquisition_minutes",
    "variants",
}


def configuration(name: str) -> dict:
    config = yaml.safe_load((CONFIG / "config.yaml").read_text())
    update_config(config, yaml.safe_load((CONFIG / name).read_text()))
    return config


def keys(section: dict, prefix: str = "") -> set[str]:
    found = set()
    for key, value in section.items():
        name = f"{prefix}{key}"
        found.add(name)
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict) and name not in FREE:
            found |= keys(inner, f"{name}.")
    return found


def whole_schema() -> dict:
    """The configuration's schema, each section in the place from which its file is referred to."""
    whole = json.loads(SCHEMA.read_text())
    for name, section in whole["properties"].items():
        if "$ref" in section:
            whole["properties"][name] = json.loads((SCHEMA.parent / section["$ref"]).read_text())
    return whole


def schema_keys(schema: dict, prefix: str = "") -> set[str]:
    found = set()
    for key, value in schema.get("properties", {}).items():
        name = f"{prefix}{key}"
        found.add(name)
        if name not in FREE:
            found |= schema_keys(value.get("items", value), f"{name}.")
    return found


@pytest.mark.parametrize("name", sorted(path.name for path in CONFIG.glob("*.yaml")))
def test_shipped_configuration_is_valid(name):
    config = configuration(name)
    check_configuration(config, SCHEMA)
    sheet = read_sheet(
        ROOT / config["cohort"]["patients"], config["sequences"], config["cohort"]["source"]
    )
    assert sheet.rows and not sheet.unused and not sheet.covariates_by_name
    if config["cohort"]["source"] == "phantom":
        check_settings(config["phantom"], config["sequences"], config["fixed_sequence"])


def test_schema_and_configuration_have_the_same_keys():
    assert schema_keys(whole_schema()) == keys(configuration("config.yaml"))


def test_schema_lets_no_unknown_key_pass():
    def objects(schema):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            if isinstance(value, dict):
                yield from objects(value)

    found = list(objects(whole_schema()))
    closed = [schema for schema in found if schema.get("additionalProperties") is False]
    assert len(closed) > 10
    # What stays open: a network's arguments; times of sequences, which take numbers only; variants,
    # whose names are free and whose changes are checked as part of the whole.
    assert len(found) - len(closed) == 3
    for schema in closed:
        assert schema["required"] == list(schema["properties"])


def test_manual_explains_every_key():
    manual = (CONFIG / "README.md").read_text()
    sections = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", manual, re.DOTALL | re.MULTILINE))
    for key in keys(configuration("config.yaml")):
        section, _, name = key.partition(".")
        if name:
            explained = sections[f"`{section}`"]
            parts = {name, name.split(".")[0]} if "." not in name else {name}
            inner = any(f"`{other}" in explained for other in (f"{name}.", f"{name}`"))
            assert inner or all(f"`{part}`" in explained for part in parts), key
        else:
            assert f"## `{key}`" in manual or f"| `{key}` |" in sections["Top level"], key


def test_full_study_has_the_papers_cohort():
    sheet = read_sheet(CONFIG / "patients.tsv", ["T1"], "phantom")
    parts = Counter(row["split"] for row in sheet.rows.values())
    assert parts == {"train": 44, "validation": 5, "test": 20}


def test_workflow_is_formatted_and_lint_free(fresh_project):
    programs = Path(sys.executable).parent
    formatted = subprocess.run(
        [programs / "snakefmt", "--check", "Snakefile", "workflow"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert formatted.returncode == 0, formatted.stderr
    linted = fresh_project.snakemake("--lint")
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize(
    "path", sorted((ROOT / "workflow/rules").glob("*.smk")), ids=lambda p: p.stem
)
def test_every_rule_says_what_it_does(path):
    text = path.read_text()
    rules = re.findall(
        r"^ *(?:rule|checkpoint)(?: (\w+))?:\n(.*?)(?=^\S|\Z)", text, re.DOTALL | re.MULTILINE
    )
    for name, body in rules:
        for directive in ("output", "log", "resources", "params", "message"):
            assert f"    {directive}:" in body, f"{name}: {directive}"
        # A trial tells its code, and all else that it depends on, by its name.
        assert "code=" in body or "{settings}.json" in body, name
        if "    cache: CACHE\n" in body:
            # Snakemake does not measure what may come from a cache.
            script = re.search(r'"\.\./(scripts/\w+\.py)"', body)[1]
            lines = (ROOT / "workflow" / script).read_text().splitlines()
            assert lines[-1] == "record_benchmark(snakemake.log[0])", name
            assert "identity=identity," in body, name
        else:
            assert "    benchmark:" in body, name
        # Rules that are made from a catalogue have their names from there.
        assert f"/logs/{name}" in body, name
        # What is in `run:`, or in a local rule, would run outside of the container.
        assert "    script:" in body, name
    assert "lambda" not in text and "localrule" not in text
    assert (
        path.stem in ("common", "inputs", "user_files", "parameters", "catalogues", "deployed")
        or "def " not in text
    )
