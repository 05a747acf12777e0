"""nnU-Net raw datasets: `dataset.json`, imagesTr/CASE_0000.nii.gz, labelsTr/CASE.nii.gz.

The format is described in documentation/dataset_format.md of nnU-Net v2; v1 names the channels
`modality`.
"""

from pathlib import Path

from mrelevance.cohort.layouts.dataset_json import (
    add_validation,
    classes_of,
    entries,
    read_dataset_json,
    refuse_hints,
)
from mrelevance.cohort.layouts.description import Description, Hints, Patient, unique_names
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_json

NAME = "nnU-Net raw dataset"
SPLITS = "splits_final.json"


def recognises(folder: Path) -> bool:
    """Whether a folder holds a `dataset.json`, and one file per channel or a list of them."""
    if not (folder / "dataset.json").is_file():
        return False
    listed = isinstance(read_dataset_json(folder).get("dataset"), dict)
    return listed or any((folder / "imagesTr").glob("*_0000.*"))


def read(folder: Path, hints: Hints) -> Description:
    """Read a dataset: training cases, and test cases that have labels.

    Raises
    ------
    InputError
        `dataset.json` is damaged or names no channels; there are no cases.
    """
    refuse_hints(hints, NAME)
    dataset = read_dataset_json(folder)
    channels = entries(dataset, "channel_names", "modality")
    sequences = unique_names(
        text if list(channels.values()).count(text) == 1 else f"{text}_{number}"
        for number, text in channels.items()
    )
    ending = dataset.get("file_ending", ".nii.gz")
    notes = []
    if isinstance(dataset.get("dataset"), dict):
        patients = _listed_cases(folder, dataset["dataset"], sequences)
    else:
        patients = _cases(folder, "Tr", sequences, ending)
    tested = _cases(folder, "Ts", sequences, ending)
    labelled = [patient for patient in tested if patient.label]
    if len(tested) > len(labelled):
        notes.append(
            "Cases in imagesTs without a label in labelsTs are left out, as they cannot be tested: "
            f"{len(tested) - len(labelled)}."
        )
    if not patients:
        raise InputError(f"{folder}: imagesTr holds no case; check file_ending in dataset.json")
    if labelled:
        for patient in patients:
            patient.split = "train"
        for patient in labelled:
            patient.split = "test"
    fold = folder / SPLITS
    if labelled and fold.is_file():
        chosen = set(read_json(fold)[0]["val"])
        for patient in patients:
            patient.split = "validation" if patient.name in chosen else "train"
        notes.append(f"Validation patients are those of the first fold in {SPLITS}.")
    elif labelled:
        notes.append(add_validation(patients))
    classes, regions, ignore = classes_of(dataset, folder)
    everybody = [*patients, *labelled]
    for patient, name in zip(everybody, unique_names(p.name for p in everybody), strict=True):
        patient.name = name
    return Description(
        NAME, sequences, everybody, classes, regions, ignore, aligned=True, notes=notes
    )


def _cases(folder: Path, part: str, sequences: list[str], ending: str) -> list[Patient]:
    images, labels = folder / f"images{part}", folder / f"labels{part}"
    cases: dict[str, dict[str, str]] = {}
    for path in sorted(images.glob(f"*{ending}")):
        case, _, channel = path.name.removesuffix(ending).rpartition("_")
        if channel.isdecimal() and int(channel) < len(sequences) and not path.name.startswith("."):
            cases.setdefault(case, {})[sequences[int(channel)]] = str(path)
    drawn = {case: labels / f"{case}{ending}" for case in cases}
    return [
        Patient(case, found, str(drawn[case]) if drawn[case].is_file() else None)
        for case, found in cases.items()
    ]


def _listed_cases(folder: Path, cases: dict, sequences: list[str]) -> list[Patient]:
    """Cases of a dataset.json that lists the files of each case."""
    return [
        Patient(
            case,
            {
                sequence: str(folder / image)
                for sequence, image in zip(sequences, files["images"], strict=False)
            },
            str(folder / files["label"]),
        )
        for case, files in cases.items()
    ]
