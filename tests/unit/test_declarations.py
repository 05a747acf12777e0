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
# Declared, but imported by MONAI's transformers alone.
FOR_NETWORKS = {"einops"}
# Declared, but run as programs or plugins: the executor of profiles/slurm, the kernel of notebooks,
# what Snakemake colours its report with, the viewer's script, parallel tests, and the tools behind
# make lint.
NOT_IMPORTED = {
    "workflow": {"snakemake-executor-plugin-slurm", "ipykernel", "pygments", "ipyniivue"},
    "test": {"pytest-xdist", "ruff", "snakefmt"},
}


def declared(requirements: list[str]) -> set[str]:
    """Names of requirements, without this package itself."""
    return {canonicalize_name(Requirement(text).name) for text in requirements} - {"mrelevance"}


LIBRARY = declared(PROJECT["dependencies"])
EXTRAS = {name: declared(texts) for name, texts in PROJECT["optional-dependencies"].items()}


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
        if path.suffix in (".py", ".smk", ".ipynb") or path.name == "Snakefile"
    ]
    assert paths
    modules = {name.split(".")[0] for path in paths for name in modules_in(path)}
    own = {path.stem for path in (ROOT / "tests").rglob("*") if path.suffix in ("", ".py")}
    modules -= {*sys.stdlib_module_names, "mrelevance", *own}
    distributions = packages_distributions()
    assert modules <= set(distributions), "imported and not installed"
    return {canonicalize_name(name) for module in modules for name in distributions[module]}


def test_the_library_declares_what_it_imports():
    assert imported("src") == LIBRARY - FOR_NETWORKS


def test_the_workflow_declares_what_it_imports_beyond_the_library():
    assert (
        imported("workflow", "notebooks") - LIBRARY == EXTRAS["workflow"] - NOT_IMPORTED["workflow"]
    )


def test_the_tests_declare_what_they_import_beyond_the_workflow():
    assert "mrelevance[workflow]" in PROJECT["optional-dependencies"]["test"]
    beyond = imported("tests") - LIBRARY - EXTRAS["workflow"]
    assert beyond == EXTRAS["test"] - NOT_IMPORTED["test"]


@pytest.mark.parametrize("extra", NOT_IMPORTED)
def test_what_is_not_imported_is_declared(extra):
    assert NOT_IMPORTED[extra] <= EXTRAS[extra]


def test_data_files_are_installed_with_the_package():
    package = ROOT / "src/mrelevance"
    data = [p.name for p in package.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")]
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["*"]
    assert data
    assert [name for name in data if not any(fnmatch(name, p) for p in patterns)] == []
