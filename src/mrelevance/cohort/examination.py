"""What the files of a cohort tell that its layout does not: grids, and values of the labels."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mrelevance.cohort.layouts.description import Description, Patient
from mrelevance.cohort.references import path_of
from mrelevance.cohort.sources import grid_of_source, holds_series, read_source
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.grids import Grid, grid_of
from mrelevance.runtime.images import to_array


@dataclass
class Examination:
    """What the files tell.

    Attributes
    ----------
    grids
        Patient to sequence to the grid of its image.
    label_on
        Sequence to the number of patients whose label is on its grid.
    values
        Patient to the values above 0 in its label.
    problems
        Files that cannot be read, in one line each.
    """

    grids: dict[str, dict[str, Grid]] = field(default_factory=dict)
    label_on: Counter = field(default_factory=Counter)
    values: dict[str, tuple[int, ...]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def examine(described: Description) -> Examination:
    """Read the headers of all images, and all labels."""
    found = Examination()
    for patient in described.patients:
        grids = found.grids.setdefault(patient.name, {})
        for sequence, reference in patient.images.items():
            what = f"patient {patient.name}, sequence {sequence}"
            try:
                grids[sequence] = grid_of_source(reference, what)
            except InputError as error:
                found.problems.append(str(error))
        if patient.label is None or not grids:
            continue
        try:
            values, own = _examine_label(patient, described.drawn_on)
        except InputError as error:
            found.problems.append(str(error))
            continue
        found.values[patient.name] = values
        on = [sequence for sequence, grid in grids.items() if grid.same(own)]
        found.label_on.update(on)
        if not on:
            found.problems.append(
                f"patient {patient.name}, label: {patient.label} is not on the grid of any "
                "sequence; resample it to the sequence that it is drawn on"
            )
    return found


def _examine_label(patient: Patient, drawn_on: str | None) -> tuple[tuple[int, ...], Grid]:
    """Values above 0 and grid of a patient's label."""
    what = f"patient {patient.name}, label"
    path = Path(path_of(patient.label))
    fixed = None
    if holds_series(path):
        # A segmentation may cover a part of the grid; the image that it was drawn on has it all.
        sequence = drawn_on if drawn_on in patient.images else next(iter(patient.images))
        fixed = read_source(patient.images[sequence], f"patient {patient.name}, {sequence}")
    image = read_source(patient.label, what, fixed=fixed)
    voxels = to_array(image)
    if np.any(voxels < 0) or np.any(voxels != np.round(voxels)):
        raise InputError(
            f"{what}: {path} holds values that are not whole numbers from 0; give a label, not an "
            "image"
        )
    return tuple(int(value) for value in np.unique(voxels[voxels > 0])), grid_of(image)
