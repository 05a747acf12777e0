"""Steps of the tiny study in the container, with nothing but Snakemake outside of it.

The image is the one that `make container` built in envs/, or else one in the folder
MRELEVANCE_IMAGES (~/.cache/mrelevance). Where there is none it is built there by `build-container`,
if the folder MRELEVANCE_TOOLS (../shared/tools) has that program.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from helpers.needs import TOOLS, not_tested
from packaging.requirements import Requirement

from mrelevance.runtime.container import image_path
from mrelevance.runtime.files import read_json, read_table, sha256

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[2]
TINY = "tests/integration/tiny.yaml"
IMAGES = Path(os.environ.get("MRELEVANCE_IMAGES", Path.home() / ".cache/mrelevance"))
# One of each kind: what is drawn, executed and recorded from tables; and a patient's way through
# all stages, with the training of a network.
WRITTEN = (
    "results/report/figure_1.svg",
    "results/figures/agreement.svg",
    "results/provenance.json",
)
COMPUTED = (
    "results/raw/T1/T2.nii.gz",
    "results/motion/T1/quality.tsv",
    "results/preprocessed/T1/image.nii",
    "results/model/weights.pt",
    "results/prediction/T1/scores.tsv",
    "results/relevance/T1/relevance.tsv",
    "results/evaluation/T1/shapley.tsv",
)
TABLES = (
    "raw/T1/lesions.tsv",
    "motion/T1/quality.tsv",
    "model/history.tsv",
    "prediction/T1/scores.tsv",
    "relevance/T1/relevance.tsv",
    "relevance/T1/context.tsv",
    "evaluation/T1/shapley.tsv",
    "evaluation/T1/ablation.tsv",
)
PROBE = """\
import json
import sys
from importlib import import_module
from importlib.util import find_spec

from mrelevance.reporting.machine import container, versions

found = {
    "path": list(sys.path),
    "files": {name: import_module(name).__file__ for name in ("torch", "snakemake", "mrelevance")},
    "foreign": [name for name in ("only_on_host", "only_in_pythonpath") if find_spec(name)],
    "packages": versions()["packages"],
    "container": container(),
}
with open(snakemake.output[0], "w") as file:
    json.dump(found, file)
"""
PROBE_RULE = """\
include: "Snakefile"


rule probe:
    output:
        "results/probe.json",
    script:
        "probe.py"
"""


@pytest.fixture(scope="module")
def image(installing) -> Path:
    """The image of this checkout's recipe."""
    if not shutil.which("apptainer"):
        installer = TOOLS / "install-apptainer"
        if not installer.is_file():
            not_tested("The container was not tested: Apptainer is not installed.")
        with installing:
            subprocess.run([installer], check=True)
    name = image_path(ROOT).name
    for folder in (ROOT / "envs", IMAGES):
        if (folder / name).is_file():
            return folder / name
    builder = TOOLS / "build-container"
    if not builder.is_file():
        not_tested("The container was not tested: it has not been built; run make container.")
    storage = os.environ | {"BUILD_STORAGE": str(IMAGES / "storage")}
    build = [builder, ROOT / "envs/Containerfile", IMAGES / name]
    with installing:
        subprocess.run(build, env=storage, check=True)
    return IMAGES / name


@pytest.fixture(scope="module")
def controller(tmp_path_factory) -> Path:
    """An environment of nothing but Snakemake, and of modules that no step must find."""
    folder = tmp_path_factory.mktemp("controller")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = folder / "venv/bin/pip"
    subprocess.run(
        [pip, "install", "--quiet", "--requirement", ROOT / "envs/controller.txt"], check=True
    )
    packages = next((folder / "venv/lib").glob("python*/site-packages"))
    assert not any((packages / name).exists() for name in ("torch", "numpy", "pandas"))
    (packages / "only_on_host.py").touch()
    (packages / "only_on_host-1.dist-info").mkdir()
    (packages / "only_on_host-1.dist-info/METADATA").write_text("Name: only-on-host\nVersion: 1\n")
    (folder / "pythonpath").mkdir()
    (folder / "pythonpath/only_in_pythonpath.py").touch()
    return folder


