"""The error a user can act on."""


class InputError(ValueError):
    """Bad input: one line that names patient, sequence and file, what is wrong, what to do."""
