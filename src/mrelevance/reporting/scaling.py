"""The cost of a study per patient, and of larger studies by extrapolation."""

import math
import os
from pathlib import Path

import pandas as pd

from mrelevance.reporting.timings import per_rule
from mrelevance.runtime.stages import STAGES, stages_computed
from mrelevance.runtime.variants import named_variants, varied

# Their cost follows from the configuration (steps, lesions to map), not from the patients.
FIXED = ("train_network", "perturb_maps", "randomise_network", "map_lesion")
# Folders of results that do not grow with the patients.
FIXED_FOLDERS = ("cohort", "figures", "model", "protocol", "summary", "variants")


def stage_costs(jobs: pd.DataFrame) -> pd.DataFrame:
    """Costs of every rule: the columns of `per_rule`, core_s and grows_with.

    core_s are the core seconds of its jobs: the processor time of training, which uses several
    cores, and the elapsed time of all other jobs, which use one. grows_with is *patients* for a
    rule with one job per patient, *cohort* for a rule with a single job that reads the results of
    all patients, and *nothing* for a rule of fixed cost.
    """
    costs = per_rule(jobs)
    costs["core_s"] = costs["cpu_s"].where(costs.index == "train_network", costs["total_s"])
    single = (jobs["part"] == "").groupby(jobs["rule"]).any()
    costs["grows_with"] = [
        "nothing" if rule in FIXED else "cohort" if single[rule] else "patients"
        for rule in costs.index
    ]
    return costs


def disk_use(results: str | Path) -> pd.DataFrame:
    """Size of every folder of the results.

    Index: folder; `.` stands for the files outside all folders. Columns: files, disk_mb, and
    per_patient_mb, the size divided by the number of patients that have a subfolder there, NA
    where none has.
    """
    results = Path(results)
    patients = set(os.listdir(results / "raw"))
    rows = {".": []}
    # Results may be links into a cache, and a link may be broken.
    for folder, _, names in os.walk(results, followlinks=True):
        top = Path(folder).relative_to(results).parts[:1]
        paths = [Path(folder, name) for name in names]
        sizes = [path.stat().st_size for path in paths if path.exists()]
        rows.setdefault(top[0] if top else ".", []).extend(sizes)
    table = pd.DataFrame(
        {"files": len(sizes), "disk_mb": sum(sizes) / 1e6} for sizes in rows.values()
    ).set_axis(pd.Index(rows, name="folder"))
    shared = {name: len(patients & set(os.listdir(results / name))) for name in rows if name != "."}
    table["per_patient_mb"] = table["disk_mb"] / pd.Series(shared).replace(0, float("nan"))
    return table.sort_values("disk_mb", ascending=False)


def variant_costs(costs: pd.DataFrame, stages: dict[str, str], config: dict) -> pd.DataFrame:
    """Cost of all results of each variant, estimated from the times of the study.

    Parameters
    ----------
    costs
        Result of `stage_costs` for the study.
    stages
        The stage of each rule.
    config
        Configuration of the study, with its variants.

    Returns
    -------
    pandas.DataFrame
        Columns: variant, core_minutes, and begins, the first stages that the variant computes
        itself. The last row stands for any network with fewer sequences.
    """
    per_stage = costs["core_s"].groupby(costs.index.map(stages)).sum()
    fewer = {"sequences": config["sequences"][:-1]}
    rows = []
    for name, changes in (named_variants(config) | {"a subset of the sequences": fewer}).items():
        computed = stages_computed(config, varied(config, changes))
        begins = [
            stage
            for stage in STAGES.values()
            if stage.name in computed and not computed.intersection(stage.follows)
        ]
        minutes = per_stage.reindex(list(computed)).sum() / 60
        rows.append([name, minutes, ", ".join(stage.name for stage in begins)])
    return pd.DataFrame(rows, columns=["variant", "core_minutes", "begins"])


def extrapolate(
    costs: pd.DataFrame,
    disk: pd.DataFrame,
    measured: int,
    tested: int,
    wanted: list[int],
    cores: int,
    cluster: dict,
) -> pd.DataFrame:
    """Costs of studies of other sizes, one row for each number of patients in `wanted`.

    Parameters
    ----------
    costs, disk
        Results of `stage_costs` and `disk_use` for a study of `measured` patients, of which
        `tested` are test patients.
    cores
        Number of cores of the single machine; all are assumed to be busy.
    cluster
        `jobs`, how many run at once; `cores` of each job; and how many patients share one job
        before training (`prepare`) and after it (`explain`).

    Returns
    -------
    pandas.DataFrame
        Columns: patients, jobs, slurm_jobs, core_hours, machine_hours, cluster_hours, disk_gb,
        files. Costs that grow do so in proportion to the patients. Image size, network and the
        proportion of test patients stay the same. On the cluster, the tables and figures of the
        cohort are one job, and training takes as long as measured.
    """
    of = {kind: rows for kind, rows in costs.groupby("grows_with")}
    none = costs.iloc[:0]
    patient, cohort, fixed = (of.get(kind, none) for kind in ("patients", "cohort", "nothing"))
    grows = ~disk.index.isin(FIXED_FOLDERS)
    rows = []
    for patients in wanted:
        scale = patients / measured
        grown = scale * (patient["core_s"].sum() + cohort["core_s"].sum())
        core_s = grown + fixed["core_s"].sum()
        cluster_s = (
            scale * patient["core_s"].sum() / (cluster["jobs"] * cluster["cores"])
            + scale * cohort["core_s"].sum() / cluster["cores"]
            + fixed["total_s"].sum()
        )
        rows.append(
            {
                "patients": patients,
                "jobs": round(scale * patient["jobs"].sum())
                + cohort["jobs"].sum()
                + fixed["jobs"].sum(),
                "slurm_jobs": math.ceil(patients / cluster["prepare"])
                + math.ceil(patients * tested / measured / cluster["explain"])
                + fixed["jobs"].sum()
                + 2,  # the split, and all tables and figures
                "core_hours": core_s / 3600,
                "machine_hours": core_s / 3600 / cores,
                "cluster_hours": cluster_s / 3600,
                "disk_gb": (scale * disk["disk_mb"][grows].sum() + disk["disk_mb"][~grows].sum())
                / 1e3,
                "files": round(scale * disk["files"][grows].sum() + disk["files"][~grows].sum()),
            }
        )
    return pd.DataFrame(rows)
