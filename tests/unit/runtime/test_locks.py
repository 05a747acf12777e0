"""Stale locks are removed, and locks of living runs are not."""

import os
import subprocess
import sys
import time

import pytest

from mrelevance.runtime.locks import MARK, remove_stale_lock

# A run that holds the mark in the folder.
RUN = """
import sys, time
from pathlib import Path
from mrelevance.runtime.locks import mark_running
mark_running(sys.argv[1])
print("running", flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "locks").mkdir()
    for lock in ("0.input.lock", "0.output.lock"):
        (tmp_path / "locks" / lock).write_text("results/file\n")
    return tmp_path


@pytest.fixture
def start(folder):
    runs = []

    def start_run():
        run = subprocess.Popen(
            [sys.executable, "-c", RUN, folder],
            env=os.environ | {"PYTHONPATH": ":".join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert run.stdout.readline() == "running\n"
        runs.append(run)
        return run

    yield start_run
    for run in runs:
        run.kill()
        run.communicate()


def kill(run):
    run.kill()
    run.wait()


def test_the_lock_of_a_killed_run_is_removed(folder, start):
    kill(start())
    assert remove_stale_lock(folder)
    assert not list((folder / "locks").iterdir())
    assert not remove_stale_lock(folder)


def test_the_lock_of_a_living_run_stays(folder, start):
    first, second = start(), start()
    assert not remove_stale_lock(folder)
    kill(second)
    assert not remove_stale_lock(folder), "the first still runs"
    assert len(list((folder / "locks").iterdir())) == 2
    kill(first)
    assert remove_stale_lock(folder)


def test_a_lock_newer_than_the_mark_belongs_to_another_run(folder, start):
    kill(start())
    later = time.time() + 10
    os.utime(folder / "locks/0.input.lock", (later, later))
    assert not remove_stale_lock(folder)


def test_a_lock_of_another_machine_stays(folder, start):
    kill(start())
    (folder / MARK).write_text("elsewhere")
    assert not remove_stale_lock(folder)


def test_a_lock_without_a_mark_stays(folder):
    assert not remove_stale_lock(folder)
