"""Folders of configurations; tests/unit/test_make.py compares them with those of make."""

from pathlib import Path

import pytest

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.study_folder import check_folder, folder_of

DEFAULT = "config/config.yaml"


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "l'été à ü"
    (folder / "config").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("path", [DEFAULT, f"./{DEFAULT}", "config/../config/config.yaml"])
def test_the_default_configuration_runs_in_the_folder_of_the_project(project, path):
    assert folder_of(path, project) == "."
    check_folder([path, project / path], project)
    check_folder([], project)


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("config/quick.yaml", "runs/quick"),
        ("config/mine/quick.yaml", "runs/config/mine/quick.yaml"),
        ("config/quick.yml", "runs/config/quick.yml"),
        ("quick.yaml", "runs/quick.yaml"),
        ("/home/me/config/config.yaml", "runs/home/me/config/config.yaml"),
    ],
)
def test_another_configuration_is_refused_there_with_a_folder_of_its_own(project, path, folder):
    with pytest.raises(InputError) as raised:
        check_folder([DEFAULT, path], project)
    (line,) = str(raised.value).splitlines()
    assert line == (
        f"{path}: results here are those of config/config.yaml; give this configuration a folder "
        f"of its own with --directory {folder}, or run make CONFIG={path}"
    )


def test_paths_can_be_pasted_into_a_shell(project):
    with pytest.raises(InputError) as raised:
        check_folder(["l'été/ma config.yaml"], project)
    assert """--directory 'runs/l'"'"'été/ma config.yaml',""" in str(raised.value)


def test_elsewhere_every_configuration_may_run(project, monkeypatch):
    folder = Path("runs/quick")
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    check_folder(["../../config/quick.yaml"], project)
