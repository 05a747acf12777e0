"""Locks that end with the process that holds them.

Snakemake locks a folder by writing files, which remain if Snakemake is killed. The kernel releases
its locks (flock) when a process ends, so they tell whether a run or a step is still alive.
"""

import fcntl
import logging
import os
import platform
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)

MARK = "running"
"""Name of the file in Snakemake's folder that running instances of Snakemake lock."""

AT_WORK = Path(".snakemake/at_work")
"""Folder of the files that running steps lock; they are kept, so that other steps can test them."""

HELD: list[IO] = []
"""Files that stay open, and locked, until this process ends."""


def try_lock(file: IO, kind: int, wait: bool = False) -> bool | None:
    """Lock an open file; False if another process holds it, None if locks are not supported.

    `kind` is `fcntl.LOCK_EX` (exclusive) or `fcntl.LOCK_SH` (shared). Some network file systems
    do not support locks.
    """
    try:
        fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def be_alone(log: str | Path) -> None:
    """Wait until no other step with this log is running; then keep others waiting until the end.

    The log itself cannot be locked: Snakemake deletes it before it starts a step.
    """
    AT_WORK.mkdir(parents=True, exist_ok=True)
    file = open(AT_WORK / str(log).replace(os.sep, "_"), "a+")  # stays open
    if try_lock(file, fcntl.LOCK_EX) is False:
        logger.warning("waiting until the same step of an interrupted run has ended")
        try_lock(file, fcntl.LOCK_EX, wait=True)
    HELD.append(file)


def mark_running(folder: str | Path) -> None:
    """Hold the mark in Snakemake's folder until this process ends, however it ends.

    Several runs may hold the mark at once: Snakemake allows them if they write different files.
    """
    # Stays open. Network file systems grant a shared lock only on a file opened for reading.
    file = open(Path(folder) / MARK, "a+")
    try_lock(file, fcntl.LOCK_SH, wait=True)
    file.truncate(0)
    file.write(platform.node())
    file.flush()
    HELD.append(file)


def remove_stale_lock(folder: str | Path) -> bool:
    """Remove Snakemake's lock if the run that left it has died; True if it was removed.

    The run has died if no process holds the mark. The lock stays where that is uncertain: if it is
    newer than the mark, or if the mark comes from another machine, whose locks may not be visible
    here.
    """
    folder = Path(folder)
    mark, locks = folder / MARK, list((folder / "locks").glob("*.lock"))
    if not locks or not mark.exists():
        return False
    # Network file systems grant an exclusive lock only on a file opened for writing.
    with open(mark, "r+") as file:
        if not try_lock(file, fcntl.LOCK_EX) or file.read() != platform.node():
            return False
        try:
            if max(lock.stat().st_mtime for lock in locks) > mark.stat().st_mtime:
                return False
            for lock in locks:
                lock.unlink()
        except FileNotFoundError:
            # Another run has ended or has removed the same lock meanwhile.
            return False
    return True
