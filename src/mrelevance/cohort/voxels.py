"""Check the voxels of a cohort's images, patient by patient, before anything is computed."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk

from mrelevance.cohort.files import UserImage
from mrelevance.cohort.importing import check_placed, checked_mask, read_sequence
from mrelevance.cohort.labels import check_classes_occur, check_label_values, label_values
from mrelevance.cohort.repeats import repeats
from mrelevance.cohort.sheet import LABEL, MASK
from mrelevance.cohort.sources import read_source
from mrelevance.runtime.errors import InputError, gathered
from mrelevance.runtime.images import to_array
from mrelevance.runtime.orientation import canonical
from mrelevance.runtime.segmentation import Segmentation

COLUMNS = ["patient", "column", "file", "voxels", "empty", "values", "problem"]


def check_voxels(
    patient: str,
    paths: Mapping[str, str | Path],
    fixed_sequence: str,
    nifti_geometry: str | None,
) -> pd.DataFrame:
    """Read all images of a patient as the import does, and list what is wrong.

    Parameters
    ----------
    patient
        The patient's name.
    paths
        Column of the sample sheet to the reference to the image: sequences, label, and mask if any.
    fixed_sequence, nifti_geometry
        See `import_patient`.

    Returns
    -------
    One row per image: patient, column, file, voxels (a checksum of the values; NA if they cannot
    be read), empty (whether all are 0), values (of a label: its values other than 0 and the number
    of voxels of each, such as `1:250 4:31`), problem (one line, or empty).
    """
    images, rows = {}, {}
    for column, path in paths.items():
        image = UserImage(patient, column, str(path))
        row = {"patient": patient, "column": column, "file": str(path), "problem": ""}
        try:
            images[column] = _read(image, nifti_geometry, images.get(fixed_sequence))
            voxels = to_array(images[column])
            row |= {"voxels": _checksum(voxels), "empty": not voxels.any()}
            if column == LABEL:
                values = label_values(voxels, f"{image.what}: {path}")
                row["values"] = " ".join(f"{value}:{count}" for value, count in values.items())
        except InputError as error:
            row["problem"] = str(error)
        rows[column] = row
    if fixed_sequence in images:
        _check_together(patient, images, paths, fixed_sequence, rows)
    return pd.DataFrame(list(rows.values()), columns=COLUMNS)


def cohort_problems(checked: pd.DataFrame, segmentation: Segmentation) -> list[str]:
    """All problems of a cohort; one line each.

    `checked` are the tables of `check_voxels` of all patients. Images with the same voxels, where
    two different ones are due, are problems as well, and so are values of labels whose meaning
    `segmentation` does not declare, or that no patient has.
    """
    images = {
        UserImage(row.patient, row.column, row.file): row for row in checked.itertuples(index=False)
    }
    keys = {image: row.voxels for image, row in images.items() if not pd.isna(row.voxels)}
    repeated = repeats(keys, lambda image: bool(images[image].empty))
    found = {
        row.patient: _counts(row["values"])
        for _, row in checked[checked["column"] == LABEL].iterrows()
    }
    of_labels: list[str] = []
    with gathered(of_labels):
        check_label_values(found, segmentation)
        check_classes_occur(found, segmentation)
    own = {image: [] if pd.isna(row.problem) else [row.problem] for image, row in images.items()}
    return of_labels + [
        problem
        for image, problems in own.items()
        for problem in [*filter(None, problems), *filter(None, [repeated.get(image)])]
    ]


def _counts(values: str | float) -> dict[int, int]:
    """Values of a label and their numbers of voxels, as `check_voxels` writes them."""
    if pd.isna(values):
        return {}
    return {int(value): int(count) for value, count in (v.split(":") for v in values.split())}


def _read(image: UserImage, nifti_geometry: str | None, fixed: sitk.Image | None) -> sitk.Image:
    if image.column in (LABEL, MASK):
        return read_source(image.reference, image.what, nifti_geometry, fixed)
    return read_sequence(image.reference, image.what, nifti_geometry)


def _check_together(
    patient: str,
    images: Mapping[str, sitk.Image],
    paths: Mapping[str, str | Path],
    fixed_sequence: str,
    rows: dict[str, dict],
) -> None:
    """Check what only the images of a patient together tell."""
    sequences = {name: image for name, image in images.items() if name not in (LABEL, MASK)}
    if LABEL in images:
        try:
            what = f"patient {patient}, label: {paths[LABEL]}"
            drawn = canonical(images[LABEL])
            check_placed(patient, sequences, drawn, fixed_sequence, paths, what)
        except InputError as error:
            rows[LABEL]["problem"] = str(error)
    if MASK in images:
        try:
            what = f"patient {patient}, mask: {paths[MASK]}"
            checked_mask(images[MASK], images[fixed_sequence], what)
        except InputError as error:
            rows[MASK]["problem"] = str(error)


def _checksum(voxels: np.ndarray) -> str:
    """Checksum of the values and of their arrangement, whatever type they are stored as."""
    checksum = hashlib.sha256(str(voxels.shape).encode())
    checksum.update(np.ascontiguousarray(voxels, np.float32))
    return checksum.hexdigest()
