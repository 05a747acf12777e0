"""What Snakemake takes to plan studies of many phantom patients, with and without groups.

python benchmarks/plan.py [patients ...]

Run it in the project's folder. A third of the patients are tested.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

PROJECT = Path(__file__).parents[1]
PROFILES = {"one machine": ["--cores", "all"], "Slurm": ["--profile", PROJECT / "profiles/slurm"]}


def write_study(folder: Path, patients: int) -> Path:
    """Write sample sheet and configuration; the path of the latter."""
    splits = ["train", "train", "test"]
    rows = [f"P{number:06d}\t{splits[number % 3]}" for number in range(patients - 1)]
    sheet = folder / "patients.tsv"
    sheet.write_text("\n".join(["patient\tsplit", *rows, "V\tvalidation"]) + "\n")
    config = folder / "config.yaml"
    config.write_text(f"cohort: {{patients: {sheet}}}\n")
    # The free disk is not checked again where results are.
    (folder / "results").mkdir()
    return config


def plan(folder: Path, config: Path, profile: list) -> dict:
    """Plan the study; jobs, seconds and peak memory."""
    output = folder / "plan.txt"
    command = ["snakemake", "--dry-run", "--quiet", "rules", "--snakefile", PROJECT / "Snakefile"]
    with output.open("w") as file:
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--directory", folder, "--configfile", config, *profile],
            cwd=PROJECT,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(output.read_text())
    return {
        "jobs": int(re.search(r"^total +(\d+)", output.read_text(), re.MULTILINE)[1]),
        "seconds": time.perf_counter() - started,
        "processor_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }


def main() -> None:
    """Print one line per number of patients and profile, as soon as it is known."""
    rows = []
    for patients in [int(number) for number in sys.argv[1:]] or [100, 300, 1000]:
        for name, profile in PROFILES.items():
            with tempfile.TemporaryDirectory() as folder:
                config = write_study(Path(folder), patients)
                rows.append({"patients": patients, "profile": name})
                rows[-1] |= plan(Path(folder), config, profile)
                print(rows[-1], file=sys.stderr)
    print(pd.DataFrame(rows).round(1).to_string(index=False))


if __name__ == "__main__":
    main()
