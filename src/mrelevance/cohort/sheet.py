"""The sample sheet: one row per patient.

Uses only the standard library: Snakemake's own environment has no pandas.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from mrelevance.cohort.kinds import kind_of
from mrelevance.cohort.parts import PARTS, sizes_of_drawn
from mrelevance.cohort.references import names_an_image
from mrelevance.cohort.sheet_file import read_cells
from mrelevance.runtime.errors import InputError

PATIENT, SPLIT, SUBJECT, LABEL, MASK = "patient", "split", "subject", "label", "mask"
RESERVED = (PATIENT, SPLIT, SUBJECT, LABEL, MASK)
# Patients and sequences name folders and files, on any system.
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
EMPTY = ("", "NA", "N/A", "n/a")
"""What cells say where there is no image."""

Rows = dict[str, dict[str, str]]
"""Patient to some of the cells of its row, by column; patients in the order of the file."""


@dataclass(frozen=True)
class SampleSheet:
    """What a sample sheet says.

    Attributes
    ----------
    rows
        Split, subject and images of every patient of the study; the same columns for all.
    covariates
        The cells of all other columns, for the same patients.
    incomplete
        Patients who are left out, with the columns in which they name no image.
    unused
        Columns of images that the study does not use.
    """

    rows: Rows
    covariates: Rows
    incomplete: dict[str, list[str]]
    unused: list[str]

    @property
    def columns(self) -> list[str]:
        """Names of the columns of `rows`."""
        return list(next(iter(self.rows.values())))

    def column(self, name: str) -> dict[str, str] | None:
        """Cell of each patient in a column of `rows`; None where there is no such column."""
        if name not in self.columns:
            return None
        return {patient: row[name] for patient, row in self.rows.items()}

    @property
    def covariates_by_name(self) -> dict[str, dict[str, str]]:
        """Name of each covariate to the cells of the patients."""
        names = next(iter(self.covariates.values()))
        return {
            name: {patient: cells[name] for patient, cells in self.covariates.items()}
            for name in names
        }


def read_sheet(
    path: str | Path, sequences: list[str], source: str, incomplete: str = "stop"
) -> SampleSheet:
    """Read and check a sample sheet, a table with one row per patient.

    Parameters
    ----------
    path
        Text with tabs, semicolons or commas between the columns. Columns: `patient`; optionally
        `split` (train, validation or test; for every patient or for none, at least one of train
        and of test) and `subject` (whose visit it is; all visits of a subject have one split). If
        the cohort reads images, also one column per sequence, `label` and optionally `mask`, each
        with a reference to an image relative to the data folder. Further columns are covariates.
    sequences
        Names of the sequences of the study.
    source
        `phantom` or `images`.
    incomplete
        `stop` if a patient without one of these images is an error, `exclude` if such patients
        are left out.

    Raises
    ------
    InputError
        The file is missing or breaks one of these rules.
    """
    path = Path(path)
    _check_sequences(sequences)
    columns, lines = read_cells(path)
    images = _columns_of_images(columns, sequences, source, path)
    if not lines:
        raise InputError(f"sample sheet {path} lists no patient; add one row per patient")
    _check_patients([row[PATIENT] for row in lines.values()], path)
    sheet = {row[PATIENT]: row for row in lines.values()}
    lacking = {
        patient: [column for column in images if row[column] in EMPTY]
        for patient, row in sheet.items()
    }
    lacking = {patient: missing for patient, missing in lacking.items() if missing}
    if lacking and incomplete == "stop":
        raise InputError(
            f"sample sheet {path}: {len(lacking)} of {len(sheet)} patients lack an image: "
            f"{listed(lacking)}; add the paths, or set cohort.incomplete to exclude"
        )
    kept = {patient: row for patient, row in sheet.items() if patient not in lacking}
    if not kept:
        raise InputError(
            f"sample sheet {path}: no patient has all of {', '.join(images)}; add the paths"
        )
    used = [column for column in columns if column in (SPLIT, SUBJECT, *images)]
    others = [column for column in columns if column not in (PATIENT, *used)]
    unused = [
        column
        for column in others
        if all(names_an_image(row[column]) or row[column] in EMPTY for row in sheet.values())
        and any(names_an_image(row[column]) for row in sheet.values())
    ]
    kept_as = [column for column in others if column not in unused]
    rows = {patient: {name: row[name] for name in used} for patient, row in kept.items()}
    if SPLIT in used:
        _check_split(rows, path)
    if SUBJECT in used:
        _check_subjects(rows, path)
    covariates = {patient: {name: row[name] for name in kept_as} for patient, row in kept.items()}
    return SampleSheet(rows, covariates, lacking, unused)


def sizes_of_parts(
    sheet: SampleSheet, cohort: dict, trained_elsewhere: bool = False
) -> dict[str, int]:
    """Numbers of patients in the parts of the split; of subjects, where that is still to be drawn.

    `cohort` is this section of the configuration. With a network that was trained elsewhere, all
    patients are for test where the sheet has no split.

    Raises
    ------
    InputError
        The split cannot be drawn; see `sizes_of_drawn`.
    """
    splits, subjects = sheet.column(SPLIT), sheet.column(SUBJECT)
    if splits is None and trained_elsewhere:
        return {part: len(sheet.rows) * (part == "test") for part in PARTS}
    if splits is None:
        count = len(sheet.rows if subjects is None else set(subjects.values()))
        return sizes_of_drawn(count, cohort["validation_share"], cohort["test_share"])
    return {part: list(splits.values()).count(part) for part in PARTS}


def images_in(row: dict[str, str]) -> list[str]:
    """Names of the columns of a patient's row that hold a reference to an image."""
    return [column for column in row if column not in (SPLIT, SUBJECT)]


