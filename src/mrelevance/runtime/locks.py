"""Who is at work in a folder, so that a run that died does not lock it for ever.

Snakemake locks a folder by leaving files in it, which stay when it is killed. The system's own
locks go with the process that holds them: a run, or a step of it, that holds one is alive.
"""

import fcntl
import logging
import os
import platform
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)

MARK = "running"

AT_WORK = Path(".snakemake/at_work")
"""Folder of the files that steps at work have locked; they stay, so that others can find them."""

HELD: list[IO] = []
"""Files whose locks this process keeps until it ends."""


def try_lock(file: IO, kind: int, wait: bool = False) -> bool | None:
    """Take the system's lock of an open file: False if others hold it, None if there are no locks.

    `kind` is `fcntl.LOCK_EX`, for one process alone, or `fcntl.LOCK_SH`, for several. Some network
    file systems know no locks.
    """
    try:
        fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def be_alone(log: str | Path) -> None:
    """Wait until no other step with this log is at work, and keep others waiting until the end.

    The log itself cannot be locked for that: Snakemake deletes it before it starts a step.
    """
    AT_WORK.mkdir(parents=True, exist_ok=True)
    file = open(AT_WORK / str(log).replace(os.sep, "_"), "a+")  # to stay open
    if try_lock(file, fcntl.LOCK_EX) is False:
        logger.warning(
            "waiting until the same step of an interrupted run, still at work, has ended"
        )
        try_lock(file, fcntl.LOCK_EX, wait=True)
    HELD.append(file)


def mark_running(folder: str | Path) -> None:
    """Hold a mark in Snakemake's folder until this process ends, in whatever way.

    Several runs may hold it, as Snakemake lets them if they do not share files.
    """
    # To stay open; for reading as well, without which network file systems give no shared lock.
    file = open(Path(folder) / MARK, "a+")
    try_lock(file, fcntl.LOCK_SH, wait=True)
    file.truncate(0)
    file.write(platform.node())
    file.flush()
    HELD.append(file)


def remove_stale_lock(folder: str | Path) -> bool:
    """Remove Snakemake's lock from its folder if the run that left it is dead; whether it did.

    It is dead if nobody holds its mark. The lock stays where that is not certain: if it is younger
    than the mark, or the mark is of another machine, whose locks may not be seen from here.
    """
    folder = Path(folder)
    mark, locks = folder / MARK, list((folder / "locks").glob("*.lock"))
    if not locks or not mark.exists():
        return False
    # Open for writing, without which network file systems give no lock for one alone.
    with open(mark, "r+") as file:
        if not try_lock(file, fcntl.LOCK_EX) or file.read() != platform.node():
            return False
        try:
            if max(lock.stat().st_mtime for lock in locks) > mark.stat().st_mtime:
                return False
            for lock in locks:
                lock.unlink()
        except FileNotFoundError:
            # A run that ended, or found the same, was faster.
            return False
    return True
