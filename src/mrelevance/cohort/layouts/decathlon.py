"""Medical Segmentation Decathlon: `dataset.json`, 4D images with one volume per sequence.

M. Antonelli et al.: The Medical Segmentation Decathlon. Nature Communications, 2022.
"""

from pathlib import Path

from mrelevance.cohort.layouts.dataset_json import (
    classes_of,
    entries,
    read_dataset_json,
    refuse_hints,
)
from mrelevance.cohort.layouts.description import (
    Description,
    Hints,
    Patient,
    stem,
    unique_names,
)
from mrelevance.cohort.references import reference
from mrelevance.runtime.errors import InputError

NAME = "Medical Segmentation Decathlon"


def recognises(folder: Path) -> bool:
    """Whether a folder holds a `dataset.json` that lists existing training images."""
    if not (folder / "dataset.json").is_file():
        return False
    training = read_dataset_json(folder).get("training")
    return bool(training) and isinstance(training, list) and _image(folder, training[0]).is_file()


def read(folder: Path, hints: Hints) -> Description:
    """Read a task: its training images, of which the sequences are the volumes.

    Test images have no labels, and are left out.

    Raises
    ------
    InputError
        `dataset.json` is damaged, or names a file that is not there.
    """
    refuse_hints(hints, NAME)
    dataset = read_dataset_json(folder)
    sequences = unique_names(entries(dataset, "modality", "channel_names").values())
    patients = []
    for entry in dataset["training"]:
        image, label = _image(folder, entry), folder / str(entry.get("label", ""))
        for path in (image, label):
            if not path.is_file():
                raise InputError(f"{folder / 'dataset.json'}: {path} does not exist; correct it")
        volumes = range(len(sequences))
        images = {sequences[number]: reference(image, number) for number in volumes}
        patients.append(Patient(stem(image), images, str(label)))
    for patient, name in zip(patients, unique_names(p.name for p in patients), strict=True):
        patient.name = name
    classes, regions, ignore = classes_of(dataset, folder)
    tests = dataset.get("test") or []
    notes = []
    if tests:
        notes.append(f"Images without labels in imagesTs are left out: {len(tests)}.")
    return Description(
        NAME, sequences, patients, classes, regions, ignore, aligned=True, notes=notes
    )


def _image(folder: Path, entry: object) -> Path:
    return folder / str(entry.get("image", "") if isinstance(entry, dict) else entry)
