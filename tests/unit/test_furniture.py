"""What a project needs beside its code: licence, citation, templates, automation."""

import hashlib
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import mrelevance

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
# The text at apache.org/licenses/LICENSE-2.0.txt.
APACHE = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def read(path: str) -> dict:
    return yaml.safe_load((ROOT / path).read_text())


def test_the_licence_is_apache_2_wherever_it_is_named():
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE
    assert PROJECT["license"] == read("CITATION.cff")["license"] == "Apache-2.0"


def test_the_citation_names_this_version_and_the_study():
    citation = read("CITATION.cff")
    assert citation["version"] == mrelevance.__version__
    (study,) = citation["references"]
    assert [author["family-names"] for author in study["authors"]] == [
        "Chlebus", "Abolmaali", "Schenk", "Meine",
    ]  # fmt: skip
    assert study["year"] == 2019
    assert [entry["value"] for entry in study["identifiers"]] == ["arXiv:1907.11773"]
    assert study["title"] in " ".join((ROOT / "README.md").read_text().split())


def test_the_changelog_has_this_version():
    versions = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == "Unreleased" and mrelevance.__version__ in versions


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_run_nothing_but_make(path):
    workflow = yaml.safe_load(path.read_text())
    # YAML reads the key `on` as true.
    assert workflow["permissions"] == {"contents": "read"} and workflow[True]
    targets = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()
    variables = set(re.findall(r"^(\w+) \?=", MAKEFILE, re.MULTILINE))
    ran = 0
    for job in workflow["jobs"].values():
        assert set(job.get("needs", "").split()) <= set(workflow["jobs"])
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w-]+@[\w/.]+", step["uses"])
                continue
            program, target, *settings = shlex.split(step["run"])
            assert program == "make" and target in targets
            assert {setting.partition("=")[0] for setting in settings} <= variables
            ran += 1
    assert ran


def test_there_are_actions_for_tests_documentation_and_release():
    assert {path.stem for path in WORKFLOWS} == {"tests", "docs", "release"}
    classifiers = PROJECT["classifiers"]
    tested = read(".github/workflows/tests.yml")["jobs"]["library"]["strategy"]["matrix"]["python"]
    assert [f"Programming Language :: Python :: {python}" for python in tested] == [
        name for name in classifiers if name.startswith("Programming Language :: Python :: 3.")
    ]


def test_pre_commit_runs_the_tools_of_make_lint():
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    recipe = re.search(r"^lint:.*?\n\n", MAKEFILE, re.MULTILINE | re.DOTALL)[0]
    linted = set(re.findall(r"-m (ruff \w+|\w+)", recipe)) - {"snakemake"}
    hooked = {re.search(r"-m (ruff \w+|\w+)", hook["entry"])[1] for hook in repository["hooks"]}
    assert linted == hooked == {"ruff check", "ruff format", "snakefmt", "mypy"}


def test_dependabot_reads_folders_that_exist():
    for update in read(".github/dependabot.yml")["updates"]:
        assert (ROOT / update["directory"].lstrip("/")).is_dir()


def test_templates_ask_for_something():
    for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"):
        if path.stem == "config":
            continue
        form = yaml.safe_load(path.read_text())
        assert form["name"] and form["description"] and form["body"]
        identifiers = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert identifiers and len(set(identifiers)) == len(identifiers)


def test_the_catalogue_is_told_how_to_run_the_workflow():
    usage = read(".snakemake-workflow-catalog.yml")["usage"]
    deployment = usage["software-stack-deployment"]
    assert (
        deployment["apptainer"] is True
        and "container: IMAGE" in (ROOT / "workflow/Snakefile").read_text()
    )
    assert (ROOT / "config/README.md").is_file() and (ROOT / ".test/config/config.yaml").is_file()


def test_the_guide_to_results_is_kept_and_the_results_are_not():
    def ignored(path):
        done = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT, check=False)
        return done.returncode == 0

    assert not ignored("results/README.md")
    assert ignored("results/summary/relevance.tsv") and ignored("runs/quick/results/model")
    assert ignored(".test/results/model")
    assert (
        "! -name README.md"
        in re.search(r"^clean:.*?\n\n?\Z|^clean:.*?\n\n", MAKEFILE, re.M | re.S)[0]
    )
