"""Time and memory of the workflow's jobs, from the benchmark files that Snakemake wrote."""

from pathlib import Path

import pandas as pd

from mrelevance.runtime.result_paths import VARIANTS


def read_benchmarks(folder: str | Path) -> pd.DataFrame:
    """One row per job: rule, part, seconds, cpu_s (processor seconds), memory_mb (peak).

    `part` is the rest of the file's path, for example the patient, and is empty if a rule has a
    single job. cpu_s and memory_mb are NA for jobs that were too short to be measured.
    """
    rows = []
    for path in sorted(Path(folder).rglob("*.tsv")):
        rule, *part = path.relative_to(folder).with_suffix("").parts
        measured = pd.read_csv(path, sep="\t", na_values=["-"])
        rows += [
            (rule, "/".join(part), *values)
            for values in measured[["s", "cpu_time", "max_rss"]].itertuples(index=False, name=None)
        ]
    return pd.DataFrame(rows, columns=["rule", "part", "seconds", "cpu_s", "memory_mb"])


def jobs_of_study(results: str | Path) -> pd.DataFrame:
    """Jobs of the study and all its variants: the rows of `read_benchmarks`.

    For jobs of a variant, `part` begins with the name of the variant and a slash.
    """
    results = Path(results)
    tables = [read_benchmarks(results / "benchmarks")]
    for folder in sorted(results.glob(f"{VARIANTS}/*/benchmarks")):
        jobs = read_benchmarks(folder)
        parts = f"{folder.parent.name}/" + jobs["part"]
        tables.append(jobs.assign(part=parts.str.rstrip("/")))
    return pd.concat(tables, ignore_index=True)


def per_rule(jobs: pd.DataFrame) -> pd.DataFrame:
    """Sum up the jobs of `read_benchmarks`: one row per rule, the longest total time first.

    Index: rule. Columns: jobs, total_s, median_s, longest_s, cpu_s (all jobs), peak_mb (the
    largest of one job).
    """
    return (
        jobs.groupby("rule")
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
