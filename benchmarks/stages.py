"""Time and peak memory of every stage of a run, from the benchmark files that Snakemake wrote.

python benchmarks/stages.py [results/benchmarks]
"""

import sys
from pathlib import Path

import pandas as pd


def read_benchmarks(folder: Path) -> pd.DataFrame:
    """One row per job: rule, seconds, processor seconds, peak memory in MB."""
    tables = []
    for path in sorted(folder.rglob("*.tsv")):
        table = pd.read_csv(path, sep="\t", na_values=["-"])
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        tables.append(
            pd.DataFrame(
                {
                    "rule": rule,
                    "seconds": table["s"],
                    "cpu_s": table["cpu_time"],
                    "memory_mb": table["max_rss"],
                }
            )
        )
    if not tables:
        sys.exit(f"Error: no benchmark files in {folder}; run the workflow first")
    return pd.concat(tables, ignore_index=True)


def main() -> None:
    """Print one line per rule, the longest first."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "results/benchmarks")
    stages = (
        read_benchmarks(folder)
        .groupby("rule")
        .agg(
            jobs=("seconds", "size"),
            total_s=("seconds", "sum"),
            median_s=("seconds", "median"),
            longest_s=("seconds", "max"),
            cpu_s=("cpu_s", "sum"),
            peak_mb=("memory_mb", "max"),
        )
        .sort_values("total_s", ascending=False)
    )
    print(stages.round(1).to_string())
    print(f"\n{stages['jobs'].sum()} jobs, {stages['total_s'].sum() / 60:.1f} min of work in total")


if __name__ == "__main__":
    main()
