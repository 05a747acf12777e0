"""Which columns a table must have."""

import pandas as pd

from mrelevance.runtime.errors import InputError


def check_columns(table: pd.DataFrame, columns: list[str], what: str) -> None:
    """Check that `table`, named `what` in the error, has all `columns`.

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
