"""DICOM series, in folders or mixed, with labels as DICOM SEG objects or as image files.

Patients are told apart by PatientID, visits by StudyInstanceUID, sequences by the names of the
series' folders if patients share these, or by SeriesDescription.
"""

import os
from collections import Counter
from pathlib import Path

from mrelevance.cohort.dicom.series import Series, series_in
from mrelevance.cohort.dicom.stack import stack_of
from mrelevance.cohort.layouts.description import (
    Description,
    Hints,
    Patient,
    class_name,
    image_files,
    names_label,
    safe_name,
    stem,
    unique_names,
)
from mrelevance.cohort.layouts.folders import sequences_of
from mrelevance.cohort.layouts.labels import choose_label, labels_beside
from mrelevance.cohort.references import reference
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.user_files import is_dicom

NAME = "DICOM"


def recognises(folder: Path) -> bool:
    """Whether there is a DICOM file below a folder."""
    return any(path.is_file() and is_dicom(path) for path in sorted(folder.rglob("*")))


def read(folder: Path, hints: Hints) -> Description:
    """Read all series; a patient for each study.

    Raises
    ------
    InputError
        A file is damaged, there are no series of images, or the label of a patient is not clear.
    """
    series = series_in(folder)
    beside = series_in(hints.labels) if hints.labels else []
    notes: list[str] = []
    images = _regular([one for one in series if one.is_image], notes)
    if not images:
        raise InputError(
            f"{folder}: the DICOM files hold no volumes; check the folder. {' '.join(notes)}"
        )
    visits = _visits(folder, images, notes)
    named = _names(visits)
    patients, candidates = [], {}
    for (subject, number), of_visit in visits.items():
        name = f"{subject}_{number}" if (subject, 2) in visits else subject
        found = {}
        for one in of_visit:
            if named[one.uid] in found:
                notes.append(f"{name}: the first series called {named[one.uid]} is used.")
            found.setdefault(named[one.uid], _reference(one, series))
        patients.append(Patient(safe_name(name), found, subject=safe_name(subject)))
        candidates[patients[-1].name] = (
            _segmentations_of(of_visit, beside)
            if hints.labels
            else _segmentations_of(of_visit, series) | _files_beside(of_visit, folder)
        )
    for patient, name in zip(patients, unique_names(p.name for p in patients), strict=True):
        candidates[name] = candidates.pop(patient.name, {})
        patient.name = name
    if len({patient.subject for patient in patients}) == len(patients):
        for patient in patients:
            patient.subject = None
    if hints.labels and not any(candidates.values()):
        labels_beside(patients, hints.labels, hints)
    else:
        label = choose_label(candidates, hints)
        for patient in patients:
            patient.label = candidates[patient.name].get(label)
    series += beside
    drawn_on = _drawn_on(patients, series, named)
    classes = _segments(patients, series)
    sequences = sequences_of(patients, notes)
    return Description(
        NAME,
        sequences,
        patients,
        classes,
        drawn_on=drawn_on if drawn_on in sequences else None,
        parts_of_body={one.text("BodyPartExamined").lower() for one in images} - {""},
        notes=notes,
    )


def _visits(
    folder: Path, images: list[Series], notes: list[str]
) -> dict[tuple[str, int], list[Series]]:
    """Series of each visit, by subject and number; visits are in the order of their dates."""
    tops = {one.uid: one.folder.relative_to(folder).parts for one in images}
    ids = {one.text("PatientID") for one in images}
    folders = {parts[0] for parts in tops.values() if len(parts) > 1}
    by_folder = "" in ids or (len(ids) == 1 and len(folders) > 1)
    if by_folder:
        notes.append(
            "PatientID is the same or missing in all folders: patients are the folders "
            f"{', '.join(sorted(folders)[:4])} ..."
        )
    studies: dict[str, dict[str, list[Series]]] = {}
    for one in images:
        subject = (tops[one.uid] or (folder.name,))[0] if by_folder else one.text("PatientID")
        studies.setdefault(subject, {}).setdefault(one.text("StudyInstanceUID"), []).append(one)
    return {
        (subject, number): ones
        for subject, of_subject in sorted(studies.items())
        for number, ones in enumerate(sorted(of_subject.values(), key=_when), 1)
    }


