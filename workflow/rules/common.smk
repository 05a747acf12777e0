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
    configuration_of_network,
    expected_bytes,
    other_networks,
)
from mrelevance.errors import InputError
from mrelevance.files import read_table, sha256
from mrelevance.phantom.settings import check_settings
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
EXCLUDE_FAILED = config["motion"]["on_failure"] == "exclude"
# Networks set beside the study's.
NETWORKS = other_networks(config)


wildcard_constraints:
    patient="|".join(map(re.escape, PATIENTS)),
    correction="|".join(METHODS),
    network="|".join(map(re.escape, NETWORKS)),
    subset="[^/]+",


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


def what_trains(study):
    """What a network depends on, of a configuration."""
    return {
        "seed": study["seed"],
        "preprocess": study["preprocess"],
        "network": study["network"],
        "training": study["training"],
        "inference": WINDOWS,
    }


def shapley_to_choose_by(wildcards):
    """The validation patients' Shapley values, where these choose the subsets."""
    if config["selection"]["subsets"] != "default":
        return []
    return for_split("validation", "results/evaluation/{patient}/shapley.tsv")(
        wildcards
    )


def for_subsets(path):
    """Input function: the path for every test patient and every subset of the sequences."""

    def paths(wildcards):
        subsets = read_table(checkpoints.choose_subsets.get().output.subsets)
        return expand(
            f"results/selection/{{subset}}/{path}",
            subset=subsets["subset"],
            patient=patients_of("test"),
        )

    return paths


def sequences_of_subset(wildcards):
    """Sequences of a subset, from its name."""
    return sequences_of(wildcards.subset)


def for_networks(path):
    """Input function: the path for every test patient and every network beside the study's."""

    def paths(wildcards):
        return expand(
            f"results/networks/{{network}}/{path}",
            network=NETWORKS,
            patient=patients_of("test"),
        )

    return paths


def what_trains_network(wildcards):
    """What a network beside the study's depends on."""
    return what_trains(configuration_of_network(config, wildcards.network))


def divisor_of_network(wildcards):
    """The divisor of a network beside the study's."""
    return configuration_of_network(config, wildcards.network)["network"]["divisor"]


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
