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
from helpers.storage import read_only, small_disk

from mrelevance.reporting.record import result_files
from mrelevance.runtime.files import read_table, sha256

pytestmark = pytest.mark.workflow

QUALITY = "results/motion/T1/quality.tsv"
WEIGHTS = "results/model/weights.pt"
RELATED = [f"results/relevance/{patient}/relevance.tsv" for patient in ("T1", "T2", "T3")]
SUMMARIES = ["results/summary/motion.tsv", "results/summary/relevance.tsv"]
STAGES = {"correct_motion": [QUALITY], "train_network": [WEIGHTS], "compute_relevance": RELATED}
# The last lets the job finish, so that training has to go on through all others.
ENDS = [
    ("job", signal.SIGKILL),
    ("job", signal.SIGTERM),
    ("job", signal.SIGINT),
    ("snakemake", signal.SIGKILL),
    ("snakemake", signal.SIGINT),
    ("snakemake", signal.SIGTERM),
]
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

    def job(self, rule, at_work_in="/results/logs/"):
        """Process of a job of the rule, once it is at work, which a file there shows."""

        def at_work():
            for child in psutil.Process(self.process.pid).children(recursive=True):
                try:
                    if not any(part.endswith(f".{rule}.py") for part in child.cmdline()):
                        continue
                    # A job opens its log when it has loaded its libraries.
                    if any(at_work_in in file.path for file in child.open_files()):
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

    def goes_on(self):
        """Whether the training has gone on where an earlier one was ended."""
        log = self.folder / "results/logs/train_network.log"
        return log.exists() and "training goes on after epoch" in log.read_text()


def unfinished(project):
    """What half-written files there are."""
    return [path for path in (project.folder / "results").rglob(".writing-*")]


def wait_for_end(process):
    """Wait for a process that is nobody's child any more, or a zombie."""
    deadline = time.monotonic() + PATIENCE_S
    with suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def locks(project):
    """Whether Snakemake has left its locks."""
    return any((project.folder / ".snakemake").glob("locks/*.lock"))


@pytest.fixture(scope="module")
def interrupted(study, tmp_path_factory):
    """A copy of the study in which one patient is not registered and no network trained."""
    project = study.copy(tmp_path_factory.mktemp("interrupted") / "project")
    for part in ("motion/T1", "model", "prediction", "relevance", "logs"):
        shutil.rmtree(project.folder / "results" / part)
    return project


@pytest.mark.parametrize(("whom", "how"), ENDS, ids=[f"{whom}-{how.name}" for whom, how in ENDS])
@pytest.mark.parametrize("rule", STAGES)
def test_what_is_ended_leaves_nothing_half_done(interrupted, study, rule, whom, how):
    targets = [interrupted.folder / path for path in STAGES[rule]]
    for path in targets:
        path.unlink(missing_ok=True)
    checkpoint = interrupted.folder / "results/model/checkpoint.pt"
    goes_on = checkpoint.exists()
    locked = locks(interrupted)
    run = Run(interrupted, *STAGES[rule])
    job = run.job(rule)
    if rule == "train_network":
        run.wait_until(run.goes_on if goes_on else checkpoint.exists)
        assert run.epochs() < 2

    if whom == "job":
        job.send_signal(how)
    elif how == signal.SIGINT:  # which a terminal sends to all
        os.killpg(run.process.pid, how)
    else:
        run.process.send_signal(how)
    # A job whose Snakemake is killed ends by itself; else this would take as long as the job.
    output = run.output()
    wait_for_end(job)
    assert run.process.returncode
    assert ("its lock is removed, and the study goes on" in output) == locked
    assert locks(interrupted) == ((whom, how) == ("snakemake", signal.SIGKILL))
    if how == signal.SIGINT:
        # A second job that is still loading its libraries has no log, and Python explains itself.
        logs = "".join(log.read_text() for log in run.folder.glob("results/logs/**/*.log"))
        assert "ERROR interrupted" in output and "Traceback" not in logs
        assert not unfinished(interrupted)
    elif whom == "job":
        assert how.name in output

    done = [path for path in targets if path.exists()]
    if (whom, how) == ("snakemake", signal.SIGTERM):
        # What runs is finished, and nothing else is begun.
        assert done and (rule != "compute_relevance" or len(done) < len(targets))
    elif (whom, how) != ("snakemake", signal.SIGKILL) or rule == "train_network":
        # A short job whose Snakemake is killed may be at its end before it notices.
        assert len(done) < len(targets)
    if rule == "train_network" and done:
        assert run.epochs() < len(read_table(study.folder / "results/model/history.tsv"))
        assert sha256(targets[0]) == sha256(study.folder / WEIGHTS)


def test_a_job_that_outlives_its_snakemake_is_waited_for(interrupted):
    quality = interrupted.folder / QUALITY
    quality.unlink()
    run = Run(interrupted, QUALITY)
    orphan = run.job("correct_motion")
    orphan.suspend()  # so that it does not notice
    run.process.kill()
    later = Run(interrupted, QUALITY)
    job = later.job("correct_motion", at_work_in="/.snakemake/at_work/")
    assert job.pid != orphan.pid
    time.sleep(2)
    assert not any("/results/logs/" in file.path for file in job.open_files())
    orphan.resume()
    output = later.output()
    assert later.process.returncode == 0, output
    assert "waiting until the same step of an interrupted run" in output
    wait_for_end(orphan)
    assert quality.exists()


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
