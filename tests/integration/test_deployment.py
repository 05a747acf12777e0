"""The workflow as others deploy it: as a module, from `.test`, and with its progress logger."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

ROOT = Path(__file__).parents[2]
MODULE = f"""
configfile: "config/config.yaml"

module mrelevance:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: config

use rule * from mrelevance as mrelevance_*

rule own_summary:
    input: "results/raw/X1/lesions.tsv"
    output: "own.txt"
    shell: "wc -l < {{input}} > {{output}}"
"""


def snakemake(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess:
    programs = Path(sys.executable).parent
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "src"),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(
        [programs / "snakemake", "--cores", "2", *arguments],
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def other(tmp_path) -> Path:
    """A workflow of somebody else, with a configuration and a sample sheet of its own."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    update_config(config, yaml.safe_load((ROOT / "tests/integration/tiny.yaml").read_text()))
    config["cohort"]["patients"] = "config/patients.tsv"
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    rows = ["patient\tsplit", "X1\ttrain", "X2\ttrain", "X3\tvalidation", "X4\ttest", "X5\ttest"]
    (tmp_path / "config/patients.tsv").write_text("\n".join(rows) + "\n")
    (tmp_path / "Snakefile").write_text(MODULE)
    return tmp_path


def test_another_workflow_uses_it_as_a_module_with_its_own_sample_sheet(other):
    plan = snakemake("--dry-run", "mrelevance_all", folder=other)
    assert plan.returncode == 0, plan.stdout + plan.stderr
    jobs = dict(re.findall(r"^mrelevance_(\w+) +(\d+)$", plan.stdout + plan.stderr, re.MULTILINE))
    assert jobs["simulate_patient"] == "5" and jobs["compute_relevance"] == "2"
    done = snakemake("own.txt", folder=other)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int((other / "own.txt").read_text()) >= 2
    assert (other / "results/raw/X1/T2.nii.gz").is_file()


def test_the_configuration_of_the_catalogue_can_be_planned(tmp_path):
    config = str(ROOT / ".test/config/config.yaml")
    plan = snakemake(
        "--dry-run", "--snakefile", str(ROOT / "workflow/Snakefile"), "--directory", str(tmp_path),
        "--configfile", config, folder=ROOT,
    )  # fmt: skip
    assert plan.returncode == 0, plan.stdout + plan.stderr
    assert re.search(r"simulate_patient +6\n", plan.stdout + plan.stderr)


def test_make_reproduce_shows_plan_stages_and_errors(tmp_path):
    arguments = (
        "--directory", str(tmp_path), "--configfile", "tests/integration/tiny.yaml",
        "--logger", "progress", "--", "results/raw/A1/lesions.tsv", "results/motion/A1/T2.nii.gz",
    )  # fmt: skip
    path = f"{ROOT / 'workflow/logger'}{os.pathsep}{ROOT / 'src'}"
    done = snakemake(*arguments, folder=ROOT, PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert "2 steps on 2 cores:" in done.stderr and "This takes less than a minute" in done.stderr
    assert "Images: 1 job done" in done.stderr and "Motion correction: 1 job done" in done.stderr
    # Snakemake's job log went to its file.
    assert "jobid" not in done.stderr and "Simulating" not in done.stderr
    (log,) = (tmp_path / ".snakemake/log").glob("*.log")
    assert "Simulating patient A1" in log.read_text()
    again = snakemake(*arguments, folder=ROOT, PYTHONPATH=path)
    assert "Nothing to be done" in again.stderr
    (tmp_path / "results/raw/A1/T2.nii.gz").write_bytes(b"damaged")
    (tmp_path / "results/motion/A1/T2.nii.gz").unlink()
    failed = snakemake(*arguments, folder=ROOT, PYTHONPATH=path)
    assert failed.returncode != 0
    assert "1 step on 2 cores:" in failed.stderr
    assert "Error: Correcting motion of patient A1: the job failed" in failed.stderr
    assert "A1/T2.nii.gz cannot be read as an image" in failed.stderr
