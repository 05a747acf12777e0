"""The sample sheet: one row per patient.

Uses only the standard library: Snakemake's own environment has no pandas.
"""

import csv
import re
from pathlib import Path

from mrelevance.cohort.kinds import kind_of
from mrelevance.runtime.errors import InputError

SPLITS = ("train", "validation", "test")
LABEL = "label"
MASK = "mask"
# Patients and sequences name folders and files, on any system.
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")

Sheet = dict[str, dict[str, str]]
"""Patient to its row without the column `patient`; patients in the order of the file."""


def read_sheet(path: str | Path, sequences: list[str], source: str) -> Sheet:
    """Read and check a sample sheet, a tab-separated table with one row per patient.

    Parameters
    ----------
    path
        Columns: `patient`; optionally `split` (train, validation or test; for every patient or
        for none, at least one of train and of test). If the cohort reads images, also one column
        per sequence, `label` and optionally `mask`, each with the path of an image relative to the
        data folder.
    sequences
        Names of the sequences of the study.
    source
        `phantom` or `images`.

    Returns
    -------
    The row of each patient without the column `patient`, all text, in the order of the file.

    Raises
    ------
    InputError
        The file is missing or breaks one of these rules.
    """
    path = Path(path)
    reads_images = kind_of(source).reads_images
    required = ["patient", *([*sequences, LABEL] if reads_images else [])]
    _check_sequences(sequences)
    columns, rows = _read(path)
    _check_columns(columns, required, ["split", *([MASK] if reads_images else [])], path)
    _check_cells(columns, rows, path)
    patients = [row["patient"] for row in rows.values()]
    _check_patients(patients, path)
    sheet = {
        patient: {column: cell for column, cell in row.items() if column != "patient"}
        for patient, row in zip(patients, rows.values(), strict=True)
    }
    if "split" in columns:
        _check_split(sheet, path)
    return sheet


def columns_of(sheet: Sheet) -> list[str]:
    """Names of the columns of a sheet, without `patient`."""
    return list(next(iter(sheet.values())))


def images_in(row: dict[str, str]) -> list[str]:
    """Names of the columns of a patient's row that hold the path of an image."""
    return [column for column in row if column != "split"]


def _read(path: Path) -> tuple[list[str], dict[int, dict[str, str]]]:
    """Read the names of the columns, and the rows by line number."""
    if not path.is_file():
        raise InputError(f"sample sheet {path} does not exist; set cohort.patients")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            # Missing cells are read as empty; cells beyond the last column come under None.
            reader = csv.DictReader(file, delimiter="\t", restval="", strict=True)
            columns = reader.fieldnames
            rows = dict((reader.line_num, row) for row in reader)
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(
            f"sample sheet {path} is not a tab-separated table: {' '.join(str(error).split())}"
        ) from error
    if columns is None:
        raise InputError(f"sample sheet {path} is not a tab-separated table: it is empty")
    for line, row in rows.items():
        if None in row:
            raise InputError(
                f"sample sheet {path}, line {line}: has more cells than the {len(columns)} columns "
                "of the header; remove them"
            )
    if not rows:
        raise InputError(f"sample sheet {path} lists no patient; add one row per patient")
    stripped = {
        line: {column: cell.strip() for column, cell in row.items()} for line, row in rows.items()
    }
    return columns, stripped


def _check_sequences(sequences: list[str]) -> None:
    for name in sequences:
        if not SAFE_NAME.fullmatch(name) or name in ("patient", "split", LABEL, MASK):
            raise InputError(
                f"sequence name {name!r} cannot be used; start with a letter or digit, go on with "
                "letters, digits and . _ + -, and avoid patient, split, label and mask"
            )


def _check_columns(
    columns: list[str], required: list[str], optional: list[str], path: Path
) -> None:
    missing = [name for name in required if name not in columns]
    if missing:
        raise InputError(
            f"sample sheet {path} lacks column {', '.join(missing)}; columns are separated by tabs"
        )
    unknown = [name for name in columns if name not in [*required, *optional]]
    if unknown:
        raise InputError(
            f"sample sheet {path} has unknown column {', '.join(unknown) or 'without a name'}; "
            f"allowed are {', '.join([*required, *optional])}"
        )
    repeated = [name for name in columns if columns.count(name) > 1]
    if repeated:
        raise InputError(f"sample sheet {path} has column {repeated[0]} twice; remove one")


def _check_cells(columns: list[str], rows: dict[int, dict[str, str]], path: Path) -> None:
    for name in columns:
        for line, row in rows.items():
            if name != "split" and not row[name]:
                raise InputError(f"sample sheet {path}, line {line}: column {name} is empty")


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


def _check_split(sheet: Sheet, path: Path) -> None:
    for patient, row in sheet.items():
        split = row["split"]
        if split not in SPLITS:
            found = f"is {split!r}" if split else "is empty"
            raise InputError(
                f"sample sheet {path}, patient {patient}: split {found}; give {', '.join(SPLITS)} "
                "for every patient, or remove the column to draw a split"
            )
    for needed in ("train", "test"):
        if all(row["split"] != needed for row in sheet.values()):
            raise InputError(
                f"sample sheet {path}: no patient has split {needed}; at least one must"
            )
