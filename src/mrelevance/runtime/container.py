"""The container image that steps run in.

python -m mrelevance.runtime.container [--path]

builds the image of this checkout unless it exists, or prints its path.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mrelevance.runtime.definition import definition
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.home import KEPT_IN_HOME
from mrelevance.runtime.versions import COMMIT_VARIABLE

PROJECT = Path(__file__).parents[3]
RECIPE = "Containerfile"
# Everything that the image is built from; a change of any of these files gives another image.
INGREDIENTS = (RECIPE, "requirements.txt", "keep_host_out.py", "keep_host_out.pth")


def image_path(project: Path = PROJECT) -> Path:
    """Path of the image that belongs to a checkout; its name holds the hash of the ingredients."""
    digest = hashlib.sha256()
    for name in INGREDIENTS:
        content = (project / "envs" / name).read_bytes()
        digest.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return project / "envs" / f"mrelevance-{digest.hexdigest()[:16]}.sif"


def check_image(image: Path) -> None:
    """Check that the image of the checkout has been built.

    Raises
    ------
    InputError
        The image does not exist.
    """
    if not image.is_file():
        raise InputError(f"the container {image} does not exist; build it with make container")


def variables_inside(project: Path, commit: str | None, folders: Iterable[Path]) -> dict[str, str]:
    """Environment variables with which Apptainer runs the code of a checkout.

    The project and `folders` are mounted in the container at the paths that they have outside.
    Folders that the user has listed in APPTAINER_BIND stay mounted.

    Raises
    ------
    InputError
        A path contains a comma or a colon, which separate the paths in APPTAINER_BIND.
    """
    paths = [str(Path(folder).absolute()) for folder in (project, *folders)]
    for path in paths:
        if "," in path or ":" in path:
            raise InputError(
                f"the folder {path} cannot be mounted in a container; "
                "rename it without commas and colons"
            )
    own = [bound for bound in os.environ.get("APPTAINER_BIND", "").split(",") if bound]
    return {
        "APPTAINER_BIND": ",".join(dict.fromkeys([*own, *paths])),
        # Replaces the host's PYTHONPATH, whose packages must not be found in the container.
        "APPTAINERENV_PYTHONPATH": str(project / "src"),
        f"APPTAINERENV_{COMMIT_VARIABLE}": commit or "",
        # Snakemake makes the folder of the results the home folder of its steps. These programs
        # would write their settings there.
        **{
            f"APPTAINERENV_{variable}": str(Path(".snakemake", name).absolute())
            for variable, name in KEPT_IN_HOME.items()
        },
    }


def build(project: Path = PROJECT) -> Path:
    """Build the image of a checkout, with docker or podman if one answers, else with Apptainer.

    Apptainer writes the image file in each case. The file gets its name when it is complete.

    Raises
    ------
    InputError
        Apptainer is not installed.
    subprocess.CalledProcessError
        A program failed; its messages are on the terminal.
    """
    image = image_path(project)
    if not shutil.which("apptainer"):
        raise InputError(
            "apptainer is not installed; it writes the image file and runs the steps, see "
            "docs/containers.md"
        )
    engine = next((name for name in ("docker", "podman") if _answers(name)), None)
    envs = image.parent
    with tempfile.TemporaryDirectory(prefix=".building-", dir=envs) as folder:
        archive, recipe = Path(folder, "image.tar"), Path(folder, "container.def")
        if engine:
            tag = f"localhost/mrelevance:{image.stem.removeprefix('mrelevance-')}"
            _run([engine, "build", "--file", envs / RECIPE, "--tag", tag, envs], envs)
            _run([engine, "save", "--output", archive, tag], envs)
            source = f"docker-archive:{archive}"
        else:
            recipe.write_text(definition((envs / RECIPE).read_text()))
            source = str(recipe)
        complete = Path(folder, image.name)
        _run(["apptainer", "build", complete, source], envs)
        complete.rename(image)
    return image


def _answers(engine: str) -> bool:
    """Whether a program that builds images is installed and works; docker needs its daemon."""
    if not shutil.which(engine):
        return False
    return subprocess.run([engine, "info"], capture_output=True, check=False).returncode == 0


def _run(command: list[str | Path], folder: Path) -> None:
    print(*command, flush=True)
    subprocess.run(command, cwd=folder, check=True)


def main(arguments: list[str] | None = None) -> int:
    """Build the image or print its path; 0 on success, 1 on failure."""
    parser = argparse.ArgumentParser(
        prog="python -m mrelevance.runtime.container", description=__doc__
    )
    parser.add_argument("--path", action="store_true", help="only print the path of the image")
    image = image_path()
    if parser.parse_args(arguments).path:
        print(image)
        return 0
    if image.is_file():
        print(f"{image} is up to date.")
        return 0
    try:
        print(f"Built {build()}")
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"Error: {error.cmd[0]} failed; see its messages above", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
