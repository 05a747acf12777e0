"""A step reports how it ends, and never writes beside another step with the same log."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.storage import read_only

START = (
    "import sys, time\nfrom mrelevance.runtime.logs import log_to\nlogger = log_to(sys.argv[1])\n"
)


def start(script, log, **options):
    return subprocess.Popen(
        [sys.executable, "-c", START + script, log],
        cwd=log.parent,
        env=os.environ | {"PYTHONPATH": ":".join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finish(script, log):
    step = start(script, log)
    _, errors = step.communicate()
    return step.returncode, errors


@pytest.mark.parametrize(
    ("error", "kind"), [("InputError", "InputError"), ("StorageError", "StorageError")]
)
def test_an_error_that_a_user_can_act_on_is_one_line(error, kind, tmp_path):
    script = (
        f"from mrelevance.runtime.errors import {kind}\nraise {error}('T1.nii: wrong; do this')"
    )
    code, errors = finish(script, tmp_path / "log")
    assert code == 1
    assert len(errors.splitlines()) == 1 and errors.endswith("ERROR T1.nii: wrong; do this\n")
    assert (tmp_path / "log").read_text() == errors


def test_any_other_error_keeps_its_traceback(tmp_path):
    code, errors = finish("1 / 0", tmp_path / "log")
    assert code == 1
    assert "Traceback" in errors and "ZeroDivisionError" in errors
    assert "ZeroDivisionError" in (tmp_path / "log").read_text()


def test_an_interruption_is_one_line(tmp_path):
    script = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)"
    code, errors = finish(script, tmp_path / "log")
    assert code == -signal.SIGINT
    assert len(errors.splitlines()) == 1 and errors.endswith("ERROR interrupted\n")


def test_a_log_begins_anew(tmp_path):
    (tmp_path / "log").write_text("of an earlier run\n")
    finish("logger.info('now')", tmp_path / "log")
    assert (tmp_path / "log").read_text().endswith("INFO now\n")
    assert "earlier" not in (tmp_path / "log").read_text()


def test_a_log_that_cannot_be_written_is_one_line(tmp_path):
    with read_only(tmp_path):
        code, errors = finish("", tmp_path / "log")
    assert code == 1
    assert len(errors.splitlines()) == 1
    assert f"folder {tmp_path} cannot be written: Read-only file system; make the" in errors


def test_a_step_waits_for_the_same_step_of_an_earlier_run(tmp_path):
    log = tmp_path / "log"
    earlier = start("print('at work', flush=True)\nsys.stdin.read()\nlogger.info('earlier')", log,
                    stdin=subprocess.PIPE)  # fmt: skip
    assert earlier.stdout.readline() == "at work\n"
    log.unlink()  # as Snakemake does before it starts a step
    later = start("logger.info('later')", log)
    assert "waiting until the same step" in later.stderr.readline()
    assert later.poll() is None
    earlier.communicate("")
    later.communicate()
    assert later.returncode == 0
    assert [line.split()[-1] for line in log.read_text().splitlines()] == ["later"]


def test_a_step_ends_when_its_snakemake_is_killed(tmp_path):
    script = f"""
import os, subprocess
step = subprocess.Popen(
    [sys.executable, "-c", {START + "time.sleep(600)"!r}, sys.argv[1] + ".step"]
)
print(step.pid, flush=True)
time.sleep(600)
"""
    parent = start(script, tmp_path / "log")
    step = int(parent.stdout.readline())
    while not (tmp_path / "log.step").exists():
        time.sleep(0.1)
    parent.kill()
    # The step inherited the pipe, so this returns when the step has ended.
    parent.communicate()
    while runs(step):
        time.sleep(0.1)


def runs(process: int) -> bool:
    """Whether a process exists and is not a zombie."""
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"
