"""Where a model or a cohort table comes from, as a JSON document beside it."""

import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from mrelevance import __version__
from mrelevance.runtime.files import sha256, write_json

# Where Apptainer, which was Singularity, says from which image a process runs.
IMAGE_VARIABLES = ("APPTAINER_CONTAINER", "SINGULARITY_CONTAINER")
# Tells a step in a container the commit of the code that it runs.
COMMIT_VARIABLE = "MRELEVANCE_COMMIT"
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
    "statsmodels",
    "snakemake",
)


def provenance(config: dict, inputs: Iterable[str | Path]) -> dict:
    """Describe how a result was made: code, versions, seed, configuration, hashes of its inputs."""
    image = running_image()
    return {
        "commit": commit(),
        "versions": versions_of(PACKAGES),
        "container": image.name if image else None,
        "seed": config["seed"],
        "configuration": config,
        "inputs_sha256": {str(path): sha256(path) for path in sorted(map(Path, inputs))},
    }


def write_beside(tables: Iterable[str | Path], config: dict, inputs: Iterable[str | Path]) -> None:
    """Write the provenance of each of `tables` beside it, as a `.json` file of the same name."""
    description = provenance(config, inputs)
    for table in tables:
        write_json(description, Path(table).with_suffix(".json"))


def running_image() -> Path | None:
    """Path on the host of the image that this process runs in; None outside of a container."""
    path = next((os.environ[name] for name in IMAGE_VARIABLES if os.environ.get(name)), None)
    return Path(path) if path else None


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Versions of Python and of packages; this one need not be installed to run."""
    return {"python": platform.python_version()} | {
        package: __version__ if package == "mrelevance" else version(package)
        for package in packages
    }


def commit(folder: Path = Path(__file__).parent) -> str | None:
    """Commit of the code in a folder, `-dirty` if changed since; None outside a git repository.

    In a container, which has neither git nor always the whole repository, the workflow gives it.
    """
    if COMMIT_VARIABLE in os.environ:
        return os.environ[COMMIT_VARIABLE] or None
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return answer.stdout.strip() or None
