"""What registration left of one patient, as preprocessing begins with it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import SimpleITK as sitk

from mrelevance.cohort.patient import PatientImages, read_patient
from mrelevance.registration.failures import refuse_failed
from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import read_image

STOP = "stop"
"""Value of `motion.on_failure` with which a failed registration ends the study."""


def read_registered(
    name: str,
    paths: Mapping[str, str | Path | Sequence[str]],
    sequences: Sequence[str],
    fixed_sequence: str,
    on_failure: str,
) -> tuple[PatientImages, sitk.Image]:
    """Read a patient's registered images and the coverage of each, on one grid.

    Parameters
    ----------
    name
        The patient.
    paths
        Files: `images` (in the order of `sequences`), `coverage`, `quality` (the motion table),
        `label`, and `classes`, which is empty where the label tells them.
    on_failure
        `motion.on_failure` of the configuration.

    Raises
    ------
    InputError
        A file is missing or cannot be read, or a registration failed and that is to end the study.
    """
    if on_failure == STOP:
        refuse_failed(read_table(paths["quality"]))
    patient = read_patient(
        name,
        dict(zip(sequences, paths["images"], strict=True)),
        fixed_sequence,
        label=paths["label"],
        classes=paths["classes"] or None,
    )
    return patient, read_image(paths["coverage"], f"patient {name}, coverage")
