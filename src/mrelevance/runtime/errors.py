"""The errors a user can act on."""

from collections.abc import Callable, Sequence
from typing import Any


class InputError(ValueError):
    """Bad input: one line that names patient, sequence and file, what is wrong, what to do."""


class StorageError(OSError):
    """A result cannot be stored: one line that names the file, what is wrong, what to do."""


def problems_of(check: Callable, *given: Any) -> list[str]:
    """What a check finds wrong: the line of its error, or nothing."""
    try:
        check(*given)
    except (InputError, StorageError) as error:
        return [str(error)]
    return []


def in_lines(problems: Sequence[str]) -> str:
    """Problems as the text of one error: one as it is, several below each other."""
    if len(problems) == 1:
        return problems[0]
    return "\n  ".join([f"{len(problems)} problems; nothing was computed", *problems])
