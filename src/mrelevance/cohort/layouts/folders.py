"""A folder per patient, or per visit of a patient, with files named by sequence.

The name of a sequence is that of its file without the name of the patient: `P01/P01_T2.nii.gz` and
`P01/T2.nii.gz` are both T2. `P01/T2/image.nii.gz` is as well, if all patients have such folders.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

import numpy as np

from mrelevance.cohort.layouts.description import (
    SPLIT_NAMES,
    Description,
    Hints,
    Patient,
    image_files,
    names_label,
    names_organ,
    safe_name,
    stem,
    unique_names,
)
from mrelevance.cohort.layouts.labels import choose_label, labels_beside
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import read_image, to_array

NAME = "a folder per patient"
LEAST_SHARE = 0.5
"""Share of the patients who must have a file of a name, for it to be a sequence of the study."""
_VISIT = re.compile(r"(?i)(.*(visit|ses|scan|time|tp|baseline|follow|study|week|month).*|[\d_.-]+)")


def recognises(folder: Path) -> bool:
    """Whether there are images in folders below a folder."""
    return any(path.parent != folder for path in image_files(folder))


def read(folder: Path, hints: Hints) -> Description:
    """Read a patient from each folder with images.

    Raises
    ------
    InputError
        No two patients share the name of a file, or the label of a patient is not clear.
    """
    by_folder = _by_patient(folder)
    places = _without_common(list(by_folder))
    names, subjects, notes = _visits(places)
    files = _named_files(by_folder)
    patients = []
    candidates = {}
    for name, subject, place, of_patient in zip(
        names, subjects, places, files.values(), strict=True
    ):
        labels = {key: path for key, path in of_patient.items() if names_label(key)}
        if not hints.labels:
            candidates[name] = labels
        images = {
            safe_name(key): str(path)
            for key, path in of_patient.items()
            if key not in labels and not names_organ(key)
        }
        split = next((SPLIT_NAMES[p.lower()] for p in place if p.lower() in SPLIT_NAMES), None)
        patients.append(Patient(name, images, None, split, subject))
    organs = {key for of_patient in files.values() for key in of_patient if names_organ(key)}
    if organs:
        notes.append(
            f"Not used: {', '.join(sorted(organs))}. If it is the organ of interest on the grid of "
            "the label, name its files in a column mask of the sample sheet."
        )
    if hints.labels:
        labels_beside(patients, hints.labels, hints)
    else:
        label = choose_label(candidates, hints)
        for patient in patients:
            path = candidates[patient.name].get(label)
            patient.label = str(path) if path else None
    sequences = [
        name for name in sequences_of(patients, notes) if not _is_mask(name, patients, notes)
    ]
    return Description(NAME, sequences, patients, notes=notes)


def _is_mask(name: str, patients: list[Patient], notes: list[str]) -> bool:
    """Whether the images of a name hold only two values, as the mask of an organ does; noted."""
    first = next(patient for patient in patients if name in patient.images)
    try:
        voxels = to_array(read_image(first.images[name], f"patient {first.name}, {name}"))
    except InputError:
        return False  # whoever reads all images says so
    if len(np.unique(voxels)) > 2:
        return False
    notes.append(
        f"Not used: {name}, which is a mask. If it is the organ of interest on the grid of the "
        "label, name its files in a column mask of the sample sheet."
    )
    return True


def _by_patient(folder: Path) -> dict[tuple[str, ...], list[Path]]:
    """Image files by the folder of their patient, as its parts below `folder`."""
    groups: dict[tuple[str, ...], list[Path]] = {}
    for path in image_files(folder):
        place = path.relative_to(folder).parts[:-1]
        if place:
            groups.setdefault(place, []).append(path)
    last = Counter(place[-1] for place in groups)
    single = all(len(paths) == 1 for paths in groups.values())
    if not single or len(last) == len(groups) or any(len(place) < 2 for place in groups):
        return groups
    # A folder per sequence.
    merged: dict[tuple[str, ...], list[Path]] = {}
    for place, paths in groups.items():
        merged.setdefault(place[:-1], []).extend(paths)
    return merged


def _without_common(places: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Places of the patients without the folders that all of them share."""
    shared = _shared_start([place[:-1] for place in places])
    return [place[shared:] for place in places]


