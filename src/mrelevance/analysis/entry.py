"""An entry of the catalogue of tables: the inputs, settings and tables of a step.

Uses only the standard library, because Snakemake reads this module in an environment without
pandas.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

ALL, TEST = "all", "test"


@dataclass(frozen=True)
class Input:
    """Something that a step reads.

    Attributes
    ----------
    path
        Relative to the folder of results; may hold {patient}, and {region} in files of which each
        explained region has its own, see `region_folders`.
    patients
        Whose files: `ALL` or `TEST` patients; None for a single file.
    keys
        Columns that identify a row of the patients' tables once they are stacked.
    variants
        Whether the step reads it of the study and of every variant that is compared.
    needs_truth
        Whether it exists only where the truth about the patients is known.
    """

    path: str
    patients: str | None = None
    keys: tuple[str, ...] = ()
    variants: bool = False
    needs_truth: bool = False


@dataclass(frozen=True)
class Table:
    """A table that a step makes, `summary/{name}.tsv`. The report shows it if it has a title."""

    name: str
    title: str | None = None
    category: str | None = None

    @property
    def file(self) -> str:
        """Its path, relative to the folder of results."""
        return f"summary/{self.name}.tsv"

    @property
    def provenance(self) -> str:
        """Path of its provenance, relative to the folder of results."""
        return f"summary/{self.name}.json"

    @property
    def caption(self) -> str:
        """Name of its caption in workflow/report."""
        return f"{self.name}_table.rst"


@dataclass(frozen=True)
class Entry:
    """A step that makes one or several tables.

    Attributes
    ----------
    function
        `module:name` of the function that makes the tables. Its parameters are the names of
        `inputs` and `settings`. It gets a table for a single .tsv file or for those of the
        patients, stacked; where variants are compared, such tables by name of the variant, the
        study's first; paths by patient for anything but tables; and None for truth that is not
        known. It returns a table by name for each of `tables`, and arrays by file name for each of
        `arrays`. If its inputs have the column `region_name`, it is called for each explained
        region with the rows of that region, without the column; what it returns gets the column
        again.
    message
        What Snakemake says while the step runs.
    tables, arrays
        What it makes. Arrays are files in summary/, in NumPy's .npz format; their names hold
        {region}.
    settings
        Key of the configuration by parameter, with dots between the levels. The key `variants`
        stands for the changes of each variant that is compared.
    target
        The target of the workflow that the step belongs to.
    of_fewer_members
        Whether it is made only where a network is explained by fewer members than are deployed.
    """

    function: str
    message: str
    inputs: dict[str, Input]
    tables: tuple[Table, ...]
    settings: dict[str, str] = field(default_factory=dict)
    arrays: tuple[str, ...] = ()
    target: str = "all"
    of_fewer_members: bool = False

    def is_made(self, fewer_members: bool) -> bool:
        """Whether a study makes it; `fewer_members`: whether fewer are explained than deployed."""
        return fewer_members or not self.of_fewer_members

    @property
    def name(self) -> str:
        """Name of the step, of its rule and of its log: that of the function."""
        return self.function.partition(":")[2]

    def to_parameters(self) -> dict[str, Any]:
        """What the step's script needs of it, for the parameters of a rule.

        The rule runs again when this changes, but not when a title in the report does.
        """
        return {
            "function": self.function,
            "inputs": {name: asdict(given) for name, given in self.inputs.items()},
            "tables": [table.name for table in self.tables],
            "arrays": list(self.arrays),
        }

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any]) -> Entry:
        """An entry for the step's script, from `to_parameters`."""
        return cls(
            parameters["function"],
            message="",
            inputs={name: Input(**given) for name, given in parameters["inputs"].items()},
            tables=tuple(map(Table, parameters["tables"])),
            arrays=tuple(parameters["arrays"]),
        )


def of_test(path: str, *keys: str, needs_truth: bool = False) -> Input:
    """Files of the test patients."""
    return Input(path, TEST, keys, needs_truth=needs_truth)


def of_all(path: str, *keys: str) -> Input:
    """Files of all patients."""
    return Input(path, ALL, keys)


def of_variants(path: str, *keys: str) -> Input:
    """Files of the test patients, in the study and in every variant that is compared."""
    return Input(path, TEST, keys, variants=True)


def summary(table: str) -> Input:
    """A table of another step."""
    return Input(f"summary/{table}.tsv")
