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

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.method_names import check_methods, identifier
from mrelevance.runtime.methods import COMPOSITES, MAPPED
from mrelevance.runtime.result_paths import STUDY
from mrelevance.runtime.segmentation import read_segmentation
from mrelevance.runtime.stages import setting
from mrelevance.runtime.subset_names import check_minutes, check_subsets
from mrelevance.runtime.variants import FIXED, compared_variants, named_variants, varied

COMPARED_BY = {"baselines": ("relevance.baseline",), "motion_effect": ("motion.method",)}
"""The setting that tells the variants of a comparison apart in its tables and figures."""

# Measured on phantom patients: compressed images of all stages up to the network's input, and the
# relevance maps of one composite.
BYTES_PER_VALUE = 13
BYTES_PER_RELATED_VALUE = 28


def check_configuration(config: dict, schema: str | Path) -> None:
    """Check the configuration, and that of every variant, against the schema and against itself.

    `schema` lies in the folder of the schemas that it refers to.

    Raises
    ------
    InputError
        A key is unknown or missing; a value has the wrong type or lies outside its range; a
        sequence or composite is named that is not configured; a size does not fit the network; a
        variant changes what it cannot, or is compared and does not exist; see also
        `check_subsets` and `check_minutes`.
    """
    validator = _validator(Path(schema))
    _check_one(config, validator)
    _check_named("fixed_sequence", config["fixed_sequence"], "sequences", config["sequences"])
    check_subsets(config["protocol"]["subsets"], config["sequences"])
    check_minutes(config["protocol"]["acquisition_minutes"], config["sequences"])
    for name, changes in named_variants(config).items():
        _check_changes(name, changes, config["sequences"])
        try:
            changed = varied(config, changes)
            _check_one(changed, validator)
            _check_sequences(changed, config["sequences"])
        except InputError as error:
            raise InputError(f"{error} (variant {name}; null takes it away)") from None
    _check_comparisons(config)


def _check_one(config: dict, validator: Draft202012Validator) -> None:
    """Check a single configuration, of the study or of a variant."""
    error = best_match(validator.iter_errors(config))
    if error:
        raise InputError(_in_one_line(error))
    maps = config["evaluation"]["maps"]
    for key, methods, among in (
        ("relevance.composites", config["relevance"]["composites"], COMPOSITES),
        ("evaluation.maps.methods", maps["methods"], MAPPED),
        ("evaluation.maps.randomised_methods", maps["randomised_methods"], MAPPED),
    ):
        check_methods(methods, key, among)
    _check_target(config)
    composites = [identifier(entry) for entry in config["relevance"]["composites"]]
    _check_named(
        "figures.composite", config["figures"]["composite"], "relevance.composites", composites
    )
    divisor = config["network"]["divisor"]
    for key, size in (
        ("training.patch", config["training"]["patch"]),
        ("inference.window", config["inference"]["window"]),
        ("evaluation.maps.crop", maps["crop"]),
    ):
        if any(length % divisor for length in size):
            raise InputError(
                f"configuration: {key} is {size}; each number must be a multiple of "
                f"network.divisor, which is {divisor}"
            )
    if any(length % maps["block"] for length in maps["crop"]):
        raise InputError(
            f"configuration: evaluation.maps.crop is {maps['crop']}; each number must be a "
            f"multiple of evaluation.maps.block, which is {maps['block']}"
        )


def _check_target(config: dict) -> None:
    """Check what the labels mean, and that the explained output exists for every region."""
    segmentation = read_segmentation(config["segmentation"])
    for region in segmentation.explained_regions:
        if config["relevance"]["target"] != "margin" and len(region.inside) > 1:
            raise InputError(
                f"configuration: relevance.target is {config['relevance']['target']}, but region "
                f"{region.name} has {len(region.inside)} classes and no logit of its own; set "
                "margin"
            )


def _check_changes(variant: str, changes: dict, sequences: list[str]) -> None:
    """Check the name of a variant, and that it changes nothing that all variants share."""
    if variant in (STUDY, *sequences):
        raise InputError(
            f"configuration: variants names a variant {variant}, which is what "
            f"{'the study itself' if variant == STUDY else 'a network with this sequence alone'} "
            "is called; choose another name"
        )
    for key in FIXED:
        value = changes
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            raise InputError(
                f"configuration: variant {variant} changes {key}, which all variants share with "
                "the study; write a configuration of its own for that, see config/README.md"
            )


def _check_sequences(config: dict, of_study: list[str]) -> None:
    """Check that a variant takes its sequences from the study's."""
    for name in (*config["sequences"], config["fixed_sequence"]):
        _check_named("sequences", name, "the sequences of the study", of_study)


def _check_comparisons(config: dict) -> None:
    """Check that what is compared exists, and can be told apart by what the comparison is about."""
    for comparison, names in config["comparisons"].items():
        for name in names:
            _check_named(f"comparisons.{comparison}", name, "variants", list(config["variants"]))
        variants = {
            name: varied(config, config["variants"][name])
            for name in compared_variants(config, comparison)
        }
        for key in COMPARED_BY.get(comparison, ()):
            values = {STUDY: setting(config, key)}
            for name, changed in variants.items():
                same = [other for other, value in values.items() if value == setting(changed, key)]
                if same:
                    raise InputError(
                        f"configuration: comparisons.{comparison} lists {name}, whose {key} is "
                        f"that of {same[0]}; list variants that differ in it"
                    )
                values[name] = setting(changed, key)
        if comparison == "networks":
            for name, changed in variants.items():
                if changed["sequences"] != config["sequences"]:
                    raise InputError(
                        f"configuration: comparisons.networks lists {name}, whose sequences are "
                        "not the study's; list it under protocol.subsets instead"
                    )


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


def expected_bytes(values: float, tested: float, maps: int) -> float:
    """Disk space of a study's results, roughly.

    `values` is the number of voxels times sequences, summed over all patients; `tested` the share
    of test patients, whose relevance maps take most of the space; `maps` the number of composites
    times explained regions.
    """
    return values * (BYTES_PER_VALUE + tested * BYTES_PER_RELATED_VALUE * maps)


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
