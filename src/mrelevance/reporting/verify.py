"""Compare results with the checksums that were recorded for them."""

from dataclasses import dataclass
from pathlib import Path

from mrelevance.reporting.record import FURTHER_RECORDS, RECORD, result_files
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_json, sha256


@dataclass(frozen=True)
class Verification:
    """Paths of results, grouped by how they compare with their record."""

    same: list[str]
    changed: list[str]
    missing: list[str]
    new: list[str]

    @property
    def passed(self) -> bool:
        """Whether every result is as recorded."""
        return not (self.changed or self.missing or self.new)


def newest_record(results: str | Path) -> tuple[Path, dict]:
    """Path and content of the newest record; each record lists all results of its time.

    Raises
    ------
    InputError
        There is no record.
    """
    results = Path(results)
    paths = [
        path
        for path in [results / RECORD, *sorted((results / FURTHER_RECORDS).glob("*.json"))]
        if path.is_file()
    ]
    if not paths:
        raise InputError(
            f"{results / RECORD} does not exist, so the results cannot be compared with a record; "
            "run make reproduce, which writes one"
        )
    records = [(path, read_json(path)) for path in paths]
    return max(records, key=lambda item: item[1]["recorded"])


def verify(results: str | Path, record: dict) -> Verification:
    """Compare the results in a folder with their record, file by file."""
    results = Path(results)
    recorded, found = record["files"], result_files(results)
    kept = [path for path in found if path in recorded]
    same = [path for path in kept if sha256(results / path) == recorded[path]]
    return Verification(
        same=same,
        changed=sorted(set(kept) - set(same)),
        missing=sorted(set(recorded) - set(found)),
        new=sorted(set(found) - set(recorded)),
    )
