"""Time and peak memory of every stage of a run, from the benchmark files that Snakemake wrote.

python benchmarks/stages.py [results/benchmarks]
"""

import sys
from pathlib import Path

from mrelevance.timings import per_rule, read_benchmarks


def main() -> None:
    """Print one line per rule, the longest first."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "results/benchmarks")
    jobs = read_benchmarks(folder)
    if jobs.empty:
        sys.exit(f"Error: no benchmark files in {folder}; run the workflow first")
    print(per_rule(jobs).round(1).to_string())
    print(f"\n{len(jobs)} jobs, {jobs['seconds'].sum() / 60:.1f} min of work in total")


if __name__ == "__main__":
    main()
