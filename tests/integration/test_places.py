"""Project, environment, configuration and images may lie in folders of any name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TINY

pytestmark = pytest.mark.workflow

NAME = "Größe d'un projet"


@pytest.fixture
def environment(tmp_path):
    """The environment of the tests, seen from a folder whose name has to be quoted."""
    folder = tmp_path / f"{NAME}, .venv"
    folder.mkdir()
    for entry in Path(sys.prefix).iterdir():
        (folder / entry.name).symlink_to(entry)
    return folder


def test_snakemake_called_by_its_path_runs_steps_in_folders_of_any_name(
    fresh_project, environment, tmp_path
):
    project = fresh_project.copy(tmp_path / NAME)
    configuration = tmp_path / "l'été" / "ma config à moi.yaml"
    configuration.parent.mkdir()
    configuration.write_text((project.folder / TINY).read_text())
    data = f"{tmp_path}/images d'ici"
    done = subprocess.run(
        [
            *(environment / "bin/python", "-m", "snakemake", "results/raw/T1/label.nii.gz"),
            *("--cores", "2", "--directory", "runs/l'été", "--configfile", configuration),
            *("--config", f'cohort={{data: "{data}"}}'),
        ],
        cwd=project.folder,
        # Nothing of the environment is on the path, and the home folder cannot be written.
        env={
            "PATH": os.defpath,
            "HOME": "/proc/nowhere",
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project.folder / "runs/l'été/results/raw/T1/label.nii.gz").is_file()
    assert not (project.folder / "results").exists()


def test_notebook_is_executed_in_folders_of_any_name(study, tmp_path):
    project = study.copy(tmp_path / NAME)
    report = project.folder / "results/report"
    before = {
        name: (report / name).read_bytes() for name in ("figure_1.svg", "paper_figures.ipynb")
    }
    (report / "figure_1.svg").unlink()
    done = project.snakemake("results/report/figure_1.svg", "--allowed-rules", "execute_notebook")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: (report / name).read_bytes() for name in before} == before


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_another_configuration_does_not_write_into_the_default_study(
    fresh_project, tmp_path, arguments
):
    project = fresh_project.copy(tmp_path / "project")
    done = project.snakemake(*arguments, config="config/quick.yaml", directory=None)
    assert done.returncode != 0
    (line,) = [line for line in (done.stdout + done.stderr).splitlines() if "Error" in line]
    assert line.startswith("Error: config/quick.yaml: results here are those of config/config.yaml")
    assert "--directory runs/quick" in line
    assert "Traceback" not in done.stdout + done.stderr
    assert not (project.folder / "results").exists()


def test_the_default_study_may_be_run_with_and_without_a_folder(fresh_project):
    for directory in (None, "."):
        done = fresh_project.snakemake(
            *("--dry-run", "--config", "cohort={data: images}"),
            config="config/config.yaml",
            directory=directory,
        )
        assert done.returncode == 0, done.stdout + done.stderr
