"""mrelevance init: from a folder of images to a sample sheet and a configuration."""

import argparse
from pathlib import Path

from mrelevance.runtime.errors import InputError

HELP = "Recognise the images in a folder; write a sample sheet and a configuration for them."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of the images")


def run(options: argparse.Namespace) -> int:
    """Write sample sheet and configuration; the exit status.

    Raises
    ------
    InputError
        The folder is missing.
    """
    if not options.folder.is_dir():
        raise InputError(f"{options.folder} is not a folder; give the folder of your images")
    return 0
