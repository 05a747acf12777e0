"""Programs that keep files in the user's home folder, where that cannot be written."""

import os
import tempfile
from pathlib import Path

KEPT_IN_HOME = {
    "MPLCONFIGDIR": "matplotlib",
    "JUPYTER_DATA_DIR": "jupyter",
    "JUPYTER_CONFIG_DIR": "jupyter",
    "IPYTHONDIR": "ipython",
}
"""Variables that move the files of a program, and the names of the folders they get."""


def variables_without_home(folder: str | Path) -> dict[str, str]:
    """Environment variables that make programs keep their files below `folder`, not at home.

    There are none if the home folder can be written. Variables that are set already stay.
    """
    try:
        with tempfile.TemporaryFile(dir=Path.home()):
            return {}
    except (OSError, RuntimeError):  # Path.home() finds none
        place = Path(folder).absolute()
        return {
            variable: str(place / name)
            for variable, name in KEPT_IN_HOME.items()
            if variable not in os.environ
        }
