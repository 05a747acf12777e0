"""Whatever dies, and however: the next call finishes the study with the same results.

Real processes are ended at work: Snakemake and its jobs, in motion correction, training and
relevance, by kill -9, by SIGTERM and by Ctrl-C.
"""

import os
import shutil
import signal
import time
from contextlib import suppress

import psutil
import pytest
from storage import read_only, small_disk

from mrelevance.files import read_table, sha256
from mrelevance.record import result_files

pytestmark = pytest.mark.workflow

QUALITY = "results/motion/T1/quality.tsv"
WEIGHTS = "results/model/weights.pt"
RELATED = [f"results/relevance/{patient}/relevance.tsv" for patient in ("T1", "T2", "T3")]
SUMMARIES = ["results/summary/motion.tsv", "results/summary/relevance.tsv"]
# Long enough for the slowest machine; nothing is measured.
PATIENCE_S = 600


class Run:
    """A run of Snakemake that is watched and ended."""

    def __init__(self, project, *targets):
        self.folder = project.folder
        self.process = project.start(*targets, start_new_session=True)

    def wait_until(self, condition):
        """What the condition says when it first says something."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := condition()):
            assert self.process.poll() is None, "\n".join(self.process.communicate())
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return found

    def job(self, rule):
        """Process of a job of the rule, once it is at work."""

        def at_work():
            for child in psutil.Process(self.process.pid).children(recursive=True):
                try:
                    if not any(part.endswith(f".{rule}.py") for part in child.cmdline()):
                        continue
                    # A job opens its log when it has loaded its libraries.
                    if any("/results/logs/" in file.path for file in child.open_files()):
                        return child
                except psutil.NoSuchProcess:
                    continue
            return None

        return self.wait_until(at_work)

    def output(self):
        """All that was said, when the run and all that it started have ended."""
        output, errors = self.process.communicate(timeout=PATIENCE_S)
        return output + errors

    def epochs(self):
        """Epochs that the training has finished in this run."""
        log = self.folder / "results/logs/train_network.log"
        return log.read_text().count("INFO epoch ") if log.exists() else 0


def unfinished(project):
    """What half-written files there are."""
    return [path for path in (project.folder / "results").rglob(".writing-*")]


@pytest.fixture(scope="module")
def interrupted(study, tmp_path_factory):
    """A copy of the study in which one patient is not registered and no network trained."""
    project = study.copy(tmp_path_factory.mktemp("interrupted") / "project")
    for part in ("motion/T1", "model", "prediction", "relevance", "logs"):
        shutil.rmtree(project.folder / "results" / part)
    return project


def test_motion_correction_that_is_killed(interrupted):
    run = Run(interrupted, QUALITY)
    run.job("correct_motion").kill()
    assert "SIGKILL" in run.output() and run.process.returncode
    assert not (interrupted.folder / QUALITY).exists()


def test_ctrl_c_in_motion_correction(interrupted):
    run = Run(interrupted, QUALITY)
    run.job("correct_motion")
    os.killpg(run.process.pid, signal.SIGINT)
    output = run.output()
    assert run.process.returncode
    assert "ERROR interrupted" in output and "Traceback" not in output
    assert not (interrupted.folder / QUALITY).exists()
    assert not unfinished(interrupted)


def test_training_that_is_terminated(interrupted):
    run = Run(interrupted, WEIGHTS)
    job = run.job("train_network")
    run.wait_until(lambda: (interrupted.folder / "results/model/checkpoint.pt").exists())
    job.terminate()
    assert "SIGTERM" in run.output() and run.process.returncode
    assert not (interrupted.folder / WEIGHTS).exists()


def test_training_whose_snakemake_is_killed(interrupted):
    run = Run(interrupted, WEIGHTS)
    log = interrupted.folder / "results/logs/train_network.log"
    job = run.job("train_network")
    run.wait_until(lambda: "training goes on after epoch" in log.read_text())
    assert run.epochs() < 2
    run.process.kill()
    # The job ends by itself; else this would take as long as the training.
    run.output()
    with suppress(psutil.NoSuchProcess):
        assert job.status() == psutil.STATUS_ZOMBIE
    assert not (interrupted.folder / WEIGHTS).exists()
    assert list((interrupted.folder / ".snakemake/locks").iterdir()), "Snakemake's lock is left"


def test_relevance_whose_snakemake_is_terminated(interrupted, study):
    run = Run(interrupted, *RELATED)
    run.job("relate_patient")
    run.process.send_signal(signal.SIGTERM)
    output = run.output()
    assert "its lock is removed, and the study goes on" in output
    # What runs is finished, and nothing else is begun.
    assert run.process.returncode
    done = [path for path in RELATED if (interrupted.folder / path).exists()]
    assert 0 < len(done) < len(RELATED)
    training = (interrupted.folder / "results/logs/train_network.log").read_text()
    assert "training goes on after epoch" in training
    history = read_table(study.folder / "results/model/history.tsv")
    assert run.epochs() < len(history), "training began again"
    assert sha256(interrupted.folder / WEIGHTS) == sha256(study.folder / WEIGHTS)


def test_relevance_that_is_killed(interrupted):
    run = Run(interrupted, *RELATED)
    job = run.job("relate_patient")
    job.kill()
    assert "SIGKILL" in run.output() and run.process.returncode
    assert not all((interrupted.folder / path).exists() for path in RELATED)


def test_the_next_call_finishes_the_study_as_if_nothing_had_been(interrupted, study):
    run = Run(interrupted, QUALITY, *RELATED, *SUMMARIES)
    output = run.output()
    assert run.process.returncode == 0, output
    assert not unfinished(interrupted)
    expected, found = study.folder / "results", interrupted.folder / "results"
    compared = [
        path
        for path in result_files(expected)
        if path.endswith((".tsv", ".pt"))
        or path.startswith(("prediction", "relevance", "motion/T1"))
    ]
    assert {path.split("/")[0] for path in compared} >= {"motion", "model", "relevance", "summary"}
    # HDF5 notes when it was written.
    differ = [
        path
        for path in compared
        if not path.endswith(".h5") and sha256(expected / path) != sha256(found / path)
    ]
    assert not differ


def test_a_full_disk_is_one_line(changed):
    with small_disk(changed.folder / "results/motion", 256) as folder:
        done = changed.snakemake(QUALITY)
        assert done.returncode
        left = [path for path in folder.rglob("*") if path.is_file()]
    output = done.stdout + done.stderr
    assert "Traceback" not in output and "Logging error" not in output
    errors = (changed.folder / "results/logs/correct_motion/T1.log").read_text().splitlines()
    errors = [line for line in errors if "ERROR" in line]
    assert len(errors) == 1 and errors[0] in output
    assert "ERROR results/motion/T1/" in errors[0]
    assert errors[0].endswith(
        " cannot be written: No space left on device; make room on this disk, then run again"
    )
    assert not left


def test_a_read_only_results_folder_is_one_line(changed):
    shutil.rmtree(changed.folder / "results/model")
    with read_only(changed.folder / "results") as results:
        done = changed.snakemake(WEIGHTS)
    assert done.returncode
    output = (done.stdout + done.stderr).strip().splitlines()
    assert output[-1] == (
        f"Error: folder {results} cannot be written: Read-only file system; make the folder "
        "writable or choose another with --directory, then run again"
    )
    assert "Traceback" not in "".join(output)
