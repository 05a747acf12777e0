"""Where a step of the workflow reports what it does."""

import logging
import sys
from pathlib import Path

from mrelevance.errors import InputError


def log_to(path: str | Path) -> logging.Logger:
    """Send log messages to `path` and to the terminal; end bad input with its one line.

    Any other exception keeps its traceback.
    """
    logging.captureWarnings(True)
    file = logging.FileHandler(path, mode="w")
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        handlers=[file, terminal],
        force=True,
    )
    logger = logging.getLogger("mrelevance")

    def report(kind, error, trace):
        if issubclass(kind, InputError):
            logger.error("%s", error)
        else:
            logger.error("failed", exc_info=(kind, error, trace))

    sys.excepthook = report
    return logger
