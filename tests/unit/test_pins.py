"""Every version comes from envs/requirements.txt, and nothing else drifts from it."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path

import pytest
import yaml
from helpers.distributions import needed_by
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import mrelevance

ROOT = Path(__file__).parents[2]
ENVS = ROOT / "envs"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# pip itself, this package, and packages that only builds of torch for GPUs need.
NOT_PINNED = re.compile(r"pip|mrelevance|nvidia-.*|cuda-.*|triton")


def named(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lines(name: str) -> list[str]:
    text = (ENVS / name).read_text().splitlines()
    return [line for line in text if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def pins() -> dict[str, Version]:
    found = [Requirement(line) for line in lines("requirements.txt")]
    for pin in found:
        assert [mark.operator for mark in pin.specifier] == ["=="], pin
    versions = {named(pin.name): Version(next(iter(pin.specifier)).version) for pin in found}
    assert len(versions) == len(found), "a package is listed twice"
    return versions


def test_what_is_installed_is_what_is_pinned(pins):
    for name, version in pins.items():
        try:
            installed = Version(distribution(name).version)
        except PackageNotFoundError:
            pytest.fail(f"{name} is pinned and not installed")
        assert Version(installed.public) == version, name
    unpinned = {named(package.name) for package in distributions()} - set(pins)
    assert {name for name in unpinned if not NOT_PINNED.fullmatch(name)} == set()


def test_every_python_of_the_promised_version_will_do(pins):
    # Linux distributions keep early patch releases for years: Debian 12 has Python 3.11.2.
    for name in pins:
        needed = distribution(name).metadata["Requires-Python"] or ""
        assert SpecifierSet(needed).contains("3.11.0"), f"{name} needs Python {needed}"


def test_package_needs_nothing_that_is_not_pinned(pins):
    of_docs = {named(Requirement(line).name) for line in lines("docs.txt")}
    docs = [Requirement(text) for text in PYPROJECT["optional-dependencies"]["docs"]]
    assert {named(need.name) for need in docs} <= of_docs
    extras = [texts for name, texts in PYPROJECT["optional-dependencies"].items() if name != "docs"]
    declared = [*PYPROJECT["dependencies"], *(text for extra in extras for text in extra)]
    needs = [Requirement(text) for text in declared]
    assert {named(need.name) for need in needs} - {"mrelevance"} <= set(pins)
    assert not any(need.specifier for need in [*needs, *docs]), (
        "versions belong into envs/requirements.txt"
    )
    assert mrelevance.__version__ == PYPROJECT["version"]


def test_controller_takes_its_versions_from_the_same_list(pins):
    constraint, *names = lines("controller.txt")
    assert constraint == "--constraint requirements.txt"
    assert {str(Requirement(name)) for name in names} == {Requirement(n).name for n in names}
    needed = needed_by(names)
    assert "snakemake" in needed and needed <= set(pins)
    assert not {"torch", "numpy", "pandas", "monai"} & needed


def test_conda_takes_its_versions_from_the_same_list():
    environment = yaml.safe_load((ENVS / "environment.yaml").read_text())
    assert environment["dependencies"] == [
        "python=3.11",
        "pip",
        {"pip": ["--requirement requirements.txt"]},
    ]


def test_container_takes_its_versions_from_the_same_list():
    recipe = (ENVS / "Containerfile").read_text()
    assert "--requirement /opt/requirements.txt" in recipe
    assert "--constraint /opt/requirements.txt torch" in recipe
    assert "==" not in recipe
    assert set(re.findall(r"^FROM (\S+)", recipe, re.MULTILINE)) == {"debian:bookworm-slim"}


def test_the_study_has_one_python_wherever_it_runs():
    assert SpecifierSet(PYPROJECT["requires-python"]).contains("3.11")
    for path in ("envs/Containerfile", "envs/environment.yaml", "Makefile"):
        text = (ROOT / path).read_text()
        found = set(re.findall(r"python=?(3\.\d+)", text))
        assert found == {"3.11"}, path


def test_snakemake_reads_the_workflow_with_nothing_but_its_own_packages():
    modules = [
        node.module
        for node in ast.walk(ast.parse(imports_of_the_workflow()))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("mrelevance")
    ]
    assert "mrelevance.cohort.sheet" in modules
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; before = set(sys.modules); import {', '.join(modules)};"
            # Modules without a specification come from no file: compiled code makes them.
            "print(*{name.split('.')[0] for name in set(sys.modules) - before"
            " if getattr(sys.modules[name], '__spec__', None)})",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    _, *names = lines("controller.txt")
    allowed = {
        module
        for name in needed_by(names)
        for file in distribution(name).files or []
        for module in [file.parts[0].removesuffix(".py").split(".")[0]]
    }
    foreign = set(loaded) - allowed - set(sys.stdlib_module_names) - {"mrelevance"}
    assert foreign == set()


def imports_of_the_workflow() -> str:
    """Import statements of the rules' common code; the rest of the file is not Python."""
    text = (ROOT / "workflow/rules/common.smk").read_text()
    found = re.findall(r"^from [\w.]+ import (?:\([^)]*\)|.*)$", text, re.MULTILINE)
    return "\n".join(found)
