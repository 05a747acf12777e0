"""The log of a workflow step, and how a step ends."""

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

from mrelevance.runtime.errors import InputError, StorageError
from mrelevance.runtime.files import check_writable, written_whole
from mrelevance.runtime.locks import be_alone

FORMAT = "%(asctime)s %(levelname)s %(message)s"


def write_error(path: str | Path, error: Exception) -> str:
    """Write the log of a step that ended with this error before it began; what the log says."""
    record = logging.LogRecord("mrelevance", logging.ERROR, "", 0, str(error), (), None)
    text = logging.Formatter(FORMAT).format(record)
    with written_whole(path) as beside:
        beside.write_text(f"{text}\n")
    return text


def log_to(path: str | Path) -> logging.Logger:
    """Send log messages to the file `path`, and warnings and errors also to the terminal.

    Bad input, a result that cannot be stored, and an interruption are reported in one line; any
    other exception with its traceback.

    The function also keeps steps off each other's files. This step ends when its Snakemake ends,
    and it first waits for the same step of an earlier run, if that is still running.

    Raises
    ------
    StorageError
        The folder of the log cannot be written.
    """
    _end_with(os.getppid())
    logging.captureWarnings(True)
    # On a full disk, logging itself fails; its own errors would hide the reason.
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
    be_alone(path)
    handler = logging.FileHandler(path, mode="w")
    handler.setFormatter(logging.Formatter(FORMAT))
    logging.getLogger().addHandler(handler)
    return logger


def _end_with(parent: int) -> None:
    """End this process as soon as `parent` is no longer its parent."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
