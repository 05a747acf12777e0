"""What a job writes about its own time and memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from mrelevance.reporting.timings import read_benchmarks
from mrelevance.runtime.benchmark import benchmark_of

# Waits, computes and holds memory, each for a known amount.
JOB = """
import time
from mrelevance.runtime.benchmark import record_benchmark
started = time.process_time()
held = bytearray(300 * 2**20)
del held
while time.process_time() - started < 0.3:
    pass
time.sleep(0.4)
record_benchmark("results/logs/compute_relevance/P.1.log")
"""


@pytest.mark.parametrize(
    ("log", "benchmark"),
    [
        ("results/logs/train_network.log", "results/benchmarks/train_network.tsv"),
        ("results/logs/compute_relevance/P.1.log", "results/benchmarks/compute_relevance/P.1.tsv"),
        ("results/logs/a/b/P1.log", "results/benchmarks/a/b/P1.tsv"),
        ("results/variants/v/logs/a/P1.log", "results/variants/v/benchmarks/a/P1.tsv"),
        ("results/variants/logs/logs/a.log", "results/variants/logs/benchmarks/a.tsv"),
    ],
)
def test_benchmarks_lie_like_logs(log, benchmark):
    assert benchmark_of(log) == Path(benchmark)


def test_time_and_memory_are_those_of_the_process(tmp_path):
    subprocess.run([sys.executable, "-c", JOB], cwd=tmp_path, check=True)
    (job,) = read_benchmarks(tmp_path / "results/benchmarks").to_dict("records")
    assert job["rule"] == "compute_relevance"
    # Given back before the end, the memory counts all the same; a job cannot take less.
    assert 300 < job["memory_mb"] < 900
    assert job["seconds"] >= 0.7
    assert 0.3 <= job["cpu_s"] <= job["seconds"] + 0.1
