"""What the files of a cohort tell that its layout does not: grids, and values of the labels."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mrelevance.cohort.dicom.series import one_series
from mrelevance.cohort.dicom.stack import stack_of
from mrelevance.cohort.dicom.volume import read_series
from mrelevance.cohort.layouts.description import Description, Patient
from mrelevance.cohort.references import is_dicom, part_of, path_of
from mrelevance.cohort.sources import read_source
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import to_array

SAME_PLACE_MM = 1e-2
SAME_SPACING = 0.01
"""Largest difference of two voxel sizes that count as one, as a share."""


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a 3D image lie: size, spacing, origin (x, y, z), LPS, and direction."""

    size: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[float, ...]

    def same(self, other: "Grid") -> bool:
        """Whether the corners of two grids are less than 0.01 mm from each other."""
        return self.size == other.size and bool(
            np.abs(self._ends() - other._ends()).max() < SAME_PLACE_MM
        )

    def axial(self) -> tuple[np.ndarray, np.ndarray]:
        """Size and spacing along the axes of the body: left, posterior, superior."""
        order = np.abs(np.reshape(self.direction, (3, 3))).argmax(axis=1)
        if len(set(order.tolist())) < 3:  # between two axes
            order = np.arange(3)
        return np.array(self.size)[order], np.array(self.spacing)[order]

    def _ends(self) -> np.ndarray:
        steps = np.reshape(self.direction, (3, 3)) * self.spacing * (np.array(self.size) - 1)
        return np.column_stack([np.zeros(3), steps]) + np.array(self.origin)[:, None]


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


def grid_of_source(reference: str, what: str) -> Grid:
    """Grid of the image that a reference names, from its header.

    `what` names the image in the error.

    Raises
    ------
    InputError
        It cannot be read as a 3D image, or has no such volume.
    """
    path, part = Path(path_of(reference)), part_of(reference)
    if path.is_dir() or (path.is_file() and is_dicom(path)):
        series = one_series(path, part, what)
        if series.has_frames:
            return _grid(read_series(path, part, what))
        stack = stack_of(series, what)
        return Grid(
            stack.size, stack.spacing, stack.origin, tuple(stack.direction.ravel().tolist())
        )
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise InputError(
            f"{what}: {path} cannot be read as an image; convert it to NIfTI"
        ) from error
    volumes = reader.GetSize()[3] if reader.GetDimension() == 4 else 1
    if reader.GetDimension() not in (3, 4) or (part is None and volumes > 1):
        raise InputError(
            f"{what}: {path} has {reader.GetSize()} voxels; give one 3D volume, such as "
            f"{path.name}#0"
        )
    if part is not None and int(part) >= volumes:
        raise InputError(
            f"{what}: {path} has no volume #{part}; it holds {volumes}, numbered from 0"
        )
    return _grid(reader)


def _grid(image: sitk.Image | sitk.ImageFileReader) -> Grid:
    """Grid of a 3D image, or of the volumes of a 4D one."""
    count = image.GetDimension()
    direction = np.reshape(image.GetDirection(), (count, count))[:3, :3]
    return Grid(
        image.GetSize()[:3],
        image.GetSpacing()[:3],
        image.GetOrigin()[:3],
        tuple(direction.ravel().tolist()),
    )


def _examine_label(patient: Patient, drawn_on: str | None) -> tuple[tuple[int, ...], Grid]:
    """Values above 0 and grid of a patient's label."""
    what = f"patient {patient.name}, label"
    path = Path(path_of(patient.label))
    fixed = None
    if path.is_dir() or is_dicom(path):
        # A segmentation may cover a part of the grid; the image that it was drawn on has it all.
        sequence = drawn_on if drawn_on in patient.images else next(iter(patient.images))
        fixed = read_source(patient.images[sequence], f"patient {patient.name}, {sequence}")
    image = read_source(patient.label, what, fixed)
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(f"{what}: {path} is no single 3D volume; give one")
    voxels = to_array(image)
    if np.any(voxels < 0) or np.any(voxels != np.round(voxels)):
        raise InputError(
            f"{what}: {path} holds values that are not whole numbers from 0; give a label, not an "
            "image"
        )
    return tuple(int(value) for value in np.unique(voxels[voxels > 0])), _grid(image)
