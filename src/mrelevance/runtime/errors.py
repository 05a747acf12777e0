"""The errors a user can act on."""

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """Bad input: one line that names patient, sequence and file, what is wrong, what to do.

    A check that finds several problems gives a line for each.
    """


class StorageError(OSError):
    """A result cannot be stored: one line that names the file, what is wrong, what to do."""


@contextmanager
def gathered(problems: list[str]) -> Iterator[None]:
    """Add the lines of a user's error to `problems` in place of raising it."""
    try:
        yield
    except (InputError, StorageError) as error:
        problems += str(error).splitlines()
