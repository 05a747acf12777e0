"""The workflow on a real Slurm of one node: same tables, few jobs, more memory after too little.

Without Slurm on PATH it is started by the scripts `start-slurm` and `stop-slurm` of the folder
MRELEVANCE_TOOLS, or else of ../shared/tools; where these do not work either, the tests say so.
"""

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
import yaml
from helpers.needs import TOOLS, not_tested

from mrelevance.reporting.record import result_files
from mrelevance.runtime.files import sha256

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[2]
PROFILE = ("--profile", "profiles/slurm")
# A node alone has no accounting, no other node to wait for, and nobody to share Slurm with.
ONE_NODE = (
    *("--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "3"),
    *("--latency-wait", "5"),
)
# What is a Slurm job each.
ALONE = {"split_cohort", "train_network", "choose_subsets", "map_lesion"} | {
    *("perturb_maps", "randomise_network", "check_headers", "check_cohort"),
    *("try_network", "accept_network", "import_network"),
}
FURTHER_TARGETS = ("baselines", "motion_effect", "select", "networks")


def nodes() -> list[str]:
    """Names of the nodes of the Slurm on PATH."""
    if shutil.which("sinfo") is None:
        return []
    listed = subprocess.run(
        ["sinfo", "--noheader", "--Node", "--format=%N"],
        capture_output=True,
        text=True,
        check=False,
    )
    return sorted(set(listed.stdout.split()))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, installing):
    """A Slurm whose only node is this machine, so that it sees the tests' folders."""
    if nodes() == [socket.gethostname().split(".")[0]]:
        yield
        return
    folder = str(tmp_path_factory.mktemp("slurm"))
    try:
        with installing:
            started = subprocess.run(
                [TOOLS / "start-slurm", folder], capture_output=True, text=True, check=False
            )
        problem = started.stderr.strip() if started.returncode else None
    except OSError as error:
        problem = str(error)
    if problem:
        not_tested(
            f"NOT TESTED: profiles/slurm on a cluster ({problem}). Run the tests where this "
            "machine is the only node of a Slurm, or name the folder of start-slurm in "
            "MRELEVANCE_TOOLS."
        )
    yield
    subprocess.run([TOOLS / "stop-slurm", folder], capture_output=True, check=False)


def slurm_jobs(output: str) -> list[str]:
    return re.findall(r"submitted with SLURM jobid (\d+)", output)


def test_every_rule_is_in_a_group_or_a_job_of_its_own():
    components = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())[
        "group-components"
    ]
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    rules = re.split(r"^(?=(?: *rule|checkpoint|use rule)\b.*:$)", text, flags=re.MULTILINE)[1:]
    alone = {rule.split(":")[0].split()[-1] for rule in rules if "    group:\n" not in rule}
    assert alone == ALONE
    assert set(re.findall(r"group\(\s*\"(\w+)\"", text)) >= set(components)


def test_groups_can_be_scheduled_whatever_is_asked_for(fresh_project):
    # Snakemake refuses a group that would have to wait for itself.
    planned = fresh_project.snakemake("all", *FURTHER_TARGETS, *PROFILE, "--dry-run")
    assert planned.returncode == 0, planned.stdout + planned.stderr


def test_tables_are_those_of_this_machine_from_few_jobs(cluster, study, fresh_project, tmp_path):
    project = fresh_project.copy(tmp_path / "project")
    target = "results/figures/parallel_coordinates.png"
    planned = project.plan(target)
    done = project.snakemake(target, *PROFILE, *ONE_NODE)
    assert done.returncode == 0, done.stdout + done.stderr
    # Six patients before training, training, three patients after it, what the figure shows.
    assert len(slurm_jobs(done.stdout + done.stderr)) == 4
    assert sum(planned.values()) > 30
    results, expected = project.folder / "results", study.folder / "results"
    tables = [path for path in result_files(results) if path.endswith(".tsv")]
    assert {
        "summary/relevance.tsv",
        "model/history.tsv",
        "evaluation/T1/gradient_methods.tsv",
    } <= set(tables)
    assert [path for path in tables if sha256(results / path) != sha256(expected / path)] == []


def test_a_job_killed_for_memory_gets_twice_as_much(cluster, changed):
    # Held long enough to be seen; more than the first attempt may have, less than the second.
    script = "workflow/scripts/split_cohort.py"
    changed.replace(script, "import pandas as pd\n", "import time\n\nimport pandas as pd\n")
    changed.replace(
        script, "params, quality", "held = b'1' * 1_100_000_000\ntime.sleep(10)\nparams, quality"
    )
    split = changed.folder / "results/cohort/split.tsv"
    before = split.read_text()
    done = changed.snakemake("results/cohort/split.tsv", *PROFILE, *ONE_NODE)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert split.read_text() == before
    jobs = slurm_jobs(output)
    assert len(jobs) == 2, "the first is killed, the second has enough"
    listed = subprocess.run(
        [
            "squeue",
            "--noheader",
            "--states=all",
            "--format=%m %T",
            "--sort=i",
            "--jobs",
            ",".join(jobs),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    (first, how_first_ended), (second, how_second_ended) = map(
        str.split, listed.stdout.strip().splitlines()
    )
    assert (first, second) == ("1000M", "2000M")
    assert how_first_ended != "COMPLETED"
    assert how_second_ended == "COMPLETED"


def test_jobs_share_a_cache(cluster, fresh_project, tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(tmp_path / "cache"))
    target, ran = "results/raw/A1/T2.nii.gz", "results/benchmarks/simulate_patient/A1.tsv"
    first, second = (fresh_project.copy(tmp_path / name) for name in ("first", "second"))
    for project in (first, second):
        done = project.snakemake(target, *PROFILE, *ONE_NODE, "--cache", "train_network")
        assert done.returncode == 0, done.stdout + done.stderr
        assert (project.folder / target).is_symlink()
    assert (first.folder / ran).exists() and not (second.folder / ran).exists()
    assert sha256(first.folder / target) == sha256(second.folder / target)


def test_a_cache_that_jobs_would_not_know_of_is_an_error(
    cluster, fresh_project, tmp_path, monkeypatch
):
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(tmp_path))
    project = fresh_project.copy(tmp_path / "project")
    done = project.snakemake("results/raw/A1/T2.nii.gz", *PROFILE, *ONE_NODE, "--cache")
    assert done.returncode
    last = (done.stdout + done.stderr).strip().splitlines()[-1]
    assert last.startswith("Error: on a cluster --cache needs the name of a rule")
    assert not (project.folder / "results").exists()
