"""Arguments of networks that come with a file: plain data that load nothing else."""

from typing import Any

from mrelevance.runtime.errors import InputError

OF_OTHER_FILES = ("path", "url", "pretrained_", "checkpoint", "weights")
"""Parts of the names of arguments with which networks load files, or fetch them."""


def harmless_arguments(arguments: dict[str, Any], what: str) -> dict[str, Any]:
    """Arguments with which a network loads no weights of its own; `what` names its declaration.

    Raises
    ------
    InputError
        An argument names a file to load, or is an object.
    """
    for key, value in arguments.items():
        named = isinstance(key, str) and any(part in key for part in OF_OTHER_FILES)
        if named and value not in (None, False):
            raise InputError(
                f"{what}: {key} would load another file, which is not done; leave it out"
            )
        refuse_objects(value, f"{what}: {key}")
    # Its weights are in the file that is read.
    return arguments | ({"pretrained": False} if "pretrained" in arguments else {})


def refuse_objects(value: Any, what: str) -> None:
    """Check that a value is plain data.

    Raises
    ------
    InputError
        It declares an object to create (`_target_`).
    """
    if isinstance(value, dict):
        if "_target_" in value:
            raise InputError(
                f"{what} would create {value['_target_']}, which is not done; give plain data"
            )
        for one in value.values():
            refuse_objects(one, what)
    elif isinstance(value, list | tuple):
        for one in value:
            refuse_objects(one, what)
