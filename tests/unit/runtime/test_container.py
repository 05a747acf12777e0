"""The image is named after its recipe, and steps inside run the code of the checkout."""

import re
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from mrelevance.runtime import container
from mrelevance.runtime.definition import definition
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.home import KEPT_IN_HOME

ROOT = Path(__file__).parents[3]
RECIPE = (ROOT / "envs/Containerfile").read_text()


@pytest.fixture
def project(tmp_path):
    """A project with the ingredients of the image but without the image."""
    (tmp_path / "envs").mkdir()
    for name in container.INGREDIENTS:
        shutil.copy(ROOT / "envs" / name, tmp_path / "envs")
    return tmp_path


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Puts fake programs on PATH that record how they were called."""
    folder, calls = tmp_path / "programs", tmp_path / "calls"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    which = shutil.which
    own = str(folder)
    monkeypatch.setattr(container.shutil, "which", lambda name: which(name, path=own))

    def provide(name, script=""):
        program = folder / name
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> {calls}\n{script}\n')
        program.chmod(0o755)

    provide.calls = lambda: calls.read_text().splitlines() if calls.exists() else []
    return provide


def test_name_holds_the_hash_of_every_ingredient(project):
    first = container.image_path(project)
    assert re.fullmatch(r"mrelevance-[0-9a-f]{16}\.sif", first.name)
    assert first.parent == project / "envs"
    assert first.name == container.image_path(ROOT).name, "the folder does not count"
    names = {first.name}
    for ingredient in container.INGREDIENTS:
        with open(project / "envs" / ingredient, "a") as file:
            file.write("# another\n")
        names.add(container.image_path(project).name)
    assert len(names) == 1 + len(container.INGREDIENTS)


def test_every_file_that_the_recipe_copies_is_an_ingredient():
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", RECIPE, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert names | {"Containerfile"} == set(container.INGREDIENTS)
    let_pass = re.findall(r"^!(.+)$", (ROOT / "envs/.dockerignore").read_text(), re.MULTILINE)
    assert set(let_pass) == names


def test_a_container_that_was_not_built_gives_one_line(project):
    image = container.image_path(project)
    with pytest.raises(InputError, match="does not exist; build it with make container") as error:
        container.check_image(image)
    assert "\n" not in str(error.value)
    image.touch()
    container.check_image(image)


def test_steps_inside_see_the_checkout_and_its_code(monkeypatch, tmp_path):
    monkeypatch.setenv("APPTAINER_BIND", "/scratch:/scratch:ro")
    found = container.variables_inside(Path("/project"), "abc", [Path("/data"), Path("/project")])
    assert found["APPTAINER_BIND"] == "/scratch:/scratch:ro,/project,/data"
    assert found["APPTAINERENV_PYTHONPATH"] == "/project/src"
    assert found["APPTAINERENV_MRELEVANCE_COMMIT"] == "abc"
    for variable in KEPT_IN_HOME:
        assert Path(".snakemake").absolute() in Path(found[f"APPTAINERENV_{variable}"]).parents
    # A job of Snakemake reads the workflow again, with these variables already set.
    monkeypatch.setenv("APPTAINER_BIND", found["APPTAINER_BIND"])
    again = container.variables_inside(Path("/project"), None, [Path("/data")])
    assert again["APPTAINER_BIND"] == found["APPTAINER_BIND"]
    assert again["APPTAINERENV_MRELEVANCE_COMMIT"] == ""
    with pytest.raises(InputError, match="a,b cannot be mounted in a container"):
        container.variables_inside(Path("/project"), None, [Path("/data/a,b")])


APPTAINER = 'test "$1" != build || : > "$2"'


def test_podman_is_used_if_docker_does_not_answer(project, programs):
    programs("docker", "exit 1")
    programs("podman")
    programs("apptainer", APPTAINER)
    image = container.build(project)
    assert image == container.image_path(project) and image.is_file()
    used = [call.split()[:2] for call in programs.calls()]
    assert used == [
        ["docker", "info"],
        ["podman", "info"],
        ["podman", "build"],
        ["podman", "save"],
        ["apptainer", "build"],
    ]
    assert " docker-archive:" in programs.calls()[-1]
    assert not list(project.glob("envs/.building-*"))


def test_apptainer_builds_alone_without_docker_and_podman(project, programs):
    programs("apptainer", f"{APPTAINER}; cp $3 {project}/used.def")
    assert container.build(project).is_file()
    assert (project / "used.def").read_text() == definition(RECIPE)


def test_a_build_that_fails_leaves_nothing(project, programs):
    programs("apptainer", f"{APPTAINER}; exit 1")
    with pytest.raises(subprocess.CalledProcessError):
        container.build(project)
    assert {path.name for path in (project / "envs").iterdir()} == set(container.INGREDIENTS)


def test_without_apptainer_there_is_no_container(project, programs):
    programs("docker")
    with pytest.raises(InputError, match="apptainer is not installed"):
        container.build(project)


def test_folders_of_the_host_are_kept_out_of_the_search_path(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = list(sys.path)
    spec = spec_from_file_location("keep_host_out", ROOT / "envs/keep_host_out.py")
    spec.loader.exec_module(module_from_spec(spec))
    sys.path.extend(["/mnt/snakemake_searchpaths/item_0", "/project/workflow/scripts"])
    assert list(sys.path) == [*before, "/project/workflow/scripts"]
