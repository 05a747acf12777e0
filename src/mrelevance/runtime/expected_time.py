"""How long the jobs of a study will take, before they start.

Uses only the standard library: Snakemake's own environment has no other packages of the project.
"""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from statistics import mean

SECONDS = {
    "simulate_patient": 2.9,
    "import_patient": 4.0,
    "correct_motion": 7.3,
    "preprocess_patient": 1.1,
    "predict_patient": 5.5,
    "compute_relevance": 30.0,
    "measure_shapley": 13.0,
    "compute_gradient_methods": 13.0,
    "randomise_network": 40.0,
    "perturb_maps": 35.0,
    "map_lesion": 9.0,
    "average_maps": 10.0,
}
"""Mean time of a job on one core, in the default study on two cores of a server."""
TRAINING = "train_network"
TRAINING_SECONDS = 900.0
"""The same for training, whose work is shared by all cores."""
OTHER_SECONDS = 3.0
"""Of a job with a table, a figure or a text."""
BY_PATIENT = frozenset(SECONDS) - {"randomise_network", "perturb_maps", "average_maps"}
"""Rules whose jobs take longer on larger images."""


def expected_seconds(
    jobs: Mapping[str, int],
    cores: int,
    measured: Mapping[str, float],
    image_scale: float = 1,
    training_scale: float = 1,
) -> float:
    """Time until all jobs have run on a machine whose cores are always busy.

    Parameters
    ----------
    jobs
        Number of jobs of each rule.
    cores
        That run at once.
    measured
        Mean time of a job of each rule in an earlier run, from `measured_seconds`. What was not
        measured is taken from the default study.
    image_scale, training_scale
        Work of a patient, and of training, as multiples of the default study's.
    """
    total = 0.0
    for rule, number in jobs.items():
        if rule == TRAINING:
            # Measured on all cores; the default is work for one.
            each = measured[rule] * cores if rule in measured else TRAINING_SECONDS * training_scale
        elif rule in measured:
            each = measured[rule]
        else:
            each = SECONDS.get(rule, OTHER_SECONDS) * (image_scale if rule in BY_PATIENT else 1)
        total += number * each
    return total / cores


def measured_seconds(benchmarks: str | Path) -> dict[str, float]:
    """Mean time of the jobs of each rule, from the benchmark files of an earlier run."""
    found: dict[str, list[float]] = {}
    folder = Path(benchmarks)
    for path in folder.rglob("*.tsv"):
        with path.open(encoding="utf-8", newline="") as file:
            times = [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
        found.setdefault(path.relative_to(folder).parts[0].removesuffix(".tsv"), []).extend(times)
    return {rule: mean(times) for rule, times in found.items() if times}


def scales(config: dict, default: dict) -> tuple[float, float]:
    """Work of a phantom patient and of training, as multiples of those of the default study.

    The size of a user's own images is not known before they are read: they count as phantoms.
    """

    def image(study: dict) -> float:
        return math.prod(study["phantom"]["size"]) * len(study["sequences"])

    def training(study: dict) -> float:
        settings = study["training"]
        return settings["steps"] * settings["batch"] * math.prod(settings["patch"])

    images = image(config) / image(default) if config["cohort"]["source"] == "phantom" else 1.0
    return images, training(config) / training(default)


def in_words(seconds: float) -> str:
    """A time as people say it: no more precise than an estimate can be."""
    minutes = seconds / 60
    if minutes < 1:
        return "less than a minute"
    if minutes < 100:
        rounded = round(minutes) if minutes < 10 else 5 * round(minutes / 5)
        return f"about {rounded} minute{'s' * (rounded != 1)}"
    return f"about {round(minutes / 60)} hours"
