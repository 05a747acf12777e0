"""Imports between the packages run one way, and everything has its place and a readable size."""

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/mrelevance"
# A package may import those before it.
ORDER = (
    "runtime",
    "lrp",
    "statistics",
    "cohort",
    "phantom",
    "registration",
    "preprocessing",
    "networks",
    "attribution",
    "evaluation",
    "protocol",
    "analysis",
    "figures",
    "reporting",
    "commands",
)
# Useful beyond this project; of the project they may know its errors only.
INDEPENDENT = ("lrp", "statistics")
ERRORS = "mrelevance.runtime.errors"
LONGEST = 300
TEXT = {".py", ".smk", ".toml", ".yaml", ".json", ".tsv", ".md", ".rst", ".html", ""}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {name_of(path): path for path in PACKAGE.rglob("*.py")}


def imported_by(name: str, text: str, is_package: bool = False) -> set[str]:
    """Modules of the project that a module imports, wherever in it the statement stands."""
    package = name if is_package else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            source = resolve_name(source, package) if node.level else source
            members = {f"{source}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else source for name in members}
    return {module for module in found if module.split(".")[0] == "mrelevance"}


IMPORTS = {
    name: imported_by(name, path.read_text(), path.name == "__init__.py")
    for name, path in MODULES.items()
}


def package_of(module: str) -> str | None:
    """Package that a module belongs to; None for what every package may import."""
    return module.split(".")[1] if "." in module else None


def test_imports_are_found_wherever_they_stand():
    text = """
from typing import TYPE_CHECKING
import mrelevance.cohort.sheet as sheet
from mrelevance.lrp import Explainer, rules
if TYPE_CHECKING:
    from . import locks
def late():
    from .files import read_json
    import numpy
"""
    assert imported_by("mrelevance.runtime.new", text) == {
        "mrelevance.cohort.sheet",
        "mrelevance.lrp",
        "mrelevance.lrp.rules",
        "mrelevance.runtime.locks",
        "mrelevance.runtime.files",
    }


def test_every_package_has_its_place_in_the_order():
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(ORDER)


@pytest.mark.parametrize("package", ORDER)
def test_a_package_imports_only_what_stands_before_it(package):
    allowed = {*ORDER[: ORDER.index(package) + 1], None}
    wrong = [
        f"{name} imports {module}"
        for name, modules in IMPORTS.items()
        for module in sorted(modules)
        if package_of(name) == package and package_of(module) not in allowed
    ]
    assert not wrong


@pytest.mark.parametrize("package", INDEPENDENT)
def test_independent_packages_import_nothing_but_errors(package):
    own = {name for name in MODULES if package_of(name) == package}
    wrong = [
        f"{name} imports {module}" for name in own for module in IMPORTS[name] - own - {ERRORS}
    ]
    assert not wrong


def test_no_module_imports_itself_through_others():
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail("; ".join(f"{b} imports {a}" for a, b in pairwise(error.args[1])))


def test_the_library_does_not_know_snakemake():
    for path in MODULES.values():
        names = {
            name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        }
        assert not any(str(name).split(".")[0] == "snakemake" for name in names), path


def test_no_module_lies_loose():
    loose = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert loose <= {"__init__.py", "__main__.py", "py.typed"}


def test_importing_a_package_loads_nothing_else():
    # Only lrp shows its public face there.
    for name, path in MODULES.items():
        if path.name == "__init__.py" and package_of(name) != "lrp":
            nodes = list(ast.walk(ast.parse(path.read_text())))
            loaded = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
            loaded |= {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
            assert {module.split(".")[0] for module in loaded} <= sys.stdlib_module_names, name


def test_unit_tests_lie_in_folders_named_after_packages():
    folders = {path.name for path in (ROOT / "tests/unit").iterdir() if any(path.glob("test_*.py"))}
    assert folders <= set(ORDER)


def test_no_file_is_too_long():
    paths = [
        path
        for folder in ("src", "workflow", "tests")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in TEXT and ".egg-info" not in str(path)
    ]
    lengths = {path: len(path.read_text().splitlines()) for path in paths}
    assert len(lengths) > 100
    assert {str(path): lines for path, lines in lengths.items() if lines > LONGEST} == {}
