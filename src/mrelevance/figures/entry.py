"""An entry of the catalogue of figures.

Uses only the standard library: Snakemake's own environment has neither pandas nor matplotlib.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """A figure.

    Attributes
    ----------
    name
        Name of the module, of the caption and of the files.
    title
        Title in the report.
    category
        Section of the report.
    inputs
        Name of each input, which is a parameter of `draw`, to its path in the results folder, which
        begins with the stage. In a path `{patient}` stands for each test patient,
        `{first_patient}` for the first of them, and `{region}` for what the files of the figure's
        region have in their paths, see `region_folders`.
        `draw` takes a `.tsv` file as a table, any other path as a `pathlib.Path`, and the paths of
        all test patients as a dictionary from patient to path.
    settings
        What `draw` needs besides: `sequences` (names in channel order), `fixed_sequence` (name),
        `composite` (name) or `seed` (integer).
    target
        Target of the workflow that asks for the figure. The target `known_answer` is part of `all`
        where the phantom has a known answer.
    by_region
        Whether each explained region has a figure of its own. `draw` then takes the rows of that
        region of every table, without the column `region_name`.
    of_training
        Whether it shows a training, so that there is none of a network from elsewhere.
    """

    name: str
    title: str
    category: str
    inputs: Mapping[str, str]
    settings: tuple[str, ...] = ()
    target: str = field(default="all", kw_only=True)
    by_region: bool = field(default=True, kw_only=True)
    of_training: bool = field(default=False, kw_only=True)
