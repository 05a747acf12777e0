"""The commands that the Makefile would run, for each of its variables."""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def commands(*arguments: str) -> str:
    """Commands that make would run, in one line."""
    done = subprocess.run(
        ["make", "--dry-run", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return " ".join(done.stdout.replace("\\\n", " ").split())


def test_help_explains_every_target_and_variable():
    text = (ROOT / "Makefile").read_text()
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    targets = re.search(r"^\.PHONY: help (.*)$", text, re.MULTILINE)[1].split()
    assert targets == re.findall(r"^make (\w+) +\w", shown, re.MULTILINE)[1:]
    variables = re.findall(r"^(\w+) \?=", text, re.MULTILINE)
    assert set(variables) == set(re.findall(r"^([A-Z]+)=", shown, re.MULTILINE))


def test_modules_and_scripts_that_make_runs_exist():
    text = (ROOT / "Makefile").read_text()
    modules = re.findall(r"-m (mrelevance[\w.]+)", text)
    assert len(modules) == 2
    assert all(find_spec(module) for module in modules)
    assert all((ROOT / path).is_file() for path in re.findall(r"\) (benchmarks/\S+\.py)", text))


def test_a_configuration_has_a_folder_of_its_own():
    assert "--directory . --configfile config/config.yaml" in commands("reproduce")
    quick = commands("reproduce", "CONFIG=config/quick.yaml")
    assert "--directory runs/quick --configfile config/quick.yaml" in quick
    assert "--cores all -- all" in quick
    assert "mrelevance.reporting.verify runs/quick/results" in commands(
        "verify", "CONFIG=config/quick.yaml"
    )


def test_target_data_and_cores_reach_snakemake():
    run = commands("reproduce", "TARGET=all select", "DATA=images", "CORES=3")
    assert f"""--config 'cohort={{data: "{ROOT}/images"}}'""" in run
    assert "--cores 3 -- all select" in run


def test_init_gets_the_folders_and_the_name_of_the_configuration():
    run = commands("init", "FROM=my scans", "LABELS=drawn")
    assert 'python -m mrelevance init "my scans" --labels "drawn"' in run
    assert "--out" not in run
    assert '--out "config/ms.yaml"' in commands("init", "FROM=scans", "CONFIG=config/ms.yaml")
    assert f'--bind "{ROOT}/scans"' in commands("init", "FROM=scans", "SDM=apptainer")


def test_the_nodes_of_a_cluster_use_the_cache_too():
    run = commands("reproduce", "CACHE=shared", "PROFILE=profiles/slurm")
    assert f'SNAKEMAKE_OUTPUT_CACHE="{ROOT}/shared" snakemake --cache train_network --' in run
    assert "--profile profiles/slurm -- all" in run and "--cores" not in run
    assert "CACHE" not in commands("reproduce") and "--cache" not in commands("reproduce")


def test_with_containers_only_snakemake_is_installed():
    run = commands("reproduce", "SDM=apptainer")
    assert "--software-deployment-method apptainer" in run
    assert f'PATH="{ROOT}/.venv-snakemake/bin:' in run
    assert ".venv/" not in run
    cluster = commands("reproduce", "SDM=apptainer", "PROFILE=profiles/slurm")
    assert f'PATH="{ROOT}/.venv-snakemake-cluster/bin:' in cluster


def test_the_container_sees_the_files_behind_the_links():
    run = commands("verify", "SDM=apptainer", "CACHE=shared")
    assert f'apptainer exec --bind "{ROOT}" --bind "{ROOT}/shared" ' in run
    # Not by its name, which may be a part of the checkout's path.
    assert commands("verify", "SDM=apptainer").count("--bind") == 1


def test_an_unknown_deployment_method_gives_one_line():
    done = subprocess.run(
        ["make", "--dry-run", "reproduce", "SDM=docker"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    (line,) = done.stderr.splitlines()
    assert "SDM=docker is not known; give SDM=apptainer" in line


@pytest.mark.parametrize("target", ["test", "lint"])
def test_tests_and_style_checks_have_the_whole_environment(target):
    assert ".venv-snakemake" not in commands(target, "SDM=apptainer")
