"""What the code imports is what pyproject.toml declares."""

import ast
import json
import re
import sys
import tomllib
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
# Declared, but imported by networks alone: MONAI's transformers.
FOR_NETWORKS = {"einops"}
# Runs in an environment of its own.
ELSEWHERE = {"nnunet_reference.py"}
# Declared, but run as programs or plugins: the executor of profiles/slurm, the kernel of notebooks,
# what Snakemake colours its report with, the viewer's script, parallel tests, what builds the
# wheel, and the tools behind make lint.
NOT_IMPORTED = {
    "nnunet": FOR_NETWORKS,
    "workflow": FOR_NETWORKS
    | {"snakemake-executor-plugin-slurm", "ipykernel", "pygments", "ipyniivue"},
    "test": {"pytest-xdist", "ruff", "snakefmt", "mypy", "setuptools"},
}
# What parts of the package, and what these import of it, need beyond the library.
PARTS = {"nnunet": ("networks",), "dicom": ("cohort/dicom",)}


def declared(requirements: list[str]) -> set[str]:
    """Names of requirements, without this package itself."""
    return {canonicalize_name(Requirement(text).name) for text in requirements} - {"mrelevance"}


def with_extras(name: str) -> set[str]:
    """Names that an extra declares, with those of the extras that it includes."""
    texts = PROJECT["optional-dependencies"][name]
    own = [Requirement(text) for text in texts if Requirement(text).name == "mrelevance"]
    included = [with_extras(extra) for requirement in own for extra in requirement.extras]
    return declared(texts).union(*included)


LIBRARY = declared(PROJECT["dependencies"])
EXTRAS = {name: with_extras(name) for name in PROJECT["optional-dependencies"]}


def modules_in(path: Path) -> set[str]:
    """Names of the modules that a file of Python, a notebook or a file of rules imports."""
    text = path.read_text()
    if path.suffix not in (".py", ".ipynb"):
        # Rules are not Python, but their import statements are.
        found = re.findall(r"^\s*(?:from ([\w.]+) import|import ([\w.]+))", text, re.MULTILINE)
        return {first or second for first, second in found}
    if path.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        lines = [line for cell in cells for line in [*cell["source"], "\n"]]
        text = "".join(line for line in lines if not line.startswith(("%", "!")))
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    return names


def imported(*folders: str) -> set[str]:
    """Distributions, by their canonical names, whose modules the files in some folders import."""
    paths = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if (path.suffix in (".py", ".smk", ".ipynb") or path.name == "Snakefile")
        and path.name not in ELSEWHERE
    ]
    assert paths
    return distributions_of({name for path in paths for name in modules_in(path)})


def distributions_of(names: set[str]) -> set[str]:
    """Distributions, by their canonical names, that some modules belong to."""
    modules = {name.split(".")[0] for name in names}
    own = {path.stem for path in (ROOT / "tests").rglob("*") if path.suffix in ("", ".py")}
    own |= {"tests", *(path.name for path in (ROOT / "workflow/logger").iterdir())}
    modules -= {*sys.stdlib_module_names, "mrelevance", *own}
    distributions = packages_distributions()
    assert modules <= set(distributions), "imported and not installed"
    return {canonicalize_name(name) for module in modules for name in distributions[module]}


def needed_by(*parts: str) -> set[str]:
    """Distributions that parts of the package import, themselves and through its other modules."""
    source = ROOT / "src"
    waiting = [
        path
        for part in parts
        for place in [source / "mrelevance" / part]
        for path in ([place] if place.is_file() else place.rglob("*.py"))
    ]
    assert len(waiting) >= len(parts)
    seen, foreign = set(), set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            else:
                continue
            ours = {name for name in names if name.split(".")[0] == "mrelevance"}
            foreign |= names - ours
            files = [source / Path(*name.split(".")).with_suffix(".py") for name in ours]
            waiting += [file for file in files if file.is_file()]
    return distributions_of(foreign)


def test_relevance_propagation_needs_the_dependencies_alone():
    assert LIBRARY == {"torch", "numpy"}
    assert needed_by("lrp") == LIBRARY


@pytest.mark.parametrize("extra", PARTS)
def test_an_extra_brings_what_its_part_of_the_package_imports(extra):
    needed = needed_by(*PARTS[extra])
    assert needed - LIBRARY <= EXTRAS[extra]
    assert len(needed - LIBRARY) > 1


def test_the_study_declares_what_it_imports_beyond_the_library():
    found = imported("src", "workflow", "notebooks") - LIBRARY
    assert found == EXTRAS["workflow"] - NOT_IMPORTED["workflow"]


def test_the_tests_declare_what_they_import_beyond_the_workflow():
    assert "mrelevance[workflow]" in PROJECT["optional-dependencies"]["test"]
    beyond = imported("tests") - LIBRARY - EXTRAS["workflow"]
    assert beyond == EXTRAS["test"] - EXTRAS["workflow"] - NOT_IMPORTED["test"]


@pytest.mark.parametrize("extra", NOT_IMPORTED)
def test_what_is_not_imported_is_declared(extra):
    assert NOT_IMPORTED[extra] <= EXTRAS[extra]


def test_data_files_are_installed_with_the_package():
    package = ROOT / "src/mrelevance"
    data = [p.name for p in package.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")]
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["*"]
    assert data
    assert [name for name in data if not any(fnmatch(name, p) for p in patterns)] == []
