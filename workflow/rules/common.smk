"""Configuration, sample sheet, and the input functions of the rules."""

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
    expected_bytes,
)
from mrelevance.errors import InputError
from mrelevance.files import read_table, sha256
from mrelevance.phantom.settings import check_settings

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
except InputError as error:
    sys.exit(f"Error: {error}")

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


wildcard_constraints:
    patient="|".join(map(re.escape, PATIENTS)),
    correction="|".join(METHODS),
    reference="|".join(REFERENCES),
    target=r"\w+",


def code_version(script):
    """Fingerprint of a script of the workflow and of the library code that it runs."""
    return code.code_version(WORKFLOW / "scripts" / f"{script}.py")


def notebook_version(notebook):
    """Fingerprint of a notebook and of the library code that it runs."""
    return code.code_version(PROJECT / "notebooks" / f"{notebook}.ipynb")


def patients_of(split):
    """Patients of one part of the split; waits for the split where it is not known before."""
    if SPLIT is not None and not EXCLUDE_FAILED:
        return [patient for patient in PATIENTS if SPLIT[patient] == split]
    known = read_table(checkpoints.split_cohort.get().output.split)
    return known.loc[known["split"] == split, "patient"].tolist()


def for_split(split, path):
    """Input function: the path, or paths, for every patient of one part of the split."""

    def paths(wildcards):
        return expand(path, patient=patients_of(split), **dict(wildcards.items()))

    return paths


def less_corrected(path):
    """Input function: the path for every test patient and every lesser correction."""

    def paths(wildcards):
        return expand(
            f"results/motion_effect/{{correction}}/{path}",
            correction=LESS_CORRECTION,
            patient=patients_of("test"),
        )

    return paths


def lesser_registration(wildcards):
    """Settings of motion correction with another method than configured."""
    return {**REGISTRATION, "method": wildcards.correction}


def chosen_reference(wildcards):
    """Reference by the name in the path, or else the configured one."""
    return wildcards.get("reference", config["relevance"]["reference"])


def donor_of_patient(wildcards):
    """Image of the training patient that stands for a patient's, where the reference needs one."""
    if chosen_reference(wildcards) != "shuffled":
        return []
    donors = [name for name in patients_of("train") if name != wildcards.patient]
    donor = donors[PATIENTS.index(wildcards.patient) % len(donors)]
    return f"results/preprocessed/{donor}/image.nii"


def from_other_references(path):
    """Input function: the path for every test patient and every reference but the configured."""

    def paths(wildcards):
        return expand(
            f"results/evaluation/references/{{reference}}/{path}",
            reference=OTHER_REFERENCES,
            patient=patients_of("test"),
        )

    return paths


def known_answer(path):
    """The path, where the phantom has a known answer to compare with."""
    return [path] if ANSWER_KNOWN else []


def images_of_patient(wildcards):
    """The user's images of one patient, in the order of the sequences."""
    return [DATA / path for path in SHEET.loc[wildcards.patient, SEQUENCES]]


def label_of_patient(wildcards):
    """The user's lesion label of one patient."""
    return DATA / SHEET.loc[wildcards.patient, LABEL]


def mask_of_patient(wildcards):
    """The user's mask of one patient's organ of interest."""
    return DATA / SHEET.loc[wildcards.patient, MASK]


def stored_mask(wildcards):
    """The imported mask of one patient's organ of interest, if the sheet names any."""
    return [f"results/raw/{wildcards.patient}/mask.nii.gz"] if MASK in SHEET else []


def true_motion(wildcards):
    """What is known about a phantom patient's motion; other cohorts have no such truth."""
    if config["cohort"]["source"] != "phantom":
        return []
    truth = f"results/raw/{wildcards.patient}/truth"
    return [
        f"{truth}/liver.nii.gz",
        f"{truth}/landmarks.tsv",
        *expand(f"{truth}/displacement_{{sequence}}.nii.gz", sequence=SEQUENCES),
    ]


def quality_of_cohort(wildcards):
    """The motion tables of all patients, where the split depends on them."""
    if not EXCLUDE_FAILED:
        return []
    return expand("results/motion/{patient}/quality.tsv", patient=PATIENTS)


def first_test_image(wildcards):
    """Preprocessed image of the first test patient."""
    return f"results/preprocessed/{patients_of('test')[0]}/image.nii"


def first_test_label(wildcards):
    """Preprocessed lesion label of the first test patient."""
    return f"results/preprocessed/{patients_of('test')[0]}/label.nii.gz"


def results_of_target(wildcards):
    """What the target of a record asks for, without its record and what is made from that."""
    asked = getattr(rules, wildcards.get("target", "all")).input
    return [
        path(wildcards) if callable(path) else path
        for path in asked
        if path not in asked.record
    ]
