"""Writing files whole, and tables as tab-separated text.

Only what handles tables needs pandas, and imports it itself: Snakemake, too, reads files here,
where nothing else need be installed.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from mrelevance.runtime.errors import StorageError

if TYPE_CHECKING:
    import pandas as pd

ADVICE = {
    errno.ENOSPC: "make room on this disk, then run again",
    errno.EDQUOT: "your quota on this disk is used up; make room, then run again",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), then run again",
    **dict.fromkeys(
        (errno.EROFS, errno.EACCES, errno.EPERM),
        "make the folder writable or choose another with --directory, then run again",
    ),
}
"""What to do when the system refuses to store a file, for each of its reasons."""

UNFINISHED = ".writing-"
"""What the names of files begin with until they are whole."""

PROBE_BYTES = 2**20
"""More than what is left on a disk that a writer has found full."""


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a place beside `path` to write a file or folder to, renamed when the block succeeds.

    An interruption leaves nothing half-written under the final name. A folder replaces what was
    there.

    Raises
    ------
    StorageError
        The disk is full, the folder read-only, or the system refuses for a like reason.
    """
    path = Path(path)
    # The suffixes stay, because writers choose the format by them.
    beside = path.with_name(f"{UNFINISHED}{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(beside)
        yield beside
        if beside.is_dir():
            _remove(path)
        beside.replace(path)
    except Exception as error:
        # Libraries have errors of their own for a full disk.
        reason = error if isinstance(error, OSError) else _refusal(beside)
        if reason is None or reason.errno not in ADVICE or isinstance(error, StorageError):
            raise
        # In a folder that is itself unfinished, the file is named by its place to be.
        place = str(path).replace(UNFINISHED, "")
        raise StorageError(
            f"{place} cannot be written: {reason.strerror}; {ADVICE[reason.errno]}"
        ) from error
    finally:
        _remove(beside)


def check_writable(folder: str | Path) -> None:
    """Check that files can be made in a folder.

    Raises
    ------
    StorageError
        They cannot.
    """
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StorageError(
            f"folder {Path(folder).resolve()} cannot be written: {error.strerror}; "
            f"{ADVICE.get(error.errno, 'choose another with --directory')}"
        ) from error


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)


def _refusal(path: Path) -> OSError | None:
    """Why nothing more can be stored in a file; None if something can."""
    try:
        with open(path, "ab") as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


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
