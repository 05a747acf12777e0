"""Are the results still those that were recorded?

python -m mrelevance.reporting.verify [results]
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from mrelevance.reporting.record import FURTHER_RECORDS, RECORD, result_files
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_json, sha256


@dataclass(frozen=True)
class Verification:
    """Paths of results by how they compare with their record."""

    same: list[str]
    changed: list[str]
    missing: list[str]
    new: list[str]

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not (self.changed or self.missing or self.new)


def newest_record(results: str | Path) -> tuple[Path, dict]:
    """The record that was written last, and its path; each lists all results there were.

    Raises
    ------
    InputError
        There is none.
    """
    results = Path(results)
    paths = [
        path
        for path in [results / RECORD, *sorted((results / FURTHER_RECORDS).glob("*.json"))]
        if path.is_file()
    ]
    if not paths:
        raise InputError(
            f"{results / RECORD} does not exist, so there is nothing to compare the results with; "
            "run make reproduce, which records them"
        )
    records = [(path, read_json(path)) for path in paths]
    return max(records, key=lambda item: item[1]["recorded"])


def verify(results: str | Path, record: dict) -> Verification:
    """Compare the results in a folder with their record, file by file."""
    results = Path(results)
    recorded, there = record["files"], result_files(results)
    kept = [path for path in there if path in recorded]
    same = [path for path in kept if sha256(results / path) == recorded[path]]
    return Verification(
        same=same,
        changed=sorted(set(kept) - set(same)),
        missing=sorted(set(recorded) - set(there)),
        new=sorted(set(there) - set(recorded)),
    )


def main(arguments: list[str] | None = None) -> int:
    """Print what differs; 0 if nothing does, 1 if something does, 2 if there is no record."""
    parser = argparse.ArgumentParser(
        prog="python -m mrelevance.reporting.verify", description=__doc__
    )
    parser.add_argument("results", nargs="?", default="results", help="folder of the results")
    results = Path(parser.parse_args(arguments).results)
    try:
        path, record = newest_record(results)
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    verification = verify(results, record)
    for what in ("changed", "missing", "new"):
        for file in getattr(verification, what):
            print(f"{what:8}{results / file}")
    print(
        f"{len(verification.same)} of {len(record['files'])} results are as recorded in {path} "
        f"on {record['recorded']}; {len(verification.changed)} changed, "
        f"{len(verification.missing)} missing, {len(verification.new)} new"
    )
    return 0 if verification.passed else 1


if __name__ == "__main__":
    sys.exit(main())
