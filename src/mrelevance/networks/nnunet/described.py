"""Reading the JSON files of a results folder, and checking the entries that are needed of them."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.user_files import check_file

COPY_AGAIN = "copy it again from the results folder of the training"


def read_object(path: Path) -> dict:
    """Content of a JSON file of a results folder.

    Raises
    ------
    InputError
        The file is missing, cannot be read, or holds no JSON object.
    """
    if not path.exists():
        raise InputError(f"nnU-Net: {path} does not exist; {COPY_AGAIN}")
    check_file(path, "nnU-Net")
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(f"nnU-Net: {path} is not JSON ({error}); {COPY_AGAIN}") from error
    if not isinstance(content, dict):
        raise InputError(f"nnU-Net: {path} does not hold a JSON object; {COPY_AGAIN}")
    return content


def check_entries(content: dict, schema: dict, where: str) -> None:
    """Check the entries of a JSON object; `where` names file and object in the error.

    Raises
    ------
    InputError
        An entry is missing or has another form.
    """
    error = best_match(Draft202012Validator(schema).iter_errors(content))
    if error is None:
        return
    place = ".".join(map(str, error.absolute_path))
    raise InputError(
        f"nnU-Net: {where}: {f'{place}: ' if place else ''}{_in_short(error.message)}; {COPY_AGAIN}"
    )


def _in_short(message: str, longest: int = 200) -> str:
    """A message of the validator, which quotes what it validates, in one line."""
    text = " ".join(message.split())
    return text if len(text) <= longest else f"{text[: longest // 2]} ... {text[-longest // 2 :]}"
