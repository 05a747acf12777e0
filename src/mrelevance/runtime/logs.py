"""Where a step of the workflow reports what it does, and how it ends."""

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

from mrelevance.runtime.errors import InputError, StorageError
from mrelevance.runtime.files import check_writable
from mrelevance.runtime.locks import be_alone

FORMAT = "%(asctime)s %(levelname)s %(message)s"


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
    be_alone(path)
    handler = logging.FileHandler(path, mode="w")
    handler.setFormatter(logging.Formatter(FORMAT))
    logging.getLogger().addHandler(handler)
    return logger


def _end_with(parent: int) -> None:
    """End this process as soon as it is no longer a child of `parent`."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
