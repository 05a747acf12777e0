"""Checks before anything is computed: configuration, images' files, disk space, cache."""

import json
import os
import shutil
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource

from mrelevance.protocol.subset_names import check_minutes, check_subsets
from mrelevance.runtime.errors import InputError

STUDY = "study"
"""Name of the study's own network among those of `comparison.networks`."""

# Measured on phantom patients: compressed images of all stages up to the network's input, and the
# relevance maps of one composite.
BYTES_PER_VALUE = 13
BYTES_PER_RELATED_VALUE = 28


def check_configuration(config: dict, schema: str | Path) -> None:
    """Check the configuration against its JSON schema, and its parts against each other.

    `schema` lies in the folder of the schemas that it refers to.

    Raises
    ------
    InputError
        A key is unknown or missing; a value has the wrong type or lies outside its range; a
        sequence or composite is named that is not configured; a size does not fit the network;
        see `check_subsets` and `check_minutes`.
    """
    validator = _validator(Path(schema))
    error = best_match(validator.iter_errors(config))
    if error:
        raise InputError(_in_one_line(error))
    _check_named("reference", config["reference"], "sequences", config["sequences"])
    composites = config["relevance"]["composites"]
    _check_named(
        "figures.composite", config["figures"]["composite"], "relevance.composites", composites
    )
    check_subsets(config["selection"]["subsets"], config["sequences"])
    check_minutes(config["selection"]["acquisition_minutes"], config["sequences"])
    for name in other_networks(config):
        if name == STUDY:
            raise InputError(
                f"configuration: comparison.networks names a network {STUDY}, which is what the "
                "study's own is called; choose another name"
            )
        error = best_match(validator.iter_errors(configuration_of_network(config, name)))
        if error:
            raise InputError(f"{_in_one_line(error)} (network {name} of comparison.networks)")
    divisor = config["network"]["divisor"]
    for key, size in (
        ("training.patch", config["training"]["patch"]),
        ("inference.window", config["inference"]["window"]),
        ("evaluation.maps.crop", config["evaluation"]["maps"]["crop"]),
    ):
        if any(length % divisor for length in size):
            raise InputError(
                f"configuration: {key} is {size}; each number must be a multiple of "
                f"network.divisor, which is {divisor}"
            )
    maps = config["evaluation"]["maps"]
    if any(length % maps["block"] for length in maps["crop"]):
        raise InputError(
            f"configuration: evaluation.maps.crop is {maps['crop']}; each number must be a "
            f"multiple of evaluation.maps.block, which is {maps['block']}"
        )


def other_networks(config: dict) -> list[str]:
    """Names of the networks that are set beside the study's."""
    networks = config["comparison"]["networks"]
    return [name for name, changes in networks.items() if changes is not None]


def configuration_of_network(config: dict, name: str) -> dict:
    """The configuration with the changes of one of `comparison.networks`.

    Its `seed` and `network` replace the study's as a whole, `training` key by key.
    """
    changes = config["comparison"]["networks"][name]
    training = config["training"] | changes.get("training", {})
    return config | changes | {"training": training}


def check_files(paths: Iterable[tuple[str, Path]]) -> int:
    """Check that files exist, each given with the words that name it; their size in bytes.

    Raises
    ------
    InputError
        One does not.
    """
    size = 0
    for what, path in paths:
        if not path.is_file():
            raise InputError(
                f"{what}: {path} does not exist; check the sample sheet and cohort.data"
            )
        size += path.stat().st_size
    return size


def expected_bytes(values: float, tested: float, composites: int) -> float:
    """Disk space of a study's results, roughly.

    `values` is the number of voxels times sequences, summed over all patients; `tested` the share
    of test patients, whose relevance maps take most of the space.
    """
    return values * (BYTES_PER_VALUE + tested * BYTES_PER_RELATED_VALUE * composites)


def check_free_space(folder: str | Path, needed_bytes: float) -> None:
    """Check that the disk of a folder has room for the results.

    Raises
    ------
    InputError
        It has not.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise InputError(
            f"disk of {Path(folder).resolve()}: the results need about {needed_bytes / 1e9:.1f} GB "
            f"and {free / 1e9:.1f} GB are free; make room or choose another --directory"
        )


def cache_folder() -> str | None:
    """Folder that Snakemake shares results through, as its user gave it; None if there is none."""
    return os.environ.get("SNAKEMAKE_OUTPUT_CACHE")


def check_cache_folder(folder: str | None) -> None:
    """Check the folder that results are shared through; None where it was not given.

    Raises
    ------
    InputError
        There is none, or it cannot be used.
    """
    advice = "give the full path of a folder that you may write to, or leave out --cache"
    if not folder:
        raise InputError(f"--cache needs the variable SNAKEMAKE_OUTPUT_CACHE; {advice}")
    if not Path(folder).is_absolute():
        # Results are links to it, from folders at any depth.
        raise InputError(f"SNAKEMAKE_OUTPUT_CACHE: {folder} is not a full path; {advice}")
    if not Path(folder).is_dir():
        raise InputError(f"SNAKEMAKE_OUTPUT_CACHE: the folder {folder} does not exist; {advice}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"SNAKEMAKE_OUTPUT_CACHE: {folder} cannot be written to; {advice}")


def _validator(schema: Path) -> Draft202012Validator:
    """Validator of a schema that refers to others of its folder by their names."""
    schemas = {path.name: json.loads(path.read_text()) for path in schema.parent.glob("*.json")}
    resources = [(name, Resource.from_contents(content)) for name, content in schemas.items()]
    return Draft202012Validator(schemas[schema.name], registry=Registry().with_resources(resources))


def _check_named(key: str, name: str, among: str, names: list[str]) -> None:
    if name not in names:
        raise InputError(
            f"configuration: {key} is {name}, which is not among {among}: {', '.join(names)}"
        )


def _in_one_line(error: ValidationError) -> str:
    """Where in the configuration, what is wrong, what is allowed."""
    place = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in known)
        close = get_close_matches(str(unknown), known, n=1)
        advice = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
        key = f"{place}.{unknown}" if place else unknown
        return f"configuration: unknown key {key}; {advice}"
    where = f"configuration, {place}" if place else "configuration"
    return f"{where}: {error.message}; see config/README.md"
