"""Checks of the configuration before anything is computed."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from mrelevance.errors import InputError


def check_configuration(config: dict, schema: str | Path) -> None:
    """Check the configuration against its JSON schema, and its parts against each other.

    Raises
    ------
    InputError
        A key is unknown or missing, a value has the wrong type or lies outside its range, or a
        sequence is named that is not among `sequences`.
    """
    validator = Draft202012Validator(json.loads(Path(schema).read_text()))
    error = best_match(validator.iter_errors(config))
    if error:
        raise InputError(_in_one_line(error))
    named = {"reference": config["reference"]}
    if config["phantom"]["variant"] != "study":
        named["phantom.variant_sequence"] = config["phantom"]["variant_sequence"]
    for key, sequence in named.items():
        if sequence not in config["sequences"]:
            raise InputError(
                f"configuration: {key} is {sequence}, which is not among the sequences "
                f"{', '.join(config['sequences'])}"
            )


def _in_one_line(error: ValidationError) -> str:
    """Where in the configuration, what is wrong, what is allowed."""
    place = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = next(key for key in error.instance if key not in known)
        key = f"{place}.{unknown}" if place else unknown
        return f"configuration: unknown key {key}; known here: {', '.join(known)}"
    return f"configuration: {place + ': ' if place else ''}{error.message}"
