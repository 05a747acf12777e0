"""Writing files whole, and tables as tab-separated text.

Only what handles tables needs pandas, and imports it itself: Snakemake, too, reads files here,
where nothing else need be installed.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a place beside `path` to write to, renamed to `path` when the block succeeds.

    An interruption leaves no half-written file under the final name.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffixes stay, because writers choose the format by them.
    beside = path.with_name(f".writing-{path.name}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a tidy table as tab-separated text; numbers with 9 significant digits."""
    with written_whole(path) as beside:
        table.to_csv(beside, sep="\t", index=False, float_format="%.9g", na_rep="NA")


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table that `write_table` wrote; patient and sequence names stay text."""
    import pandas as pd

    return pd.read_csv(
        path,
        sep="\t",
        dtype={"patient": str, "sequence": str},
        na_values=["NA"],
        keep_default_na=False,
    )


def read_tables(paths: list[str | Path]) -> pd.DataFrame:
    """Read and stack the tables of several patients."""
    import pandas as pd

    return pd.concat([read_table(path) for path in paths], ignore_index=True)


def read_rows(path: str | Path) -> list[dict[str, str]]:
    """Read the rows of a table that `write_table` wrote, all cells as text."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def write_json(content: dict, path: str | Path) -> None:
    """Write a JSON document, keys in the order given."""
    with written_whole(path) as beside:
        beside.write_text(json.dumps(content, indent=2) + "\n")


def read_json(path: str | Path) -> dict:
    """Read a JSON document."""
    return json.loads(Path(path).read_text())


def sha256(path: str | Path) -> str:
    """SHA-256 checksum of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
