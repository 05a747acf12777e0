"""Time and memory per rule, from benchmark files."""

import shutil

import numpy as np
import pytest

from mrelevance.reporting.timings import jobs_of_study, per_rule, read_benchmarks

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


@pytest.fixture
def folder(tmp_path):
    rows = {
        "train.tsv": "100.5\t0:01:40\t900\t-\t-\t-\t-\t-\t-\t150",
        "simulate/P1.tsv": "2\t0:00:02\t100\t-\t-\t-\t-\t-\t-\t1.5",
        "simulate/P2.tsv": "4\t0:00:04\t300\t-\t-\t-\t-\t-\t-\t3",
        # Over before it could be measured.
        "split.tsv": "0.1\t0:00:00\t-\t-\t-\t-\t-\t-\t-\t-",
    }
    for path, row in rows.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(f"{HEADER}{row}\n")
    return tmp_path


def test_every_job_is_one_row(folder):
    jobs = read_benchmarks(folder)
    assert sorted(jobs["rule"]) == ["simulate", "simulate", "split", "train"]
    assert jobs["seconds"].sum() == pytest.approx(106.6)
    assert list(jobs.loc[jobs["rule"] == "simulate", "part"]) == ["P1", "P2"]
    assert (jobs.loc[jobs["rule"] != "simulate", "part"] == "").all()


def test_jobs_of_variants_are_told_apart_by_their_part(folder, tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    for name in ("benchmarks", "variants/other_seed/benchmarks"):
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder, results / name)
    jobs = jobs_of_study(results).sort_values(["rule", "part"])
    assert list(jobs.loc[jobs["rule"] == "train", "part"]) == ["", "other_seed"]
    parts = ["P1", "P2", "other_seed/P1", "other_seed/P2"]
    assert list(jobs.loc[jobs["rule"] == "simulate", "part"]) == parts


def test_rules_are_summed_up_the_longest_first(folder):
    rules = per_rule(read_benchmarks(folder))
    assert list(rules.index) == ["train", "simulate", "split"]
    simulate = rules.loc["simulate"]
    assert simulate.to_dict() == {
        "jobs": 2, "total_s": 6, "median_s": 3, "longest_s": 4, "cpu_s": 4.5, "peak_mb": 300,
    }  # fmt: skip
    assert np.isnan(rules.loc["split", "peak_mb"])


def test_without_files_there_are_no_jobs(tmp_path):
    assert read_benchmarks(tmp_path).empty
    assert per_rule(read_benchmarks(tmp_path)).empty