@pytest.fixture(scope="module")
def inside(image, controller):
    """Runs Snakemake in a project, its steps in the container."""

    def run(project, *arguments: str) -> subprocess.CompletedProcess:
        own = project.folder / "envs" / image.name
        if not own.exists():
            try:
                os.link(image, own)
            except OSError:  # another disk
                shutil.copy(image, own)
        return snakemake(project, controller, *arguments)

    return run


def snakemake(project, controller, *arguments: str) -> subprocess.CompletedProcess:
    program = [controller / "venv/bin/snakemake", "--cores", "2"]
    variables = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL"))
    }
    variables["PATH"] = f"{controller}/venv/bin{os.pathsep}{os.environ['PATH']}"
    variables["PYTHONPATH"] = str(controller / "pythonpath")
    return subprocess.run(
        [*program, *arguments, "--directory", ".", "--configfile", TINY, "--sdm", "apptainer"],
        cwd=project.folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def project(study, inside, tmp_path_factory):
    """The finished study, some steps of which have run again in the container."""
    project = study.copy(tmp_path_factory.mktemp("inside") / "project")
    for targets in (WRITTEN, COMPUTED):
        done = inside(project, *targets, "--force", "--rerun-triggers", "mtime")
        assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.fixture(scope="module")
def probe(fresh_project, inside, tmp_path_factory):
    """What a step in the container says of itself."""
    project = fresh_project.copy(tmp_path_factory.mktemp("probe") / "project")
    (project.folder / "probe.smk").write_text(PROBE_RULE)
    (project.folder / "probe.py").write_text(PROBE)
    done = inside(project, "results/probe.json", "--snakefile", "probe.smk")
    assert done.returncode == 0, done.stdout + done.stderr
    return project, json.loads((project.folder / "results/probe.json").read_text())


def test_steps_take_their_libraries_from_the_image_and_their_code_from_the_checkout(probe):
    project, found = probe
    libraries = "/opt/mrelevance/lib/python3.11/site-packages"
    assert found["files"]["torch"].startswith(libraries)
    assert found["files"]["snakemake"].startswith(libraries)
    assert found["files"]["mrelevance"] == str(project.folder / "src/mrelevance/__init__.py")


def test_nothing_of_the_hosts_packages_leaks_in(probe, controller):
    _, found = probe
    assert found["foreign"] == []
    assert not [path for path in found["path"] if path.startswith(("/mnt/", str(controller)))]
    assert "only-on-host" not in found["packages"]


def test_image_has_the_pinned_versions(probe, image):
    _, found = probe
    lines = (ROOT / "envs/requirements.txt").read_text().splitlines()
    for pin in map(Requirement, lines):
        name = pin.name.replace("_", "-").replace(".", "-").lower()
        assert pin.specifier.contains(found["packages"][name]), name
    assert "pip" not in found["packages"], "what builds stays in the stage that builds"
    assert found["container"] == {"image": image.name, "sha256": sha256(image)}


def test_tables_are_those_from_outside(study, project):
    for path in TABLES:
        outside, inside = (read_table(p.folder / "results" / path) for p in (study, project))
        pd.testing.assert_frame_equal(inside, outside, rtol=1e-4, atol=1e-6, obj=path)


def test_record_names_the_container(project, image):
    record = read_json(project.folder / "results/provenance.json")
    assert record["container"] == {"image": image.name, "sha256": sha256(image)}
    # The rest of this study was computed outside.
    assert record["made_otherwise"]["summary/cohort.json"]["container"] is None
    assert record["versions"]["packages"]["mrelevance"]


def test_steps_leave_nothing_but_results(study, project, image):
    expected = {path.name for path in study.folder.iterdir()}
    assert {path.name for path in project.folder.iterdir()} <= expected


def test_a_container_that_was_not_built_is_one_line(fresh_project, controller, tmp_path):
    project = fresh_project.copy(tmp_path / "project")
    done = snakemake(project, controller, "--dry-run")
    assert done.returncode != 0
    output = (done.stdout + done.stderr).strip()
    assert "Traceback" not in output
    error = output.splitlines()[-1]
    assert error.startswith("Error: the container ") and error.endswith("with make container")
