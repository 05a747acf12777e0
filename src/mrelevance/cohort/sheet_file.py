"""Tables as spreadsheets save them: tabs, semicolons or commas, with or without a byte order mark.

Uses only the standard library: Snakemake's own environment has no pandas.
"""

import codecs
import csv
import io
from pathlib import Path

from mrelevance.runtime.errors import InputError

DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas"}


def read_cells(path: Path) -> tuple[list[str], dict[int, dict[str, str]]]:
    """Read the names of the columns, and the rows by line number; all cells are text.

    The delimiter is the one that divides the first line into the most columns. Spaces around names
    and cells, empty rows, and columns without a name and content are left out.

    Raises
    ------
    InputError
        The file is missing, empty or not text; rows are longer than the first line; a column has
        no name, or the name of another one.
    """
    if not path.is_file():
        raise InputError(f"sample sheet {path} does not exist; set cohort.patients")
    text = _text(path)
    delimiter = _delimiter(text)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise InputError(
            f"sample sheet {path} is not a table with {DELIMITERS[delimiter]} between its columns: "
            f"{' '.join(str(error).split())}"
        ) from error
    lines = [(line, cells) for line, cells in lines if any(cells)]
    if not lines:
        raise InputError(f"sample sheet {path} is empty; add a line of column names and patients")
    (_, columns), *rest = lines
    for line, cells in rest:
        if any(cells[len(columns) :]):
            raise InputError(
                f"sample sheet {path}, line {line}: has more cells than the {len(columns)} columns "
                "of the header; remove them"
            )
    _check_names(columns, [cells for _, cells in rest], path)
    rows = {
        line: {
            name: cells[place] if place < len(cells) else ""
            for place, name in enumerate(columns)
            if name
        }
        for line, cells in rest
    }
    return [name for name in columns if name], rows


def _text(path: Path) -> str:
    content = path.read_bytes()
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"sample sheet {path} is not UTF-8 text: byte {error.start} is "
            f"{content[error.start]:#x}; save it as text or CSV with the encoding UTF-8"
        ) from error


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=first.count)


def _check_names(columns: list[str], rows: list[list[str]], path: Path) -> None:
    for place, name in enumerate(columns):
        if not name and any(place < len(cells) and cells[place] for cells in rows):
            raise InputError(f"sample sheet {path}: column {place + 1} has no name; give it one")
        if name and columns.count(name) > 1:
            raise InputError(f"sample sheet {path} has column {name} twice; remove one")
