"""Where bfloat16 would take days, a study says so instead of computing."""

import os

import pytest
from helpers.needs import OLDER_PROCESSOR

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="processors with other instructions"),
]


@pytest.fixture
def older_processor(monkeypatch):
    for name, value in OLDER_PROCESSOR.items():
        monkeypatch.setenv(name, value)


def test_new_study_ends_before_its_first_job(fresh_project, tmp_path, older_processor):
    project = fresh_project.copy(tmp_path / "project")
    done = project.snakemake(config="config/quick.yaml")
    assert done.returncode != 0
    last = (done.stdout + done.stderr).strip().splitlines()[-1]
    assert last.startswith(
        "Error: configuration: training.precision and evaluation.precision: bfloat16 takes "
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert not (project.folder / "results").exists()


@pytest.mark.parametrize(
    ("section", "rule", "result"),
    [
        ("training", "train_network", "results/model/weights.pt"),
        ("evaluation", "measure_shapley", "results/evaluation/T1/shapley.tsv"),
        ("evaluation", "perturb_maps", "results/evaluation/maps/perturbation.tsv"),
    ],
)
def test_job_ends_in_one_line(changed, older_processor, section, rule, result):
    """As in the container and on a cluster, where only the job knows what it runs on."""
    precision = f"{section}={{precision: bfloat16}}"
    done = changed.snakemake(result, "--config", precision, "--forcerun", rule)
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert f"configuration: {section}.precision: bfloat16 takes " in output
    assert "Traceback" not in output
