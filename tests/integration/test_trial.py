"""The network is tried once, before anything expensive; no result depends on the trial."""

import pytest
import yaml
from conftest import TINY

pytestmark = pytest.mark.workflow


def overlay(project, **changes):
    config = yaml.safe_load((project.folder / TINY).read_text())
    for section, values in changes.items():
        config[section] = config.get(section, {}) | values
    (project.folder / "overlay.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return "overlay.yaml"


def test_a_network_that_fails_ends_in_one_line_before_registration(fresh_project, tmp_path):
    project = fresh_project.copy(tmp_path / "project")
    done = project.snakemake(config=overlay(project, network={"divisor": 2}))
    assert done.returncode != 0
    output = done.stdout + done.stderr
    log = next((project.folder / "results/logs/try_network").glob("*.log")).read_text()
    (line,) = [line for line in log.splitlines() if "ERROR" in line]
    assert "network.divisor: DynUNet cannot take every multiple of 2 voxels" in line
    assert "; set 4," in line
    assert line in output and "Traceback" not in output
    assert not list((project.folder / "results").glob("motion/*/quality.tsv"))


def test_other_composites_are_tried_and_repeat_neither_registration_nor_training(changed):
    config = overlay(changed, relevance={"composites": ["alpha1_beta0", "deepshap", "gamma"]})
    jobs = changed.plan(config=config)
    assert jobs["try_network"] == jobs["accept_network"] == 1
    assert jobs["compute_relevance"] == 3
    assert not {"correct_motion", "train_network", "predict_patient"} & set(jobs)


def test_what_the_trial_does_not_read_does_not_repeat_it(changed):
    jobs = changed.plan(config=overlay(changed, summary={"resamples": 100}))
    assert jobs and "try_network" not in jobs


def test_a_variant_with_another_network_is_tried_as_well(changed):
    jobs = changed.plan("networks")
    # The seed's network is the study's, but its composites are fewer.
    assert jobs["try_network"] == 2
    assert "correct_motion" not in jobs
