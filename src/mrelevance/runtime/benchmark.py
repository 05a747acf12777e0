"""Time and memory of a job that measures itself.

Snakemake does not measure jobs of rules whose results may come from a cache. Such a job writes a
file with those columns of Snakemake's benchmark files that are read here, in the same folder.
"""

import os
import re
import time
from pathlib import Path

import psutil

from mrelevance.runtime.files import written_whole
from mrelevance.runtime.result_paths import results_of, variant_of


def benchmark_of(log: str | Path) -> Path:
    """Path of a job's benchmark: that of its log, with folder `benchmarks` instead of `logs`."""
    results = Path(results_of(variant_of(log)))
    job = Path(log).relative_to(results / "logs")
    return (results / "benchmarks" / job).with_suffix(".tsv")


def record_benchmark(log: str | Path) -> None:
    """Write the time and memory of this process since its start; call it last. Linux only.

    Columns: s (seconds), max_rss (largest resident memory in MB), cpu_time (processor seconds of
    all threads). `log` is the path of the job's log.
    """
    seconds = time.time() - psutil.Process().create_time()
    # The peak of resource.getrusage would include the process that started this one.
    peak_kb = re.search(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    cpu = os.times()
    values = (seconds, int(peak_kb[1]) / 1024, sum(cpu[:4]))
    path = benchmark_of(log)
    with written_whole(path) as beside:
        beside.write_text("s\tmax_rss\tcpu_time\n" + "\t".join(f"{v:.2f}" for v in values) + "\n")
