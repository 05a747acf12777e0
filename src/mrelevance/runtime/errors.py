"""The errors a user can act on."""


class InputError(ValueError):
    """Bad input: one line that names patient, sequence and file, what is wrong, what to do."""


class StorageError(OSError):
    """A result cannot be stored: one line that names the file, what is wrong, what to do."""
