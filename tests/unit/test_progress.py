"""What the logger of make reproduce shows of the events of a run."""

import io
import logging
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.logging import DefaultFormatter
from snakemake_interface_logger_plugins.common import LogEvent

ROOT = Path(__file__).parents[2]


@pytest.fixture
def plugin(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "workflow/logger")
    import snakemake_logger_plugin_progress as plugin

    yield plugin
    sys.modules.pop(plugin.__name__)


@pytest.fixture
def handler(plugin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    handler = plugin.LogHandler(SimpleNamespace(), None)
    handler.setFormatter(DefaultFormatter(show_failed_logs=True))
    handler.stream = io.StringIO()
    return handler


def send(handler, event, message="", level=logging.INFO, **fields):
    record = logging.LogRecord("snakemake", level, "", 0, message, None, None)
    record.__dict__.update(fields, event=event)
    handler.handle(record)


def shown(handler) -> str:
    text = handler.stream.getvalue()
    handler.stream.seek(0)
    handler.stream.truncate()
    return text


def start(handler, stats, configuration="config/config.yaml"):
    # Snakemake lists what the command line gives before what the workflow names itself.
    files = [ROOT / configuration, ROOT / "config/config.yaml"]
    send(handler, LogEvent.RESOURCES_INFO, cores=4)
    send(handler, LogEvent.WORKFLOW_STARTED, configfiles=files)
    send(handler, LogEvent.RUN_INFO, stats=stats | {"total": sum(stats.values())})


def run(handler, number, rule):
    send(handler, LogEvent.JOB_INFO, jobid=number, rule_name=rule, rule_msg=None)
    send(handler, LogEvent.JOB_FINISHED, job_id=number)


def test_every_rule_belongs_to_a_stage(plugin):
    of_rule = plugin.stages_of_rules()
    files = {path.stem for path in (ROOT / "workflow/rules").glob("*.smk")}
    helpers = {"module", "common", "inputs", "user_files", "parameters", "catalogues", "deployed"}
    assert files - helpers == set(plugin.STAGES)
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert set(of_rule) == set(
        re.findall(r"^(?:rule|checkpoint|use rule \w+ as) (\w+)", text, re.M)
    )
    assert of_rule["record_further"] == "Record"


def test_the_plan_is_told_before_anything_runs(handler):
    start(handler, {"correct_motion": 69, "train_network": 1, "plot_agreement": 2, "all": 1})
    text = shown(handler)
    assert "73 steps on 4 cores:" in text
    assert re.search(r"Motion correction +69\n", text) and re.search(r"Figures +2\n", text)
    # (69 x 7.3 s + 900 s + 2 x 3 s + 3 s) / 4 cores
    assert "This takes about 6 minutes (estimated from the default study" in text


def test_a_smaller_study_is_expected_to_end_sooner(handler):
    start(handler, {"correct_motion": 69, "train_network": 1}, "tests/integration/tiny.yaml")
    assert "This takes less than a minute" in shown(handler)


def test_a_finished_stage_is_one_line(handler):
    start(handler, {"correct_motion": 2, "plot_agreement": 1})
    shown(handler)
    run(handler, 1, "correct_motion")
    send(handler, LogEvent.PROGRESS, done=1, total=3)
    run(handler, 3, "plot_agreement")
    assert re.fullmatch(r"\[ +0 min 0\d s\] Figures: 1 job done, step 2 of 3\n", shown(handler))
    run(handler, 2, "correct_motion")
    assert "Motion correction: 2 jobs done" in shown(handler)
    send(handler, None, "Select jobs to execute...")
    assert shown(handler) == ""


def test_what_a_checkpoint_adds_is_told_at_the_end(handler):
    start(handler, {"correct_motion": 1})
    shown(handler)
    for number in range(3):
        run(handler, number, "compute_relevance")
    assert shown(handler) == ""
    stream = handler.stream
    handler.close()
    assert "Relevance: 3 jobs done" in stream.getvalue()


def test_an_error_is_shown_at_once_with_the_jobs_message(handler, tmp_path):
    log = tmp_path / "job.log"
    log.write_text("Error: patient P1: no label")
    start(handler, {"correct_motion": 1})
    shown(handler)
    message = "Correcting motion of patient P1"
    names = {"rule_name": "correct_motion", "jobid": 1}
    send(handler, LogEvent.JOB_INFO, rule_msg=message, **names)
    send(handler, LogEvent.JOB_ERROR, "failed", logging.ERROR, log=[str(log)], **names)
    first, *rest = shown(handler).splitlines()
    assert first == f"Error: {message}: the job failed (rule correct_motion)"
    assert "Error: patient P1: no label" in rest


def test_warnings_and_an_empty_plan_are_shown(handler):
    send(handler, None, "the disk is nearly full", logging.WARNING)
    send(handler, None, "Nothing to be done (all requested files are present).")
    assert shown(handler).splitlines() == [
        "the disk is nearly full",
        "Nothing to be done (all requested files are present).",
    ]


def test_times_of_an_earlier_run_are_used(handler, tmp_path):
    folder = tmp_path / "results/benchmarks/correct_motion"
    folder.mkdir(parents=True)
    (folder / "P1.tsv").write_text("s\n2400\n")
    start(handler, {"correct_motion": 2})
    assert "This takes about 20 minutes (estimated from the last run here)" in shown(handler)
