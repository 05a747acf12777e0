"""Choosing each patient's label among the files that could be it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from mrelevance.cohort.layouts.description import Hints, Patient, image_files, names_label, stem
from mrelevance.runtime.errors import InputError


def choose_label(candidates: Mapping[str, Iterable[str]], hints: Hints) -> str | None:
    """Name of the label among the names that could be it.

    Parameters
    ----------
    candidates
        Patient to the names of the files that could be the label.
    hints
        May give the name.

    Returns
    -------
    The name that most patients have; None if no patient has a candidate.

    Raises
    ------
    InputError
        Some patients have several candidates, or no patient has the name that was given.
    """
    by_patient = {patient: list(names) for patient, names in candidates.items()}
    known = Counter(name for names in by_patient.values() for name in names)
    if hints.label is not None:
        if hints.label not in known:
            raise InputError(
                f"no patient has a label {hints.label}; files that could be labels: "
                f"{', '.join(sorted(known)) or 'none'}"
            )
        return hints.label
    if any(len(names) > 1 for names in by_patient.values()):
        raise InputError(
            f"several files could be the label: {', '.join(sorted(known))}; say which with --label "
            f"NAME, such as --label {known.most_common(1)[0][0]}"
        )
    return known.most_common(1)[0][0] if known else None


def labels_beside(patients: Iterable[Patient], folder: Path, hints: Hints) -> None:
    """Give patients the labels of a folder of its own.

    A label belongs to a patient whose name is its own name, the name of a folder above it, or the
    beginning of its own name.

    Raises
    ------
    InputError
        The folder is missing, or has several labels for a patient.
    """
    if not folder.is_dir():
        raise InputError(f"--labels: {folder} is not a folder; give the folder of the labels")
    files = image_files(folder)
    for patient in patients:
        found = [path for path in files if _belongs(path, folder, patient.name)]
        if hints.label is not None:
            found = [path for path in found if hints.label in stem(path)]
        if len(found) > 1:
            found = [path for path in found if names_label(stem(path))] or found
        if len(found) > 1:
            raise InputError(
                f"patient {patient.name}: several files could be the label: "
                f"{', '.join(str(path) for path in found)}; say which with --label NAME"
            )
        patient.label = str(found[0]) if found else None


def _belongs(path: Path, folder: Path, patient: str) -> bool:
    name, above = stem(path), path.relative_to(folder).parts[:-1]
    if name == patient or patient in above:
        return True
    return name.startswith(patient) and not name[len(patient)].isalnum()
