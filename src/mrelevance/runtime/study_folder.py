"""Each configuration has a folder of its own, in which its results lie."""

import os
import shlex
from collections.abc import Iterable
from pathlib import Path

from mrelevance.runtime.errors import InputError

DEFAULT = Path("config/config.yaml")
"""The configuration that all others change, from the project's folder."""


def folder_of(configuration: str | Path, project: str | Path) -> str:
    """Folder of a study, from the project's; `make` names it by the same rule.

    It is the project's own for `config/config.yaml`, `runs/quick` for `config/quick.yaml`, and
    `runs/` with the whole path for a file elsewhere, so that no two files share results.
    """
    place = _from_project(configuration, project)
    if place == DEFAULT:
        return "."
    if place.parent == DEFAULT.parent and place.suffix == ".yaml":
        return f"runs/{place.stem}"
    return f"runs/{str(place).removeprefix('/')}"


def check_folder(configurations: Iterable[str | Path], project: str | Path) -> None:
    """Check that no other configuration writes into the default study's results.

    `configurations` are those of the command line, for a run in the current folder.

    Raises
    ------
    InputError
        This is the project's folder, and a configuration has a folder of its own.
    """
    if not Path.cwd().samefile(project):
        return
    for configuration in configurations:
        folder = folder_of(configuration, project)
        if folder != ".":
            path = _from_project(configuration, project)
            raise InputError(
                f"{path}: results here are those of {DEFAULT}; give this configuration a folder of "
                f"its own with --directory {shlex.quote(folder)}, or run make "
                f"CONFIG={shlex.quote(str(path))}"
            )


def _from_project(configuration: str | Path, project: str | Path) -> Path:
    """Path of a configuration from the project's folder; the absolute path if it lies elsewhere."""
    configuration, project = Path(configuration), Path(os.path.realpath(project))
    path = Path(os.path.realpath(configuration.parent), configuration.name)
    return path.relative_to(project) if path.is_relative_to(project) else path
