"""What a user sees of a run: the plan, a line for each finished stage, and errors at once.

Snakemake finds this package by its name, in a folder of PYTHONPATH; `make reproduce` turns it on
with `--logger progress`. Everything else is in Snakemake's own log file, as always.
"""

import logging
import re
import sys
import time
from collections import Counter
from pathlib import Path

from snakemake.logging import show_logs
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from mrelevance.runtime.configuration_file import read_configuration
from mrelevance.runtime.expected_time import (
    expected_seconds,
    in_words,
    measured_seconds,
    scales,
)
from mrelevance.runtime.study_folder import DEFAULT

PROJECT = Path(__file__).parents[3]
RULES = PROJECT / "workflow/rules"
STAGES = {
    "trial": "Trial of the network",
    "raw_phantom": "Images",
    "raw_images": "Images",
    "motion": "Motion correction",
    "preprocess": "Preprocessing",
    "import_network": "Network trained elsewhere",
    "train": "Training",
    "network": "Segmentation",
    "relevance": "Relevance",
    "evaluation": "Measurements",
    "maps": "Tests of maps",
    "protocol": "Choice of sequences",
    "tables": "Tables",
    "figures": "Figures",
    "report": "Report",
    "provenance": "Record",
}
"""Stage of the rules in each file, in the order in which they run."""
SHOWN = ("Nothing to be done", "Complete log")


def stages_of_rules() -> dict[str, str]:
    """Stage of every rule that has a name in the files of rules."""
    return {
        rule: stage
        for file, stage in STAGES.items()
        for rule in re.findall(
            r"^(?:rule|checkpoint|use rule \w+ as) (\w+)",
            (RULES / f"{file}.smk").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    }


class LogHandler(LogHandlerBase):
    """Writes to the terminal in place of Snakemake's own handler."""

    def __post_init__(self) -> None:
        """Start with an empty plan."""
        self.stream = sys.stderr
        self.started = time.monotonic()
        self.of_rule = stages_of_rules()
        self.configurations: list[str] = []
        self.cores = 1
        self.planned: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.running: dict[int, str] = {}
        self.messages: dict[int, str] = {}
        self.reported: set[str] = set()
        self.steps = (0, 0)

    @property
    def writes_to_stream(self) -> bool:
        """Snakemake then leaves the terminal to this handler."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Its log file is Snakemake's own."""
        return False

    @property
    def has_filter(self) -> bool:
        """Sees all records, whatever Snakemake should be quiet about."""
        return True

    @property
    def has_formatter(self) -> bool:
        """Errors look as Snakemake formats them."""
        return False

    @property
    def needs_rulegraph(self) -> bool:
        """Counts of jobs suffice."""
        return False

    def emit(self, record: logging.LogRecord) -> None:
        """Show what a record means for the user."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_ERROR:
            self.fail(record)
        elif record.levelno >= logging.WARNING:
            self.show(self.format(record))
        elif event == LogEvent.WORKFLOW_STARTED:
            self.configurations = [str(path) for path in record.configfiles]
        elif event == LogEvent.RESOURCES_INFO:
            self.cores = getattr(record, "cores", None) or self.cores
        elif event == LogEvent.RUN_INFO:
            self.plan(dict(record.stats))
        elif event == LogEvent.JOB_INFO:
            stage = self.stage_of(record.rule_name)
            if record.jobid not in self.running:
                self.seen[stage] += 1
            self.running[record.jobid] = stage
            self.messages[record.jobid] = record.rule_msg
        elif event == LogEvent.JOB_FINISHED:
            self.finish(record.job_id)
        elif event == LogEvent.PROGRESS:
            self.steps = (record.done, record.total)
        elif str(record.msg).startswith(SHOWN):
            self.show(str(record.msg))

    def fail(self, record: logging.LogRecord) -> None:
        """Say at once which job failed, with what its log says."""
        what = self.messages.get(record.jobid) or f"rule {record.rule_name}"
        lines = [f"Error: {what}: the job failed (rule {record.rule_name})", *show_logs(record.log)]
        self.show("\n".join(lines))

    def plan(self, jobs: dict[str, int]) -> None:
        """Say what will run and how long it should take."""
        total = jobs.pop("total")
        self.planned.clear()
        for rule, number in jobs.items():
            if rule != "all":
                self.planned[self.stage_of(rule)] += number
        self.show(f"{_counted(total, 'step')} on {_counted(self.cores, 'core')}:")
        for stage in dict.fromkeys(STAGES.values()):
            if self.planned[stage]:
                self.show(f"  {stage:<28}{self.planned[stage]:>5}")
        self.show(f"This takes {self.expected(jobs)}.")

    def expected(self, jobs: dict[str, int]) -> str:
        """The time in words, with what it is estimated from."""
        measured = measured_seconds("results/benchmarks")
        default = read_configuration(PROJECT / DEFAULT, PROJECT)
        # The list holds the default configuration, too.
        given = [Path(path) for path in self.configurations if Path(path).is_file()]
        own = [path for path in given if not path.samefile(PROJECT / DEFAULT)]
        config = read_configuration(own[-1], PROJECT) if own else default
        of_images, of_training = scales(config, default)
        seconds = expected_seconds(jobs, self.cores, measured, of_images, of_training)
        basis = "from the last run here" if measured else "from the default study on a server"
        if not measured and config["cohort"]["source"] != "phantom":
            size = " x ".join(map(str, default["phantom"]["size"]))
            basis += f"; images larger than its {size} voxels take longer"
        return f"{in_words(seconds)} (estimated {basis})"

    def finish(self, job: int) -> None:
        """Count a job; say so if it was the last one of its stage."""
        stage = self.running.pop(job, None)
        if stage is None:
            return
        self.finished[stage] += 1
        # Jobs that only a checkpoint has added are told at the end: more may follow.
        if self.finished[stage] == self.planned[stage] == self.seen[stage]:
            self.report(stage)

    def report(self, stage: str) -> None:
        """The line of a finished stage."""
        done, total = self.steps
        self.reported.add(stage)
        number = self.finished[stage]
        place = f", step {done + 1} of {total}" if total else ""
        self.show(f"[{self.elapsed()}] {stage}: {_counted(number, 'job')} done{place}")

    def close(self) -> None:
        """At the end, the stages that checkpoints have made larger, or that did not finish."""
        for stage, number in self.finished.items():
            if stage not in self.reported and number:
                self.report(stage)
        self.finished.clear()
        super().close()

    def stage_of(self, rule: str) -> str:
        """Stage of a rule; tables and figures have theirs from catalogues."""
        if rule in self.of_rule:
            return self.of_rule[rule]
        return STAGES["figures"] if rule.startswith("plot_") else STAGES["tables"]

    def elapsed(self) -> str:
        """Time since the start."""
        minutes, seconds = divmod(round(time.monotonic() - self.started), 60)
        return f"{minutes:3d} min {seconds:02d} s"

    def show(self, text: str) -> None:
        """Write a line at once."""
        self.stream.write(f"{text}\n")
        self.stream.flush()


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
