"""What code runs: the commit, the versions of packages, the container image.

Uses only the standard library: Snakemake's own environment has no other packages of the project.
"""

import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from mrelevance import __version__

PROJECT = Path(__file__).parents[3]
"""Folder of the project, if the package is run from a checkout of it."""

# Apptainer sets this to the path of the image that a process runs in.
IMAGE_VARIABLE = "APPTAINER_CONTAINER"
# Passes the commit of the code to the steps in a container.
COMMIT_VARIABLE = "MRELEVANCE_COMMIT"
# Packages whose version may change a result.
PACKAGES = (
    "mrelevance",
    "torch",
    "monai",
    "SimpleITK",
    "nibabel",
    "dcmri",
    "captum",
    "numpy",
    "scipy",
    "pandas",
    "snakemake",
)


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Versions of Python and of packages; mrelevance itself need not be installed.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        Another package is not installed.
    """
    return {"python": platform.python_version()} | {
        package: __version__ if package == "mrelevance" else version(package)
        for package in packages
    }


def commit(project: Path = PROJECT) -> str | None:
    """Commit of the project's own repository; None if it has none, as in a download.

    It ends in `-dirty` if the code has changed since. A repository that merely encloses the
    project's folder is another one. Containers have no git, so the workflow passes the commit to
    them in an environment variable.
    """
    if COMMIT_VARIABLE in os.environ:
        return os.environ[COMMIT_VARIABLE] or None
    top = _git(project, "rev-parse", "--show-toplevel")
    if not top or not Path(top).samefile(project):
        return None
    return _git(project, "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")


def _git(folder: Path, *arguments: str) -> str | None:
    """What a git command says in a folder; None if it fails, or there is no git."""
    try:
        answer = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def running_image() -> Path | None:
    """Path on the host of the image that this process runs in; None outside a container."""
    path = os.environ.get(IMAGE_VARIABLE)
    return Path(path) if path else None
