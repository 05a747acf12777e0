"""Draw a figure of the catalogue from its files."""

from importlib import import_module
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from mrelevance.figures.fitting import head_further
from mrelevance.runtime.columns import REGION_NAME, of_region
from mrelevance.runtime.files import read_table
from mrelevance.runtime.result_paths import patient_of
from mrelevance.runtime.segmentation import TUMOUR


def plot(
    name: str,
    inputs: dict[str, str | list[str]],
    settings: dict[str, Any],
    region: str | None = None,
) -> Figure:
    """Draw the figure `name` of the catalogue.

    `inputs` has the path of each input, or the list of its paths for all test patients; `settings`
    has the value of each setting. `region` is the explained region whose rows of the tables are
    drawn; its name stands on top, unless it is tumour.

    Raises
    ------
    InputError
        An input lacks what the figure needs.
    """
    contents = {key: _content(paths, region) for key, paths in inputs.items()}
    # Without importing the catalogue: a new entry must not draw all other figures again.
    figure = import_module(f"mrelevance.figures.{name}").draw(**contents, **settings)
    if region not in (None, TUMOUR):
        head_further(figure, f"region: {region}")
    return figure


def _content(paths: str | list[str], region: str | None) -> Any:
    """What `draw` takes for an input: a table, a path, or a dictionary from patient to path."""
    if not isinstance(paths, str):
        return {patient_of(path): Path(path) for path in paths}
    if not paths.endswith(".tsv"):
        return Path(paths)
    table = read_table(paths)
    return of_region(table, region) if REGION_NAME in table.columns else table
