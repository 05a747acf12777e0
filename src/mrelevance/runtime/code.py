"""A fingerprint of the code that a workflow step runs.

Snakemake notices a changed script but not a changed library. A rule that has this fingerprint among
its parameters runs again exactly when the code that it runs has changed.
"""

import ast
import hashlib
import importlib.util
import json
import os
import re
import tomllib
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def search_first(folder: Path) -> None:
    """Put a folder first on the module search path of all Python processes started from here."""
    others = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), others]))


@lru_cache
def code_version(script: Path, package: Path = PACKAGE) -> str:
    """Hash of a script or notebook and of every module of `package` it imports, at any depth.

    The syntax trees are hashed without docstrings, so comments, formatting and documentation do not
    matter. So is the TOML file of the same name beside a module, which holds its data. See
    `modules_run` for what counts as imported.

    Raises
    ------
    SyntaxError
        The script or an imported module is not valid Python.
    """
    digest, _ = _read_code(script, package)
    digests = {path: _read_code(path, package)[0] for path in modules_run(script, package)}
    lines = [digest, *(f"{path.relative_to(package)} {digests[path]}" for path in digests)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def modules_run(script: Path, package: Path = PACKAGE) -> list[Path]:
    """Modules of `package` that a script or notebook imports, at any depth, in order of path.

    Imports inside functions count, and so does the `__init__.py` of every package on the way to a
    module. What that file imports counts only where something is imported from the package
    itself: it is there for users, and a step that uses one module does not depend on the others.
    """
    _, waiting = _read_code(script, package)
    found = set()
    while waiting:
        module, *waiting = waiting
        if module not in found:
            found.add(module)
            waiting += _read_code(module, package)[1]
    folders = {folder for module in found for folder in module.parents}
    on_the_way = {folder / "__init__.py" for folder in folders if folder.is_relative_to(package)}
    return sorted(found | {file for file in on_the_way if file.is_file()})


@lru_cache
def _read_code(path: Path, package: Path) -> tuple[str, tuple[Path, ...]]:
    """Hash of one file's code and data, and the files of `package` that it imports."""
    tree = _without_docstrings(ast.parse(_source(path), filename=str(path)))
    digest = hashlib.sha256(f"{ast.dump(tree)}{_data(path)}".encode()).hexdigest()
    modules = {
        file
        for node in ast.walk(tree)
        for name in _imported_names(node, path, package)
        for file in _file_of(name, package)
    }
    return digest, tuple(sorted(modules))


def _source(path: Path) -> str:
    text = path.read_text()
    if path.suffix != ".ipynb":
        return text
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    source = "\n".join("".join(cell["source"]) for cell in cells)
    # IPython commands such as %matplotlib inline are not Python; they count as strings.
    return re.sub(r"^[%!].*$", lambda line: repr(line[0]), source, flags=re.MULTILINE)


def _data(path: Path) -> str:
    """Content of the TOML file beside a module, without its comments; empty if there is none."""
    data = path.with_suffix(".toml")
    return repr(tomllib.loads(data.read_text(encoding="utf-8"))) if data.is_file() else ""


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return tree


def _imported_names(node: ast.AST, path: Path, package: Path) -> list[str]:
    """Absolute names that an import statement may refer to: modules, or members of modules."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    source = "." * node.level + (node.module or "")
    if node.level:
        folder = path.parent.relative_to(package.parent)
        source = importlib.util.resolve_name(source, ".".join(folder.parts))
    return [f"{source}.{alias.name}" for alias in node.names]


def _file_of(name: str, package: Path) -> list[Path]:
    """The file of the module or package that a name is, or is a member of; none elsewhere."""
    first, *parts = name.split(".")
    if first != package.name:
        return []
    for depth in range(len(parts), 0, -1):
        place = package.joinpath(*parts[:depth])
        for file in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
            if file.is_file():
                return [file]
    return [package / "__init__.py"]
