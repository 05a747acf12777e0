"""Checks of tables: which columns they must have, and what identifies their rows."""

from collections.abc import Iterable, Sequence

import pandas as pd

from mrelevance.runtime.errors import InputError

REGION_NAME = "region_name"
"""Column of the explained region, by its name in the configuration."""


def check_columns(table: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Check that `table`, called `what` in the error, has all `columns`.

    Raises
    ------
    InputError
        A column is missing.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputError(
            f"{what}: column {', '.join(missing)} is missing; "
            f"it has {', '.join(map(str, table.columns)) or 'none'}"
        )


def stack(tables: Sequence[pd.DataFrame], keys: Sequence[str], what: str) -> pd.DataFrame:
    """The patients' tables, one below the other; `keys` identify a row.

    Tables without rows, such as that of a patient without lesions, add nothing. `what` names the
    kind of table in errors.

    Raises
    ------
    InputError
        There is no table, a key column is missing, or two rows have the same keys.
    """
    if not tables:
        raise InputError(f"{what}: no patient's table was given")
    for table in tables:
        check_columns(table, keys, f"{what}{_of_patient(table)}")
    filled = [table for table in tables if len(table)]
    stacked = pd.concat(filled or tables[:1], ignore_index=True)
    twice = stacked[stacked.duplicated(list(keys))]
    if not twice.empty:
        row = ", ".join(f"{key} {twice.iloc[0][key]}" for key in keys)
        raise InputError(f"{what}: {row} occurs twice; remove one of the two rows")
    return stacked


def _of_patient(table: pd.DataFrame) -> str:
    if "patient" in table.columns and len(table):
        return f" of patient {table.iloc[0]['patient']}"
    return ""


def name_region(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with the column `region_name`, behind `patient` where there is that column."""
    named = table.copy()
    place = list(table.columns).index("patient") + 1 if "patient" in table.columns else 0
    named.insert(place, REGION_NAME, name)
    return named


def of_region(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of one explained region, without the column `region_name`."""
    own = table[table[REGION_NAME] == name]
    return own.drop(columns=REGION_NAME).reset_index(drop=True)
