"""The files that a sample sheet names, and whether all of them are there.

Uses only the standard library: Snakemake's own environment has no reader of images.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mrelevance.cohort.references import bytes_of, part_of, path_of
from mrelevance.cohort.sheet import LABEL, MASK, Rows
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.user_files import check_file, check_folder, holds_dicom


@dataclass(frozen=True)
class UserImage:
    """An image of a patient: of a sequence, the label or the mask, as `column` says.

    `reference` names the file, and the volume or DICOM series in it; see `references`.
    """

    patient: str
    column: str
    reference: str

    @property
    def path(self) -> Path:
        """The file, or the folder of a DICOM series."""
        return Path(path_of(self.reference))

    @property
    def part(self) -> str | None:
        """The volume or series, where the path holds several."""
        return part_of(self.reference)

    @property
    def what(self) -> str:
        """Words that name it in an error."""
        kind = self.column if self.column in (LABEL, MASK) else f"sequence {self.column}"
        return f"patient {self.patient}, {kind}"


def images_of(sheet: Rows, sequences: Sequence[str], folder: Path) -> list[UserImage]:
    """All files that a sheet names, patient by patient: sequences, label, mask.

    Relative paths start at `folder`.
    """
    return [
        UserImage(patient, column, str(folder / row[column]))
        for patient, row in sheet.items()
        for column in (*sequences, LABEL, MASK)
        if column in row
    ]


def missing_files(images: Sequence[UserImage], folder: Path) -> list[str]:
    """Say of every file that cannot be opened what is wrong, and what to do; one line each.

    If none of them exists, a single line says so.
    """
    if not any(os.path.exists(image.path) for image in images):
        return [_nothing_there(images, folder)]
    problems = []
    for image in images:
        try:
            _check_there(image)
        except InputError as error:
            problems.append(str(error))
    return problems


def total_bytes(images: Sequence[UserImage]) -> int:
    """Size of all files together; those that are missing count as empty."""
    paths = {image.path for image in images}
    return sum(bytes_of(path) for path in paths if path.exists())


def _check_there(image: UserImage) -> None:
    """Check that there is a file, or a folder with DICOM files."""
    if not (image.path.is_dir() and holds_dicom(image.path)):
        check_file(image.path, image.what)


def _nothing_there(images: Sequence[UserImage], folder: Path) -> str:
    try:
        check_folder(folder, "configuration, cohort.data")
    except InputError as error:
        return str(error)
    first = images[0]
    return (
        f"none of the {len(images)} files of the sample sheet exists, such as {first.path} "
        f"({first.what}); relative paths start at cohort.data, which is {folder}: correct one of "
        "the two"
    )
