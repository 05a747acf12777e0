"""The cost of larger studies, extrapolated from a measured one."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from mrelevance.reporting.scaling import (
    FIXED,
    disk_use,
    extrapolate,
    stage_costs,
    variant_costs,
)

PROJECT = Path(__file__).parents[3]
PATIENTS, TESTED = 4, 2
CLUSTER = {"jobs": 10, "cores": 5, "prepare": 3, "explain": 2}


@pytest.fixture
def costs():
    rows = [("simulate", f"P{number}", 10.0, 8.0, 300.0) for number in range(PATIENTS)]
    rows += [("predict", f"P{number}", 20.0, None, 500.0) for number in range(TESTED)]
    # Training took two cores: its processor time is twice the elapsed time.
    rows += [("train_network", "", 100.0, 200.0, 900.0), ("map_lesion", "P1", 50, 60, 900)]
    rows += [("summarise", "", 6.0, 3.0, 80.0)]
    return stage_costs(
        pd.DataFrame(rows, columns=["rule", "part", "seconds", "cpu_s", "memory_mb"])
    )


@pytest.fixture
def results(tmp_path):
    for path, size in {
        "raw/P0/T2.nii.gz": 3_000_000,
        "raw/P1/T2.nii.gz": 5_000_000,
        "raw/P1/truth/liver.nii.gz": 2_000_000,
        "prediction/P1/scores.tsv": 1_000_000,
        "evaluation/P1/shapley.tsv": 500_000,
        "evaluation/maps/curves.tsv": 500_000,
        "model/weights.pt": 7_000_000,
        "provenance.json": 1_000_000,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"0" * size)
    return tmp_path


def test_a_variant_costs_the_stages_that_it_computes(costs):
    config = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
    stages = {
        "simulate": "raw",
        "train_network": "model",
        "map_lesion": "evaluation",
        "predict": "prediction",
        "summarise": "summary",
    }
    found = variant_costs(costs, stages, config).set_index("variant")
    assert found["core_minutes"].to_dict() == pytest.approx(
        {"inpainted_baseline": 0}
        | dict.fromkeys(["zero_baseline", "shuffled_baseline"], (50 + 6) / 60)
        | dict.fromkeys(["rigid", "unregistered"], (200 + 40 + 50 + 6) / 60)
        | dict.fromkeys(["other_seed", "residual"], (200 + 40 + 50 + 6) / 60)
        | {"a subset of the sequences": (200 + 40 + 50 + 6) / 60}
    )
    assert found.loc["zero_baseline", "begins"] == "relevance, evaluation"
    assert found.loc["rigid", "begins"] == "motion"
    assert found.loc["a subset of the sequences", "begins"] == "model"


def test_cost_grows_with_patients_cohort_or_nothing(costs):
    assert costs["grows_with"].to_dict() == {
        "simulate": "patients",
        "predict": "patients",
        "train_network": "nothing",
        "map_lesion": "nothing",
        "summarise": "cohort",
    }
    assert costs["core_s"].to_dict() == {
        "simulate": 40,
        "predict": 40,
        "train_network": 200,
        "map_lesion": 50,
        "summarise": 6,
    }


def test_disk_is_counted_folder_by_folder_and_by_the_patients_in_it(results):
    disk = disk_use(results)
    assert disk["disk_mb"].to_dict() == {
        "raw": 10, "model": 7, "prediction": 1, "evaluation": 1, ".": 1,
    }  # fmt: skip
    assert disk["files"].to_dict() == {
        "raw": 3, "model": 1, "prediction": 1, "evaluation": 2, ".": 1,
    }  # fmt: skip
    assert disk["per_patient_mb"].dropna().to_dict() == {"raw": 5, "prediction": 1, "evaluation": 1}


def test_disk_of_a_cache_counts_where_it_is_linked_from(results, tmp_path_factory):
    expected = disk_use(results)
    cache = tmp_path_factory.mktemp("cache")
    (results / "evaluation").rename(cache / "entry")
    (results / "evaluation").symlink_to(cache / "entry")
    (results / "model/lost").symlink_to(cache / "nothing")
    assert disk_use(results).sort_index().equals(expected.sort_index())


def test_the_measured_study_is_what_was_measured(costs, results):
    disk = disk_use(results)
    needs = extrapolate(costs, disk, PATIENTS, TESTED, [PATIENTS], 2, CLUSTER).iloc[0]
    assert needs["jobs"] == costs["jobs"].sum()
    assert needs["core_hours"] * 3600 == pytest.approx(costs["core_s"].sum())
    assert needs["machine_hours"] * 2 == pytest.approx(needs["core_hours"])
    assert needs["disk_gb"] * 1000 == pytest.approx(disk["disk_mb"].sum())
    assert needs["files"] == disk["files"].sum()


def test_larger_studies_cost_in_proportion_but_train_once(costs, results):
    needs = extrapolate(costs, disk_use(results), PATIENTS, TESTED, [40], 2, CLUSTER).iloc[0]
    assert needs["jobs"] == 10 * 6 + 1 + 2
    # 14 groups of 3 before training, 10 of 2 test patients after it, training, map, split, summary.
    assert needs["slurm_jobs"] == 14 + 10 + 2 + 2
    assert needs["core_hours"] * 3600 == pytest.approx(10 * 80 + 10 * 6 + 250)
    assert needs["cluster_hours"] * 3600 == pytest.approx(800 / 50 + 60 / 5 + 150)
    # Only the size of the network stays the same.
    assert needs["disk_gb"] * 1000 == pytest.approx(10 * 13 + 7)
    assert needs["files"] == 10 * 7 + 1


def test_rules_of_fixed_cost_are_rules_of_the_workflow():
    text = "".join(path.read_text() for path in (PROJECT / "workflow/rules").glob("*.smk"))
    assert set(FIXED) <= set(re.findall(r"^rule (\w+):", text, re.MULTILINE))