def listed(incomplete: dict[str, list[str]]) -> str:
    """Incomplete patients, each with what is missing, as a list in words."""
    return ", ".join(f"{patient} ({', '.join(missing)})" for patient, missing in incomplete.items())


def remarks(sheet: SampleSheet) -> list[str]:
    """What a user should know of how his sheet was read, in sentences."""
    found = []
    if sheet.incomplete:
        found.append(
            f"{len(sheet.incomplete)} incomplete patients are left out: {listed(sheet.incomplete)}."
        )
    if sheet.unused:
        found.append(f"Images that the study does not use: {', '.join(sheet.unused)}.")
    if sheet.covariates_by_name:
        found.append(f"Columns kept as covariates: {', '.join(sheet.covariates_by_name)}.")
    return found


def _check_sequences(sequences: list[str]) -> None:
    for name in sequences:
        if not SAFE_NAME.fullmatch(name) or name in RESERVED:
            raise InputError(
                f"sequence name {name!r} cannot be used; start with a letter or digit, go on with "
                f"letters, digits and . _ + -, and avoid {', '.join(RESERVED)}"
            )


def _columns_of_images(
    columns: list[str], sequences: list[str], source: str, path: Path
) -> list[str]:
    """Columns in which every patient needs an image."""
    needed = [*sequences, LABEL] if kind_of(source).reads_images else []
    missing = [name for name in (PATIENT, *needed) if name not in columns]
    if missing:
        raise InputError(
            f"sample sheet {path} lacks column {', '.join(missing)}; its columns are "
            f"{', '.join(columns)}. Tabs, semicolons or commas separate columns"
        )
    if not needed:
        return []
    return [*needed, *([MASK] if MASK in columns else [])]


def _check_patients(patients: list[str], path: Path) -> None:
    known = set()
    for patient in patients:
        if not SAFE_NAME.fullmatch(patient):
            raise InputError(
                f"sample sheet {path}: patient name {patient!r} cannot name a file; start with a "
                "letter or digit and go on with letters, digits and . _ + -"
            )
        if patient.lower() in known:
            raise InputError(
                f"sample sheet {path}: patient {patient} is listed twice (upper and lower "
                "case count as the same); give each patient one row"
            )
        known.add(patient.lower())


def _check_split(rows: Rows, path: Path) -> None:
    for patient, row in rows.items():
        if row[SPLIT] not in PARTS:
            found = f"is {row[SPLIT]!r}" if row[SPLIT] else "is empty"
            raise InputError(
                f"sample sheet {path}, patient {patient}: split {found}; give {', '.join(PARTS)} "
                "for every patient, or remove the column to draw a split"
            )
    for needed in ("train", "test"):
        if all(row[SPLIT] != needed for row in rows.values()):
            raise InputError(
                f"sample sheet {path}: no patient has split {needed}; at least one must"
            )


def _check_subjects(rows: Rows, path: Path) -> None:
    """Check that every patient has a subject, and that a given split keeps subjects together."""
    for patient, row in rows.items():
        if not row[SUBJECT]:
            raise InputError(
                f"sample sheet {path}, patient {patient}: subject is empty; name whose visit it "
                "is, for every patient, or remove the column"
            )
    visits = {}
    for patient, row in rows.items():
        visits.setdefault(row[SUBJECT], {})[patient] = row.get(SPLIT)
    separated = [
        f"{subject} ({', '.join(f'{name} in {split}' for name, split in splits.items())})"
        for subject, splits in visits.items()
        if len(set(splits.values())) > 1
    ]
    if separated:
        raise InputError(
            f"sample sheet {path}: visits of one subject are in different parts of the split: "
            f"{'; '.join(separated)}; give all visits of a subject one split"
        )
