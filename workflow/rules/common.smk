"""Configuration and sample sheet, checked before anything runs."""

import math
import os
import sys
from pathlib import Path

from mrelevance import code
from mrelevance.cohort.sheet import LABEL, MASK, read_sheet
from mrelevance.configuration import (
    check_configuration,
    check_files,
    check_free_space,
    configuration_of_network,
    expected_bytes,
    other_networks,
)
from mrelevance.errors import InputError, StorageError
from mrelevance.files import check_writable, read_table, sha256
from mrelevance.phantom.settings import check_settings
from mrelevance.running import mark_running, remove_stale_lock
from mrelevance.summary.subsets import sequences_of

# For the jobs' processes: glibc gives large tensors back to the system when they are freed, and
# getting them again, page by page, would take up to a third of the time of relevance and training.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(4 * 2**30))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(8 * 2**30))

WORKFLOW = Path(workflow.current_basedir).parent
PROJECT = WORKFLOW.parent


configfile: str(PROJECT / "config/config.yaml")


def read_cohort():
    """Check sample sheet, files and free disk space; the sheet with patients as its index."""
    cohort, sequences = config["cohort"], config["sequences"]
    sheet = read_sheet(PROJECT / cohort["patients"], sequences, cohort["source"])
    sheet = sheet.set_index("patient", drop=False)
    if cohort["source"] == "phantom":
        check_settings(config["phantom"], sequences, config["reference"])
        values = math.prod(config["phantom"]["size"]) * len(sequences) * len(sheet)
    else:
        # Compressed images take about a byte per voxel.
        values = check_files(
            (f"patient {patient}, {column}", DATA / path)
            for column in sheet.columns.drop(["patient", "split"], errors="ignore")
            for patient, path in sheet[column].items()
        )
    gallery = config["evaluation"]["maps"]["gallery_patient"]
    if gallery is not None and gallery not in sheet.index:
        raise InputError(
            f"configuration: evaluation.maps.gallery_patient is {gallery}, which is not in the "
            "sample sheet"
        )
    check_writable("results" if Path("results").exists() else ".")
    if not Path("results").exists():
        tested = (
            (sheet["split"] == "test").mean()
            if "split" in sheet
            else cohort["test_share"]
        )
        check_free_space(
            ".", expected_bytes(values, tested, len(config["relevance"]["composites"]))
        )
    return sheet


try:
    check_configuration(config, WORKFLOW / "schemas/config.schema.json")
    DATA = PROJECT / config["cohort"]["data"]
    SHEET = read_cohort()
except (InputError, StorageError) as error:
    sys.exit(f"Error: {error}")

if remove_stale_lock(".snakemake"):
    print(
        "The last run here died; its lock is removed, and the study goes on.",
        file=sys.stderr,
    )

SEQUENCES = config["sequences"]
REFERENCE = config["reference"]
PATIENTS = list(SHEET["patient"])
# Patient to train, validation or test; None where the sheet leaves the split to be drawn.
SPLIT = SHEET["split"].to_dict() if "split" in SHEET else None
# Where the maps of each composite lie. Rules that read the relevance tables ask for these folders
# too, because Snakemake runs a rule again for a new output only if some rule asks for it.
VOLUMES = expand(
    "results/relevance/{{patient}}/{composite}",
    composite=config["relevance"]["composites"],
)
# How the network is applied to a patient; how its result is scored does not belong here.
WINDOWS = {key: config["inference"][key] for key in ("window", "overlap")}

# How images are registered; what happens to failed registrations does not belong here.
REGISTRATION = {
    key: value for key, value in config["motion"].items() if key != "on_failure"
}
# Less correction than configured, to see what the configured one is good for.
METHODS = ["deformable", "rigid", "none"]
LESS_CORRECTION = METHODS[METHODS.index(config["motion"]["method"]) + 1 :]
# What else could stand for a missing sequence than configured.
REFERENCES = ["inpainted", "zero", "shuffled"]
OTHER_REFERENCES = [
    kind for kind in REFERENCES if kind != config["relevance"]["reference"]
]
# Variants of the phantom of which a right answer is known.
ANSWER_KNOWN = (
    config["cohort"]["source"] == "phantom" and config["phantom"]["variant"] != "study"
)
EXCLUDE_FAILED = config["motion"]["on_failure"] == "exclude"
# Networks set beside the study's.
NETWORKS = other_networks(config)


wildcard_constraints:
    patient="|".join(map(re.escape, PATIENTS)),
    correction="|".join(METHODS),
    reference="|".join(REFERENCES),
    network="|".join(map(re.escape, NETWORKS)),
    subset="[^/]+",
    target=r"\w+",


def code_version(script):
    """Fingerprint of a script of the workflow and of the library code that it runs."""
    return code.code_version(WORKFLOW / "scripts" / f"{script}.py")


def notebook_version(notebook):
    """Fingerprint of a notebook and of the library code that it runs."""
    return code.code_version(PROJECT / "notebooks" / f"{notebook}.ipynb")
