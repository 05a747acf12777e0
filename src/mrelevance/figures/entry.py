"""An entry of the catalogue of figures.

Uses only the standard library: Snakemake's own environment has neither pandas nor matplotlib.
"""

from collections.abc import Callable, Mapping
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
        Name of each input, which is a parameter of `draw`, to its path in the results folder. In a
        path `{patient}` stands for each test patient, `{first_patient}` for the first of them, and
        `{composite}` for the composite shown in the figures. `{patient}` is the folder of the file.
        `draw` takes a `.tsv` file as a table, any other path as a `pathlib.Path`, and the paths of
        all test patients as a dictionary from patient to path.
    settings
        What `draw` needs besides: `sequences` (names in channel order), `fixed_sequence` (name),
        `composite` (name) or `seed` (integer).
    target
        Target of the workflow that asks for the figure. The target `known_answer` is part of `all`
        where the phantom has a known answer.
    """

    name: str
    title: str
    category: str
    inputs: Mapping[str, str]
    settings: tuple[str, ...] = ()
    target: str = field(default="all", kw_only=True)

    def paths(
        self, results: str, composite: str, test_patients: Callable[[], list[str]]
    ) -> dict[str, str | list[str]]:
        """Path of every input, or the list of its paths for all test patients.

        `results` is the results folder of the study or of a variant. `test_patients` is called only
        if an input depends on the patients: the split may not be known yet.
        """
        found = {}
        for name, place in self.inputs.items():
            path = f"{results}/{place}".replace("{composite}", composite)
            if "{patient}" in path:
                found[name] = [path.replace("{patient}", each) for each in test_patients()]
            elif "{first_patient}" in path:
                found[name] = path.replace("{first_patient}", test_patients()[0])
            else:
                found[name] = path
        return found