def _visits(
    places: list[tuple[str, ...]],
) -> tuple[list[str], list[str | None], list[str]]:
    """Names of the patients, their subjects if they are visits, and notes about it."""
    own = [tuple(part for part in place if part.lower() not in SPLIT_NAMES) for place in places]
    own = [parts or place for parts, place in zip(own, places, strict=True)]
    nested = [parts for parts in own if len(parts) > 1]
    if not nested:
        return unique_names(parts[-1] for parts in own), [None] * len(own), []
    last = Counter(parts[-1] for parts in own)
    visits = all(
        parts[-1].startswith(parts[-2]) or last[parts[-1]] > 1 or _VISIT.fullmatch(parts[-1])
        for parts in nested
    )
    if not visits:
        note = (
            f"The folders above those of the patients, such as {nested[0][-2]}, were taken for "
            "groups. If they are persons with several visits, add a column subject to the sheet."
        )
        return unique_names(parts[-1] for parts in own), [None] * len(own), [note]
    note = (
        f"{'/'.join(nested[0])} was taken for a visit of {nested[0][-2]}: the column subject keeps "
        "all visits of a person in one part of the split."
    )
    names = unique_names(
        parts[-1] if parts[-1].startswith(parts[0]) else "_".join(parts) for parts in own
    )
    return names, [safe_name(parts[-2] if len(parts) > 1 else parts[-1]) for parts in own], [note]


def _named_files(
    by_folder: dict[tuple[str, ...], list[Path]],
) -> dict[tuple[str, ...], dict[str, Path]]:
    """Files of each patient by their names without the patient's."""
    found = {}
    for place, paths in by_folder.items():
        per_sequence = len({path.parent for path in paths}) > 1
        names = [path.parent.name if per_sequence else stem(path) for path in paths]
        for part in (*place, "_".join(place)):
            names = [_without(part, name) for name in names]
        found[place] = dict(zip(names, paths, strict=True))
    known = Counter(name for files in found.values() for name in files)
    if len(found) > 1 and max(known.values()) == 1:
        found = {place: _without_prefix(files) for place, files in found.items()}
    spelling = _spelling(found)
    return {
        place: {spelling[name.lower()]: path for name, path in files.items()}
        for place, files in found.items()
    }


def _without(part: str, name: str) -> str:
    """A file's name without that of a folder at its beginning or end."""
    if name.startswith(part) and len(name) > len(part) and not name[len(part)].isalnum():
        return name[len(part) :].lstrip("_-. ")
    if name.endswith(part) and len(name) > len(part) and not name[-len(part) - 1].isalnum():
        return name[: -len(part)].rstrip("_-. ")
    return name


def _without_prefix(files: dict[str, Path]) -> dict[str, Path]:
    """Files without what their names have in common at the beginning, up to a separator."""
    if len(files) < 2:
        return files
    shared = next(iter(files))[: _shared_start(list(files))]
    start = len(re.match(r"(.*[_\-. ])?", shared)[0])
    return {name[start:]: path for name, path in files.items()}


def _shared_start(texts: Sequence[Sequence[str]]) -> int:
    """Number of elements at the beginning in which all agree."""
    columns = zip(*texts, strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))


def _spelling(found: dict[tuple[str, ...], dict[str, Path]]) -> dict[str, str]:
    """The most frequent spelling of every name, by the name in lower case."""
    counts = Counter(name for files in found.values() for name in files)
    return {name.lower(): name for name, _ in reversed(counts.most_common())}


def sequences_of(patients: list[Patient], notes: list[str]) -> list[str]:
    """Names that enough patients have; others are taken from the patients and noted."""
    counts = Counter(name for patient in patients for name in patient.images)
    sequences = sorted(n for n, count in counts.items() if count >= LEAST_SHARE * len(patients))
    if not sequences:
        raise InputError(
            "the patients' folders share no names of files; name the files by sequence, such as "
            f"T1.nii.gz; found {', '.join(sorted(counts)[:8]) or 'no images'}"
        )
    rare = sorted(set(counts) - set(sequences))
    if rare:
        notes.append(
            f"Files that fewer than half of the patients have are left out: {', '.join(rare)}."
        )
        for patient in patients:
            patient.images = {n: path for n, path in patient.images.items() if n in sequences}
    return sequences
