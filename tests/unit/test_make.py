"""The commands that the Makefile would run, for each of its variables."""

import os
import re
import shlex
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from mrelevance.__main__ import COMMANDS
from mrelevance.runtime import study_folder

ROOT = Path(__file__).parents[2]


def commands(*arguments: str) -> str:
    """Commands that make would run, in one line."""
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return " ".join(done.stdout.replace("\\\n", " ").split())


def refusal(*arguments):
    """The one line with which make refuses a call."""
    done = subprocess.run(
        ["make", "--dry-run", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode
    (line,) = done.stderr.splitlines()
    return line


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
    modules = re.findall(r"-m (mrelevance[\w.]*)", text)
    assert len(modules) == 4
    assert all(find_spec(module) for module in modules)
    assert set(re.findall(r"-m mrelevance (\w+)", text)) <= set(COMMANDS)
    assert all((ROOT / path).is_file() for path in re.findall(r"\) (benchmarks/\S+\.py)", text))


def test_a_configuration_has_a_folder_of_its_own():
    assert '--directory "." --configfile "config/config.yaml"' in commands("reproduce")
    quick = commands("reproduce", "CONFIG=config/quick.yaml")
    assert '--directory "runs/quick" --configfile "config/quick.yaml"' in quick
    assert "--cores all -- all" in quick
    assert '-m mrelevance verify "runs/quick/results"' in commands(
        "verify", "CONFIG=config/quick.yaml"
    )


def folder_of(configuration: Path | str) -> str:
    """Folder that make gives a configuration, from the project's."""
    return re.search(
        r'--directory "(.*?)" --config', commands("reproduce", f"CONFIG={configuration}")
    )[1]


def test_only_the_default_configuration_has_the_folder_of_the_project(tmp_path):
    default = "config/config.yaml"
    for path in (default, f"./{default}", ROOT / default, f"src/../{default}"):
        assert folder_of(path) == "."
    folders = [tmp_path, tmp_path / "config", tmp_path / "l'été à ü"]
    found = [folder_of("config/quick.yaml")]
    assert found == [study_folder.folder_of(ROOT / "config/quick.yaml", ROOT)]
    for folder in folders:
        folder.mkdir(exist_ok=True)
        for name in ("config.yaml", "quick.yaml", "quick.yml"):
            (folder / name).write_text("")
            found.append(folder_of(folder / name))
            assert (
                found[-1] == f"runs{folder / name}" == study_folder.folder_of(folder / name, ROOT)
            )
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("targets", [["reproduce"], ["init", "reproduce"], ["init", "clean"]])
def test_a_configuration_that_is_missing_is_named(targets):
    """Only init alone, which writes it, can do without."""
    line = refusal(*targets, "CONFIG=config/quik.yaml")
    assert "CONFIG=config/quik.yaml does not exist" in line


def test_paths_may_hold_spaces_apostrophes_and_umlauts(tmp_path):
    """What the shell makes of the command that make would run."""
    folder = tmp_path / "l'été à ü"
    folder.mkdir()
    configuration = folder / "ma config.yaml"
    configuration.write_text("")
    run = commands(
        *("reproduce", f"CONFIG={configuration}", f"DATA={folder}/images d'ici", "CACHE=le cache")
    )
    (line,) = re.findall(r'PATH="\S*.*?-m snakemake (.*?) make ', run)
    arguments = shlex.split(line)
    assert arguments[arguments.index("--directory") + 1] == f"runs{configuration}"
    assert arguments[arguments.index("--configfile") + 1] == str(configuration)
    given = arguments[arguments.index("--config") + 1].removeprefix("cohort=")
    assert yaml.safe_load(given) == {"data": f"{folder}/images d'ici"}
    assert f'SNAKEMAKE_OUTPUT_CACHE="{ROOT}/le cache"' in run


def test_a_home_that_cannot_be_written_is_named_with_the_remedy():
    """Nobody can create a folder in /proc, not even an administrator."""

    def checked(**variables):
        command = re.search(r"(folder=.*?exit 1; \})", commands("reproduce"))[1]
        done = subprocess.run(
            ["sh", "-c", f"{command}; echo fine"],
            env={"PATH": os.environ["PATH"], **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    (line,) = checked(HOME="/proc/nowhere").splitlines()
    assert line.startswith("Error: the folder /proc/nowhere/.cache cannot be written")
    assert "XDG_CACHE_HOME=/tmp/cache make reproduce" in line
    assert checked(HOME="/proc/nowhere", XDG_CACHE_HOME="/tmp") == "fine\n"


def test_target_data_and_cores_reach_snakemake():
    run = commands("reproduce", "TARGET=all select", "DATA=images", "CORES=3")
    assert f"""--config "cohort={{data: \\"{ROOT}/images\\"}}\"""" in run
    assert "--cores 3 -- all select" in run
    check = commands("check", "DATA=/images")
    assert '-m mrelevance check "config/config.yaml" --data "/images"' in check


def test_a_run_shows_stages_or_every_job():
    quiet, verbose = commands("reproduce"), commands("reproduce", "VERBOSE=1")
    assert f'PYTHONPATH="{ROOT}/workflow/logger:{ROOT}/src' in quiet
    assert "--logger progress --cores all -- all" in quiet
    assert "--logger" not in verbose and "workflow/logger" not in verbose
    # Other calls of Snakemake have no plan to show.
    assert "--logger" not in commands("report") + commands("lint")


def test_a_run_ends_by_naming_the_report_page_first(tmp_path):
    run = commands("reproduce", "CONFIG=config/quick.yaml")
    end = run[run.index("[ ! -e") :].replace(" echo", "\necho").replace("||\n", "|| ")
    page = tmp_path / "runs/quick/results/report/index.html"
    for others_alone in (True, False):
        if not others_alone:
            page.parent.mkdir(parents=True)
            page.touch()
        done = subprocess.run(
            ["sh", "-c", end], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        named = dict(line.split() for line in done.stdout.splitlines())
        assert list(named)[-3:] == ["Figures", "Tables", "Technical"]
        assert (next(iter(named)) == "Report") != others_alone
    assert named["Report"] == "runs/quick/results/report/index.html"


def test_clean_keeps_the_guide_to_the_results(tmp_path):
    for name in ("README.md", "raw/P1/T2.nii.gz", "summary.tsv"):
        (tmp_path / "results" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "results" / name).write_text("")
    subprocess.run(["sh", "-c", commands("clean")], cwd=tmp_path, check=True)
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["README.md"]


def test_init_gets_the_folders_and_the_name_of_the_configuration():
    run = commands("init", "FROM=my scans", "LABELS=drawn")
    assert '-m mrelevance init "my scans" --labels "drawn"' in run
    assert "--out" not in run
    assert '--out "config/ms.yaml"' in commands("init", "FROM=scans", "CONFIG=config/ms.yaml")
    assert f'--bind "{ROOT}/scans"' in commands("init", "FROM=scans", "SDM=apptainer")


def test_the_nodes_of_a_cluster_use_the_cache_too():
    run = commands("reproduce", "CACHE=shared", "PROFILE=profiles/slurm")
    assert f'SNAKEMAKE_OUTPUT_CACHE="{ROOT}/shared"' in run
    assert "-m snakemake --cache train_network --" in run
    assert "--profile profiles/slurm -- all" in run and "--cores" not in run
    without = commands("reproduce")
    assert "SNAKEMAKE_OUTPUT_CACHE" not in without and "--cache" not in without


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
    line = refusal("reproduce", "SDM=docker")
    assert "SDM=docker is not known; give SDM=apptainer" in line


@pytest.mark.parametrize("target", ["test", "lint"])
def test_tests_and_style_checks_have_the_whole_environment(target):
    assert ".venv-snakemake" not in commands(target, "SDM=apptainer")
