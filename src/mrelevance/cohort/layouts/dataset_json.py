"""What the `dataset.json` of nnU-Net and of the Medical Segmentation Decathlon have in common."""

import json
from pathlib import Path

from mrelevance.cohort.layouts.description import Hints, Patient, class_name
from mrelevance.runtime.errors import InputError

BACKGROUND, IGNORED = "background", "ignore"
VALIDATION_SHARE = 0.15


def read_dataset_json(folder: Path) -> dict:
    """Read the `dataset.json` of a folder.

    Raises
    ------
    InputError
        It is not a JSON object.
    """
    path = folder / "dataset.json"
    try:
        dataset = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}; correct it") from error
    if not isinstance(dataset, dict):
        raise InputError(f"{path} is not a JSON object; correct it")
    return dataset


def refuse_hints(hints: Hints, name: str) -> None:
    """Check that the user says nothing about labels, of which `dataset.json` says all.

    Raises
    ------
    InputError
        He does.
    """
    if hints.labels or hints.label:
        raise InputError(
            f"{name}: the dataset itself says where its labels are; leave out --labels and --label"
        )


def entries(dataset: dict, *keys: str) -> dict[str, str]:
    """Names of the channels by their numbers, in the order of the numbers.

    Raises
    ------
    InputError
        None of the keys is there.
    """
    for key in keys:
        if isinstance(dataset.get(key), dict) and dataset[key]:
            return dict(sorted(dataset[key].items(), key=lambda item: int(item[0])))
    raise InputError(f"dataset.json: names no channels; add {keys[0]}, such as {{'0': 'T1'}}")


def classes_of(
    dataset: dict, folder: Path
) -> tuple[dict[str, int], dict[str, list[str]], list[int]]:
    """Classes (name to value), regions (name to classes) and ignored values of `labels`.

    nnU-Net gives a name to a value or, for a region, to several; the Decathlon gives a value to a
    name. A value that no name has alone is called `label_VALUE`.

    Raises
    ------
    InputError
        There is no `labels`, or a value is not a whole number.
    """
    labels = dataset.get("labels")
    if not isinstance(labels, dict) or not labels:
        raise InputError(f"{folder / 'dataset.json'}: has no labels; name the values of the labels")
    by_value = all(str(key).isdecimal() for key in labels)
    try:
        values = {
            str(name): [int(value) for value in (many if isinstance(many, list) else [many])]
            for name, many in (
                ((text, number) for number, text in labels.items()) if by_value else labels.items()
            )
        }
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{folder / 'dataset.json'}: labels has values that are not whole numbers; correct it"
        ) from error
    values = {class_name(name): found for name, found in values.items()}
    ignore = values.pop(IGNORED, [])
    foreground = {name: found for name, found in values.items() if found != [0]}
    classes = {name: found[0] for name, found in foreground.items() if len(found) == 1}
    named = {value: name for name, value in classes.items()}
    for value in sorted({value for found in foreground.values() for value in found} - set(named)):
        named[value] = f"label_{value}"
        classes[named[value]] = value
    if all(len(found) == 1 for found in foreground.values()):
        return classes, {}, ignore
    regions = {name: [named[value] for value in found] for name, found in foreground.items()}
    return dict(sorted(classes.items(), key=lambda item: item[1])), regions, ignore


def add_validation(patients: list[Patient]) -> str:
    """Turn training patients, evenly over their order, into validation patients; a note about it.

    All visits of a subject become validation patients together.
    """
    subjects = list(dict.fromkeys(patient.subject or patient.name for patient in patients))
    count = round(VALIDATION_SHARE * len(subjects))
    step = len(subjects) / count if count else 0
    chosen = {subjects[int((place + 0.5) * step)] for place in range(count)}
    for patient in patients:
        if (patient.subject or patient.name) in chosen:
            patient.split = "validation"
    return (
        "The dataset names no validation patients. Of the training patients these were made "
        f"validation patients: {', '.join(sorted(chosen)) or 'none'}."
    )
