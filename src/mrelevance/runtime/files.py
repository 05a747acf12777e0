"""Writing complete files, and reading and writing tables, JSON and checksums.

pandas is imported only inside the functions that need it, because Snakemake's own environment,
which reads rows and JSON here, has no pandas.
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
"""Advice for each reason for which the system refuses to store a file."""

UNFINISHED = ".writing-"
"""Prefix of the names of files that are not complete yet."""

PROBE_BYTES = 2**20
"""Size of a trial write: more than the space left on a disk that a writer has found full."""


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` if the block succeeds.

    The block writes a file or a folder to the temporary path, so an interruption never leaves an
    incomplete one under the final name. A folder replaces the earlier folder and all its files.

    Raises
    ------
    StorageError
        The disk is full, the quota used up, the file too large, or the folder not writable.
    """
    path = Path(path)
    # Keep the suffixes: writers choose the format by them.
    beside = path.with_name(f"{UNFINISHED}{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(beside)
        yield beside
        if beside.is_dir():
            _remove(path)
        beside.replace(path)
    except Exception as error:
        # Some libraries raise errors of their own when the disk is full.
        reason = error if isinstance(error, OSError) else _refusal(beside)
        if reason is None or reason.errno not in ADVICE or isinstance(error, StorageError):
            raise
        # In a folder that is itself temporary, name the file by its final path.
        place = str(path).replace(UNFINISHED, "")
        raise StorageError(
            f"{place} cannot be written: {reason.strerror}; {ADVICE[reason.errno]}"
        ) from error
    finally:
        _remove(beside)


def check_writable(folder: str | Path) -> None:
    """Check that files can be created in a folder.

    Raises
    ------
    StorageError
        The system refuses.
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
    """Try to append to a file: the system's error, or None if it succeeds."""
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
    """SHA-256 checksum of a file, in hexadecimal; of a folder, that of all its names and files."""
    if Path(path).is_dir():
        files = sorted(file for file in Path(path).rglob("*") if file.is_file())
        lines = [f"{sha256(file)}  {file.relative_to(path).as_posix()}\n" for file in files]
        return hashlib.sha256("".join(lines).encode()).hexdigest()
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
