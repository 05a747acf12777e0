"""What a finished run cost, stage by stage, and what studies of other sizes would.

python benchmarks/stages.py [results] [patients ...]
"""

import sys
from pathlib import Path

import yaml

from mrelevance.reporting.machine import hardware
from mrelevance.reporting.record import RECORD
from mrelevance.reporting.scaling import disk_use, extrapolate, stage_costs, variant_costs
from mrelevance.reporting.timings import read_benchmarks
from mrelevance.runtime.files import read_json

SLURM = Path(__file__).parents[1] / "profiles/slurm/config.yaml"


def main() -> None:
    """Print time and memory of every rule, the disk's folders, and the needs of other cohorts."""
    results = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    wanted = [int(number) for number in sys.argv[2:]] or [10, 1000, 100_000]
    jobs = read_benchmarks(results / "benchmarks")
    if jobs.empty:
        sys.exit(f"Error: no benchmark files in {results}/benchmarks; run the workflow first")
    costs = stage_costs(jobs)
    print(costs.round(1).to_string())
    print(f"\n{len(jobs)} jobs, {jobs['seconds'].sum() / 60:.1f} min of work in total\n")

    disk = disk_use(results)
    print(disk.round(1).to_string())
    print(f"\n{disk['files'].sum()} files, {disk['disk_mb'].sum() / 1e3:.2f} GB in total\n")

    record = read_json(results / RECORD) if (results / RECORD).exists() else {}
    taken = record.get("from_cache", {})
    if taken:
        print(
            f"{sum(taken.values())} jobs came from a cache ({', '.join(taken)}) and count as "
            "nothing above, so what other numbers of patients need is not known."
        )
        return

    if record:
        print("All results of a variant, beside those of the study that it reads:")
        variants = variant_costs(costs, record["stages"], record["configuration"])
        print(f"{variants.round(1).to_string(index=False)}\n")

    measured, tested = (len(list((results / name).iterdir())) for name in ("raw", "prediction"))
    cores = hardware()["cores"]
    profile = yaml.safe_load(SLURM.read_text())
    cluster = {name: profile[name] for name in ("jobs", "cores")} | profile["group-components"]
    needs = extrapolate(costs, disk, measured, tested, wanted, cores, cluster)
    print(
        f"From {measured} patients, {tested} of them tested, to other numbers of such patients, on"
    )
    print(
        f"{cores} cores of one machine, and on {cluster['jobs']} x {cluster['cores']} of a cluster:"
    )
    print(needs.round(1).to_string(index=False))


if __name__ == "__main__":
    main()
