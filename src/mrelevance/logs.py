"""Where a step of the workflow reports what it does, and how it ends."""

import fcntl
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

from mrelevance.errors import InputError, StorageError
from mrelevance.files import check_writable
from mrelevance.running import HELD, try_lock

FORMAT = "%(asctime)s %(levelname)s %(message)s"

AT_WORK = Path(".snakemake/at_work")
"""Folder of the files that steps at work have locked; they stay, so that others can find them."""


def log_to(path: str | Path) -> logging.Logger:
    """Send log messages to `path` and to the terminal; end bad input with its one line.

    So ends what cannot be stored, and an interruption; any other exception keeps its traceback.

    The log also makes sure that a step is alone: it ends when Snakemake does, however that came
    to its end, and waits for one of an earlier run that is still at work on the same files.
    """
    _end_with(os.getppid())
    logging.captureWarnings(True)
    # On a full disk the log fails too, and would bury the reason under its own errors.
    logging.raiseExceptions = False
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    logging.basicConfig(
        level=logging.INFO,
        format=FORMAT,
        handlers=[terminal],
        force=True,
    )
    logger = logging.getLogger("mrelevance")

    def report(kind, error, trace):
        if issubclass(kind, InputError | StorageError):
            logger.error("%s", error)
        elif issubclass(kind, KeyboardInterrupt):
            logger.error("interrupted")
        else:
            logger.error("failed", exc_info=(kind, error, trace))

    sys.excepthook = report
    check_writable(Path(path).parent)
    _be_alone(path, logger)
    handler = logging.FileHandler(path, mode="w")
    handler.setFormatter(logging.Formatter(FORMAT))
    logging.getLogger().addHandler(handler)
    return logger


def _be_alone(path: str | Path, logger: logging.Logger) -> None:
    """Wait until no other step with this log is at work, and keep others waiting until the end.

    The log itself cannot be locked for that: Snakemake deletes it before it starts a step.
    """
    AT_WORK.mkdir(parents=True, exist_ok=True)
    file = open(AT_WORK / str(path).replace(os.sep, "_"), "a+")  # to stay open
    if try_lock(file, fcntl.LOCK_EX) is False:
        logger.warning(
            "waiting until the same step of an interrupted run, still at work, has ended"
        )
        try_lock(file, fcntl.LOCK_EX, wait=True)
    HELD.append(file)


def _end_with(parent: int) -> None:
    """End this process as soon as it is no longer a child of `parent`."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
