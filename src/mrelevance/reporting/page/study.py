"""The results of a study, as the page reads them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from mrelevance.analysis.catalogue import TABLES
from mrelevance.analysis.entry import Entry
from mrelevance.reporting.page.enough import known_conclusions, known_intervals
from mrelevance.runtime.columns import REGION_NAME, of_region
from mrelevance.runtime.files import read_json, read_table
from mrelevance.runtime.method_names import identifier
from mrelevance.runtime.network_source import explains_fewer_members
from mrelevance.runtime.segmentation import read_segmentation, region_folders
from mrelevance.statistics.sample_size import fewest_patients

# Tables of the study that no comparison does without.
_COMPARED = ("scores", "relevance")


@dataclass(frozen=True)
class Study:
    """A finished study.

    Attributes
    ----------
    results
        Folder of its results.
    config
        Its configuration.
    patients
        Its test patients.
    targets
        Targets of the workflow whose results are there and belong to it, `all` among them.
    """

    results: Path
    config: dict
    patients: list[str]
    targets: tuple[str, ...]

    @property
    def sequences(self) -> list[str]:
        """Names of the sequences, in the order of the network's channels."""
        return self.config["sequences"]

    @property
    def composites(self) -> list[str]:
        """Identifiers of the composites."""
        return [identifier(entry) for entry in self.config["relevance"]["composites"]]

    @property
    def confidence(self) -> float:
        """Confidence of the intervals."""
        return self.config["summary"]["confidence"]

    @property
    def fewest_patients(self) -> int:
        """Fewest patients of whom there are intervals."""
        return fewest_patients(1 - self.confidence)

    @property
    def intervals(self) -> dict:
        """How intervals are computed: section `summary` of the configuration, with the seed."""
        return self.config["summary"] | {"seed": self.config["seed"]}

    @cached_property
    def regions(self) -> dict[str, str]:
        """What paths of a region have, and the region's name."""
        return region_folders(read_segmentation(self.config["segmentation"]))

    @property
    def fewer_members(self) -> bool:
        """Whether some members of a network from elsewhere were explained in place of all."""
        return explains_fewer_members(self.config)

    @property
    def steps(self) -> list[Entry]:
        """Steps of the catalogue that made the tables of this study."""
        return [
            step
            for step in TABLES.values()
            if step.target in self.targets and step.is_made(self.fewer_members)
        ]

    @cached_property
    def record(self) -> dict:
        """Where the results come from."""
        return read_json(self.results / "provenance.json")

    def table(self, name: str, region: str) -> pd.DataFrame:
        """Rows of a table of the cohort that belong to a region, given by its name."""
        table = read_table(self.results / f"summary/{name}.tsv")
        return of_region(table, region) if REGION_NAME in table.columns else table

    def shares(self, region: str) -> pd.DataFrame:
        """Shares of a region, with the intervals for which there are enough patients."""
        return known_intervals(self.table("intervals", region), self.confidence)

    def selection(self, region: str) -> pd.DataFrame | None:
        """Comparison of shorter protocols in a region; None if it was not made."""
        if "select" not in self.targets:
            return None
        return known_conclusions(self.table("selection", region), self.confidence)

    def verdict(self, region: str) -> str | None:
        """Conclusion of that comparison; None if it was not made."""
        if "select" not in self.targets:
            return None
        return self.table("selection_verdict", region)["verdict"].iloc[0]


def up_to_date(results: Path, comparison: str) -> bool:
    """Whether the tables of a comparison are newer than those of the study that it compares with.

    Others belong to an earlier study, and are left out of the page.
    """
    of_study = max((results / f"summary/{name}.tsv").stat().st_mtime for name in _COMPARED)
    tables = [
        results / table.file
        for step in TABLES.values()
        if step.target == comparison
        for table in step.tables
    ]
    return all(table.stat().st_mtime >= of_study for table in tables)
