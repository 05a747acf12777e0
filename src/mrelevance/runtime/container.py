"""The container image that steps run in: its name, its recipe, and how a step finds its files.

python -m mrelevance.runtime.container [--path]

builds the image of this checkout unless it is there, or prints its path.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.versions import COMMIT_VARIABLE

PROJECT = Path(__file__).parents[3]
RECIPE = "Containerfile"
# All that the image is built from; another content of one of them is another image.
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
        It has not.
    """
    if not image.is_file():
        raise InputError(f"the container {image} does not exist; build it with make container")


def variables_inside(project: Path, commit: str | None, folders: Iterable[Path]) -> dict[str, str]:
    """Environment variables of Apptainer with which steps run the code of a checkout.

    `folders` are to be seen inside, at the paths that they have outside, beside the project's own;
    those that the user has bound by APPTAINER_BIND stay.

    Raises
    ------
    InputError
        A path cannot be bound, because Apptainer's lists of paths are divided by commas and colons.
    """
    paths = [str(Path(folder).absolute()) for folder in (project, *folders)]
    for path in paths:
        if "," in path or ":" in path:
            raise InputError(
                f"the folder {path} cannot be seen in a container; rename it without , :"
            )
    own = [bound for bound in os.environ.get("APPTAINER_BIND", "").split(",") if bound]
    return {
        "APPTAINER_BIND": ",".join(dict.fromkeys([*own, *paths])),
        # Replaces that of the host, whose packages have no place inside.
        "APPTAINERENV_PYTHONPATH": str(project / "src"),
        f"APPTAINERENV_{COMMIT_VARIABLE}": commit or "",
        # The home folder is that of the results while Snakemake runs a step; it stays clean.
        "APPTAINERENV_MPLCONFIGDIR": str(Path(".snakemake/matplotlib").absolute()),
        "APPTAINERENV_JUPYTER_DATA_DIR": str(Path(".snakemake/jupyter").absolute()),
        "APPTAINERENV_JUPYTER_CONFIG_DIR": str(Path(".snakemake/jupyter").absolute()),
    }


def definition(recipe: str) -> str:
    """The same recipe as a definition file, which Apptainer builds from without other programs.

    Users do not matter to Apptainer, whose steps run as whoever calls it.

    Raises
    ------
    ValueError
        The recipe has an instruction that is not translated here.
    """
    stages = []
    without_comments = re.sub(r"^\s*#.*\n", "", recipe, flags=re.MULTILINE)
    for line in re.sub(r"\s*\\\n\s*", " ", without_comments).splitlines():
        if not line.strip():
            continue
        instruction, rest = line.split(maxsplit=1)
        if instruction == "FROM":
            image, _, stage = rest.partition(" AS ")
            stages.append({"header": _header(image, stage), "files": "", "post": [], "values": []})
        elif instruction == "COPY":
            stages[-1]["files"] += _files(rest)
        elif instruction == "RUN":
            stages[-1]["post"].append(rest)
        elif instruction == "ENV":
            stages[-1]["post"].append(f"export {rest}")
            stages[-1]["values"].append(f"export {rest}")
        elif instruction != "USER":
            raise ValueError(
                f"{RECIPE}: cannot translate {instruction}; teach mrelevance.runtime.container"
            )
    return "\n".join(
        stage["header"]
        + stage["files"]
        + _section("post", stage["post"])
        + _section("environment", stage["values"])
        for stage in stages
    )


def _header(image: str, stage: str) -> str:
    header = f"Bootstrap: docker\nFrom: {image}\n"
    return f"{header}Stage: {stage}\n" if stage else header


def _files(arguments: str) -> str:
    *sources, target = arguments.split()
    origin = ""
    if sources[0].startswith("--from="):
        origin = f" from {sources.pop(0).removeprefix('--from=')}"
    return _section(f"files{origin}", [f"{source} {target}" for source in sources])


def _section(name: str, lines: list[str]) -> str:
    return "".join([f"\n%{name}\n", *(f"    {line}\n" for line in lines)]) if lines else ""


def build(project: Path = PROJECT) -> Path:
    """Build the image of a checkout with docker, podman or Apptainer alone, in this order.

    Whichever it is, Apptainer makes its file, which appears when it is whole.

    Raises
    ------
    InputError
        Apptainer is not installed.
    subprocess.CalledProcessError
        A program failed; what it said is on the terminal.
    """
    image = image_path(project)
    if not shutil.which("apptainer"):
        raise InputError(
            "apptainer is not installed, which makes the container's file and runs the steps in "
            "it; see docs/containers.md"
        )
    engine = next((name for name in ("docker", "podman") if _works(name)), None)
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
        whole = Path(folder, image.name)
        _run(["apptainer", "build", whole, source], envs)
        whole.rename(image)
    return image


def _works(engine: str) -> bool:
    """Whether a program to build images is installed and answers; docker needs a daemon."""
    if not shutil.which(engine):
        return False
    return subprocess.run([engine, "info"], capture_output=True, check=False).returncode == 0


def _run(command: list[str | Path], folder: Path) -> None:
    print(*command, flush=True)
    subprocess.run(command, cwd=folder, check=True)


def main(arguments: list[str] | None = None) -> int:
    """Build the image or print its path; 0 if it is there afterwards, 1 if not."""
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
        print(f"Error: {error.cmd[0]} failed; what it said is above", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
