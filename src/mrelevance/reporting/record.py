"""The record of a study: what was computed from what, by what, and the checksum of every result.

It is `results/provenance.json`. Paths in it start at the results folder, which may be moved.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mrelevance.cohort.kinds import kind_of
from mrelevance.cohort.references import path_of
from mrelevance.cohort.sheet import SPLIT, SUBJECT, images_in, read_sheet
from mrelevance.reporting.machine import container, hardware, versions
from mrelevance.reporting.timings import jobs_of_study, per_rule
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_json, sha256
from mrelevance.runtime.network_source import files_of_source, is_trained_elsewhere
from mrelevance.runtime.result_paths import GUIDE, VARIANTS
from mrelevance.runtime.versions import commit

RECORD = "provenance.json"
# Records of what goes beyond the study, one for each target.
FURTHER_RECORDS = "provenance"
# What is no result, in the study and in variants: how it was computed, what the network was tried
# with, what an interrupted training continues from, and texts written from the record.
NOT_RECORDED = (
    "benchmarks",
    "logs",
    "trial",
    "model/checkpoint.pt",
    GUIDE,
    RECORD,
    FURTHER_RECORDS,
    "ro-crate-metadata.json",
    "report/report.html",
    "report/index.html",
    "report/patients",
    "report/methods.md",
    "report/claim_checklist.md",
)


def result_files(results: str | Path) -> list[str]:
    """Paths of all results, from the results folder; hidden files are none.

    What lies in a cache and is linked from here, be it a file or a folder, is a result too.
    """
    found = []
    for folder, _, names in os.walk(results, followlinks=True):
        for path in (Path(folder, name) for name in names):
            inside = path.relative_to(results)
            if not path.is_file() or any(part.startswith(".") for part in inside.parts):
                continue
            # A variant has the layout of the study.
            place = Path(*inside.parts[2:]) if inside.parts[0] == VARIANTS else inside
            if not any(place.is_relative_to(other) for other in NOT_RECORDED):
                found.append(inside)
    return [path.as_posix() for path in sorted(found)]


def study_record(
    results: str | Path,
    project: str | Path,
    target: str,
    config: dict,
    from_cache: dict[str, int],
    stages: dict[str, str],
) -> dict:
    """Describe the results in a folder: the content of `provenance.json`.

    `project` is the folder that paths of the configuration start at, `target` what was asked for,
    `from_cache` how many jobs of which rule were taken from a cache, `stages` the stage of each
    rule. Times are of the last run of
    each job here; nothing in `files` depends on them.
    """
    results = Path(results)
    files = _checksums(results, result_files(results))
    made_by, made_at, made_in = versions(), commit(), container()
    times = per_rule(jobs_of_study(results))
    return {
        "target": target,
        "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": made_at,
        "seed": config["seed"],
        "configuration": config,
        "inputs": study_inputs(config, Path(project)),
        "versions": made_by,
        "container": made_in,
        "hardware": hardware(),
        # Jobs shorter than a measurement have no memory and no processor time: null in JSON.
        "rules": times.round(3).astype(object).where(times.notna(), None).to_dict("index"),
        "stages": stages,
        "from_cache": from_cache,
        "made_otherwise": made_otherwise(results, files, made_at, made_by, made_in),
        "files": files,
    }


def _checksums(results: Path, paths: list[str]) -> dict[str, str]:
    checksums = {}
    for path in paths:
        # Steps of another target may be at work, and what they make anew is gone at first.
        with suppress(FileNotFoundError):
            checksums[path] = sha256(results / path)
    return checksums


def study_inputs(config: dict, project: Path) -> dict:
    """What the study started from: the sample sheet, the patients, the network if it had one.

    A patient of the phantom follows from its name and the seed. Otherwise each patient has the
    images and masks of the sample sheet, with their SHA-256. So have the files of a network that
    was trained elsewhere.

    Raises
    ------
    InputError
        The sample sheet, one of its images or a file of the network cannot be read.
    """
    cohort = config["cohort"]
    path = project / cohort["patients"]
    sheet = read_sheet(path, config["sequences"], cohort["source"], cohort["incomplete"])
    described = {
        "source": cohort["source"],
        "sample_sheet": {"path": cohort["patients"], "sha256": sha256(path)},
        "split": "sample sheet" if SPLIT in sheet.columns else "drawn",
        "subjects": SUBJECT in sheet.columns,
    }
    if is_trained_elsewhere(config):
        described["network"] = _network_files(config, project)
    if not kind_of(cohort["source"]).reads_images:
        return described | {"seed": cohort["seed"], "patients": list(sheet.rows)}
    folder = project / cohort["data"]
    checked = {patient: _images(patient, row, folder) for patient, row in sheet.rows.items()}
    return described | {"images": checked}


def _network_files(config: dict, project: Path) -> list[dict[str, str]]:
    """Path, as the configuration writes it, and SHA-256 of every file of the network."""
    source, inference = config["network"]["source"], config["inference"]
    files = files_of_source(project / source, inference["folds"], inference["checkpoint"])
    written = str if Path(source).is_absolute() else lambda file: os.path.relpath(file, project)
    return [{"path": written(file), "sha256": sha256(file)} for file in files]


def _images(patient: str, row: dict[str, str], folder: Path) -> dict[str, dict]:
    described = {}
    for column in images_in(row):
        path = folder / path_of(row[column])
        if not path.exists():
            raise InputError(
                f"patient {patient}, {column}: {path} does not exist any more; "
                "put it back, so that its checksum can be recorded"
            )
        described[column] = {"path": row[column], "sha256": sha256(path)}
    return described


def made_otherwise(
    results: Path,
    files: dict[str, str],
    current_commit: str | None,
    current: dict,
    current_container: dict | None = None,
) -> dict[str, dict]:
    """Results that say of themselves that another commit or version made them, or other inputs.

    Their steps did not run again because nothing they depend on has changed: then the commit is
    older. Versions that differ mean that packages were changed since, `container` that a step ran
    in another image, or outside of one. `changed_inputs` are files that a table was made from and
    that are others now: the table is out of date.
    """
    current_image = current_container["image"] if current_container else None
    now = {"python": current["python"]} | current["packages"]
    found = {}
    for path in files:
        if not path.endswith(".json"):
            continue
        try:
            origin = read_json(results / path)
        except FileNotFoundError:  # a step of another target makes it anew
            continue
        if not isinstance(origin.get("versions"), dict):
            continue
        other = {
            name: version
            for name, version in origin["versions"].items()
            if now.get(name.lower()) != version
        }
        inputs = origin.get("inputs_sha256", {})
        changed = [
            name
            for name, checksum in inputs.items()
            if files.get(name.removeprefix("results/"), checksum) != checksum
        ]
        differs = {"versions": other, "changed_inputs": changed}
        differs = {key: value for key, value in differs.items() if value}
        for key, now_is in (("commit", current_commit), ("container", current_image)):
            if origin.get(key, now_is) != now_is:
                differs[key] = origin[key]
        if differs:
            found[path] = differs
    return found
