"""The sample sheet: one row per patient."""

import re
from pathlib import Path

import pandas as pd

from mrelevance.errors import InputError

SPLITS = ("train", "validation", "test")
LABEL = "label"
MASK = "mask"
# Patient and sequence names become names of folders and files on any system.
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


def read_sheet(path: str | Path, sequences: list[str], source: str) -> pd.DataFrame:
    """Read and check a sample sheet, a tab-separated table with one row per patient.

    Parameters
    ----------
    path
        Columns: `patient`; optionally `split` (train, validation or test; for every patient or
        for none, at least one of train and of test). If `source` is `images`, also one column per
        sequence, `label` and optionally `mask`, each with the path of an image relative to the
        data folder.
    sequences
        Names of the sequences of the study.
    source
        `phantom` or `images`.

    Returns
    -------
    The table, all columns text, in the order of the file.

    Raises
    ------
    InputError
        The file or its content breaks one of these rules.
    """
    path = Path(path)
    required = ["patient", *([*sequences, LABEL] if source == "images" else [])]
    _check_sequences(sequences)
    sheet = _read(path)
    _check_columns(sheet, required, ["split", *([MASK] if source == "images" else [])], path)
    _check_cells(sheet, path)
    _check_patients(sheet["patient"], path)
    if "split" in sheet:
        _check_split(sheet, path)
    return sheet


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"sample sheet {path} does not exist; set cohort.patients")
    try:
        sheet = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, index_col=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(
            f"sample sheet {path} is not a tab-separated table: {' '.join(str(error).split())}"
        ) from error
    if sheet.empty:
        raise InputError(f"sample sheet {path} holds no patient; add one row per patient")
    return sheet.apply(lambda column: column.str.strip())


def _check_sequences(sequences: list[str]) -> None:
    for name in sequences:
        if not SAFE_NAME.fullmatch(name) or name in ("patient", "split", LABEL, MASK):
            raise InputError(
                f"sequence name {name!r} cannot be used; start with a letter or digit, go on with "
                "letters, digits and . _ + -, and leave out patient, split, label and mask"
            )


def _check_columns(
    sheet: pd.DataFrame, required: list[str], optional: list[str], path: Path
) -> None:
    missing = [name for name in required if name not in sheet]
    if missing:
        raise InputError(
            f"sample sheet {path} lacks column {', '.join(missing)}; columns are separated by tabs"
        )
    unknown = [name for name in sheet if name not in [*required, *optional]]
    if unknown:
        raise InputError(
            f"sample sheet {path} has unknown column {', '.join(unknown)}; "
            f"allowed are {', '.join([*required, *optional])}"
        )


def _check_cells(sheet: pd.DataFrame, path: Path) -> None:
    for name in sheet.columns.drop("split", errors="ignore"):
        # A row that ends early leaves cells that are not even empty text.
        empty = sheet.index[sheet[name].isna() | sheet[name].eq("")]
        if len(empty):
            raise InputError(f"sample sheet {path}, line {empty[0] + 2}: column {name} is empty")


def _check_patients(patients: pd.Series, path: Path) -> None:
    for patient in patients:
        if not SAFE_NAME.fullmatch(patient):
            raise InputError(
                f"sample sheet {path}: patient name {patient!r} cannot name a file; start with a "
                "letter or digit and go on with letters, digits and . _ + -"
            )
    repeated = patients[patients.str.lower().duplicated()]
    if len(repeated):
        raise InputError(
            f"sample sheet {path}: patient {repeated.iloc[0]} is listed twice (upper and lower "
            "case count as the same); give each patient one row"
        )


def _check_split(sheet: pd.DataFrame, path: Path) -> None:
    for patient, split in zip(sheet["patient"], sheet["split"], strict=True):
        if split not in SPLITS:
            found = f"is {split!r}" if split else "is empty"
            raise InputError(
                f"sample sheet {path}, patient {patient}: split {found}; give {', '.join(SPLITS)} "
                "for every patient, or remove the column to draw a split"
            )
    for needed in ("train", "test"):
        if needed not in set(sheet["split"]):
            raise InputError(
                f"sample sheet {path}: no patient has split {needed}; at least one must"
            )
