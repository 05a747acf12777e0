"""Expensive steps are shared between checkouts through a cache."""

import pytest
from helpers.cache_keys import TABLES, ask_cache

from mrelevance.reporting.record import result_files
from mrelevance.runtime.files import read_table, sha256

pytestmark = pytest.mark.workflow

JOBS = {
    "simulate_patient": 4,
    "correct_motion": 4,
    "preprocess_patient": 4,
    "train_network": 1,
    "predict_patient": 1,
    "compute_relevance": 1,
    "measure_shapley": 1,
    "compute_gradient_methods": 1,
}

TRIAL = {"try_network", "accept_network"}
"""The trial of the network is cheap, tells what it cost here, and is not shared."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def checkouts(fresh_project, cache, tmp_path_factory):
    """Two checkouts of the tiny study: the first filled the cache, the second took from it."""
    folder = tmp_path_factory.mktemp("checkouts")
    projects = [fresh_project.copy(folder / name) for name in ("first", "elsewhere/second")]
    for project in projects:
        run(project, cache, *TABLES)
    return projects


def run(project, cache, *targets):
    """Run Snakemake with a cache; what it said."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SNAKEMAKE_OUTPUT_CACHE", str(cache))
        done = project.snakemake(*targets, "--cache")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def ran(project):
    """Rules that ran here, of those that measure themselves."""
    folder = project.folder / "results/benchmarks"
    paths = [path.relative_to(folder) for path in folder.rglob("*.tsv")]
    return {path.parts[0].removesuffix(".tsv") for path in paths} - TRIAL


def test_second_checkout_takes_all_from_the_cache(checkouts):
    first, second = checkouts
    assert ran(first) == set(JOBS)
    assert ran(second) == set()
    one, other = (project.folder / "results" for project in (first, second))
    files = result_files(one)
    assert files == result_files(other)
    assert {"model/weights.pt", "relevance/T1/volumes/deeplift/shares.nii.gz"} < set(files)
    for path in files:
        if not path.startswith("trial/"):
            assert sha256(one / path) == sha256(other / path), path
    for table in TABLES:
        assert (second.folder / table).is_symlink()
        assert len(read_table(second.folder / table)) > 0


def test_record_says_what_came_from_the_cache(checkouts, cache):
    first, second = checkouts
    taken = [ask_cache(project, [{}], cache)[0]["from_cache"] for project in (first, second)]
    assert taken == [{}, JOBS]
    for rule, number in JOBS.items():
        found = list((first.folder / "results/benchmarks").glob(f"{rule}*/*.tsv"))
        found += (first.folder / "results/benchmarks").glob(f"{rule}.tsv")
        assert len(found) == number, rule
        assert {"s", "max_rss", "cpu_time"} <= set(read_table(found[0]).columns)


def test_finished_study_has_nothing_to_do_with_and_without_the_cache(checkouts, cache):
    first, second = checkouts
    assert "Nothing to be done" in run(first, cache, *TABLES, "--dry-run")
    assert second.plan(*TABLES) == {}


def test_changed_code_computes_anew_and_leaves_what_is_shared(checkouts, cache, tmp_path):
    first, second = checkouts
    table = "results/evaluation/T1/gradient_methods.tsv"
    shared, entries = (first.folder / table).read_bytes(), set(cache.iterdir())
    project = second.copy(tmp_path / "third")
    with open(project.folder / "src/mrelevance/attribution/gradients.py", "a") as file:
        file.write("\nCHANGED = True\n")
    run(project, cache, table)
    assert ran(project) == {"compute_gradient_methods"}
    assert len(set(cache.iterdir()) - entries) == 1
    assert (project.folder / table).resolve() != (first.folder / table).resolve()
    assert (first.folder / table).read_bytes() == shared


def test_what_was_removed_from_the_cache_is_made_again(checkouts, tmp_path):
    first, _ = checkouts
    project = first.copy(tmp_path / "project")
    table = project.folder / "results/evaluation/T1/gradient_methods.tsv"
    table.unlink()
    table.symlink_to(tmp_path / "removed.tsv")
    assert project.plan("results/evaluation/T1/gradient_methods.tsv") == {
        "compute_gradient_methods": 1
    }


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        ("", "--cache needs the variable SNAKEMAKE_OUTPUT_CACHE"),
        ("relative", "is not a full path"),
        ("/does/not/exist", "does not exist"),
    ],
)
def test_a_cache_that_cannot_be_used_is_one_line(fresh_project, monkeypatch, folder, says):
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", folder)
    done = fresh_project.snakemake("--dry-run", "--cache")
    assert done.returncode != 0
    (line,) = [line for line in (done.stdout + done.stderr).splitlines() if says in line]
    assert line.startswith("Error: ") and "Traceback" not in done.stdout + done.stderr
