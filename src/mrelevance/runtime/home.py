"""Where programs that jobs start are found, and where they keep their files."""

import os
import sys
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


def find_programs_beside_python() -> None:
    """Let jobs find programs beside this Python.

    They do so if its environment was activated, but not if a program of it was called by its path.
    """
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    os.environ["PATH"] = os.pathsep.join(folders)
