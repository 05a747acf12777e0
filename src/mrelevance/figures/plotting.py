"""Draw a figure of the catalogue from its files."""

from importlib import import_module
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from mrelevance.runtime.files import read_table


def plot(name: str, inputs: dict[str, str | list[str]], settings: dict[str, Any]) -> Figure:
    """Draw the figure `name` of the catalogue.

    `inputs` has the path of each input, or the list of its paths for all test patients; `settings`
    has the value of each setting.

    Raises
    ------
    InputError
        An input lacks what the figure needs.
    """
    contents = {key: _content(paths) for key, paths in inputs.items()}
    # Without importing the catalogue: a new entry must not draw all other figures again.
    return import_module(f"mrelevance.figures.{name}").draw(**contents, **settings)


def _content(paths: str | list[str]) -> Any:
    """What `draw` takes for an input: a table, a path, or a dictionary from patient to path."""
    if not isinstance(paths, str):
        return {Path(path).parent.name: Path(path) for path in paths}
    return read_table(paths) if paths.endswith(".tsv") else Path(paths)