def _when(study: list[Series]) -> tuple[str, str]:
    """Date of a study; studies without one follow their folders."""
    return study[0].text("StudyDate"), str(study[0].folder)


def _regular(images: list[Series], notes: list[str]) -> list[Series]:
    """Series that are volumes; the others, such as localisers, are noted."""
    found = []
    for one in images:
        try:
            if not one.has_frames:
                stack_of(one, one.text("PatientID") or str(one.folder))
            found.append(one)
        except InputError as error:
            notes.append(f"Left out: {error}.")
    return found


def _names(visits: dict[tuple[str, int], list[Series]]) -> dict[str, str]:
    """Name of the sequence of every series, by its UID."""
    images = [one for of_visit in visits.values() for one in of_visit]
    folders = Counter(one.folder for one in images)
    alone = all(count == 1 for count in folders.values())
    shared = Counter(one.folder.name for one in images)
    by_folder = alone and (
        len(visits) == 1 or sum(count > 1 for count in shared.values()) >= len(shared) / 2
    )
    return {
        one.uid: safe_name(
            one.folder.name if by_folder else one.text("SeriesDescription") or one.folder.name
        )
        for one in images
    }


def _reference(one: Series, series: list[Series]) -> str:
    """Folder of a series; with its UID, where the folder holds others as well; a single file."""
    if len(one.files) == 1:
        return str(one.files[0])
    others = [
        other
        for other in series
        if other.uid != one.uid and any(one.folder in file.parents for file in other.files)
    ]
    return reference(one.folder, one.uid if others else None)


def _segmentations_of(of_visit: list[Series], series: list[Series]) -> dict[str, str]:
    """Segmentations of a visit's study or series, by their names."""
    uids = {one.uid for one in of_visit}
    study = of_visit[0].text("StudyInstanceUID")
    return {
        safe_name(one.text("SeriesDescription") or "segmentation"): _reference(one, series)
        for one in series
        if one.is_segmentation
        and (one.text("StudyInstanceUID") == study or _referenced(one) in uids)
    }


def _files_beside(of_visit: list[Series], folder: Path) -> dict[str, str]:
    """Image files in the folder of a visit that could be its label, by their names."""
    top = Path(os.path.commonpath([one.folder for one in of_visit]))
    if top == folder:
        return {}
    return {
        safe_name(stem(path)): str(path) for path in image_files(top) if names_label(stem(path))
    }


def _referenced(segmentation: Series) -> str:
    """UID of the series that a segmentation was drawn on; empty where it does not say."""
    named = segmentation.headers[0].get("ReferencedSeriesSequence") or []
    return str(named[0].SeriesInstanceUID) if len(named) else ""


def _segmentations(patients: list[Patient], series: list[Series]) -> list[Series]:
    """Segmentations that are labels of patients."""
    places = {_reference(one, series): one for one in series if one.is_segmentation}
    return [places[p.label] for p in patients if p.label in places]


def _drawn_on(patients: list[Patient], series: list[Series], named: dict[str, str]) -> str | None:
    """The sequence that most segmentations say they were drawn on."""
    told = Counter(named.get(_referenced(one), "") for one in _segmentations(patients, series))
    told.pop("", None)
    return told.most_common(1)[0][0] if told else None


def _segments(patients: list[Patient], series: list[Series]) -> dict[str, int]:
    """Numbers of the segments by their labels, if all segmentations agree on them."""
    tables = [
        {
            class_name(str(segment.SegmentLabel)): int(segment.SegmentNumber)
            for segment in one.headers[0].get("SegmentSequence", [])
        }
        for one in _segmentations(patients, series)
    ]
    return tables[0] if tables and all(table == tables[0] for table in tables) else {}
