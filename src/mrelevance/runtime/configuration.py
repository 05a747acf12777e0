"""Checks of the configuration, before anything is computed."""

import json
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource

from mrelevance.runtime.errors import InputError, gathered
from mrelevance.runtime.method_names import check_methods, identifier
from mrelevance.runtime.methods import COMPOSITES, MAPPED
from mrelevance.runtime.motion_limits import check_limits
from mrelevance.runtime.network_source import check_use, is_trained_elsewhere
from mrelevance.runtime.result_paths import STUDY
from mrelevance.runtime.segmentation import read_segmentation
from mrelevance.runtime.stages import setting
from mrelevance.runtime.subset_names import check_minutes, check_subsets
from mrelevance.runtime.variants import FIXED, compared_variants, named_variants, varied

COMPARED_BY = {"baselines": ("relevance.baseline",), "motion_effect": ("motion.method",)}
"""The setting that tells the variants of a comparison apart in its tables and figures."""

Check = tuple[tuple[str, ...], Callable[[dict], None]]
"""Sections of the configuration, and a function that checks what they say together."""


def check_configuration(config: dict, schema: str | Path) -> None:
    """Check the configuration, and that of every variant, against the schema and against itself.

    `schema` lies in the folder of the schemas that it refers to. What needs a section that breaks
    the schema is not checked further.

    Raises
    ------
    InputError
        One line for each problem: a key is unknown or missing; a value has the wrong type or lies
        outside its range; a sequence or composite is named that is not configured; a size does not
        fit the network; a limit for `failed` is stricter than that for `check`; a variant changes
        what it cannot, or is compared and does not exist; see also `check_subsets` and
        `check_minutes`.
    """
    validator = _validator(Path(schema))
    problems, faulty = _problems_of_one(config, validator)
    _run(CHECKS_OF_STUDY, config, faulty, problems)
    if "variants" not in faulty:
        for name, changes in named_variants(config).items():
            problems += _problems_of_variant(name, changes, config, validator, problems, faulty)
    if not problems:
        with gathered(problems):
            _check_comparisons(config)
    if problems:
        raise InputError("\n".join(problems))


def faulty_sections(config: dict, schema: str | Path) -> set[str]:
    """Sections of the configuration that break the schema, so that nothing may rely on them."""
    return _problems_of_one(config, _validator(Path(schema)))[1]


def _problems_of_one(
    config: dict, validator: Draft202012Validator, known: frozenset[str] = frozenset()
) -> tuple[list[str], set[str]]:
    """Problems of a single configuration, of the study or of a variant, and its faulty sections.

    Those of the sections `known` to be faulty are left out.
    """
    problems, faulty = [], set(known)
    for error in sorted(validator.iter_errors(config), key=lambda error: error.json_path):
        if known.intersection(list(error.absolute_path)[:1]):
            continue
        problems += _lines_of(best_match([error]))
        faulty.update(list(error.absolute_path)[:1])
        if not error.absolute_path and error.validator == "required":
            faulty.update(key for key in error.validator_value if key not in config)
    _run(CHECKS_OF_ONE, config, faulty, problems)
    return problems, faulty


def _run(checks: tuple[Check, ...], config: dict, faulty: set[str], problems: list[str]) -> None:
    """Add what checks find to `problems`; those that read a faulty section are left out."""
    for sections, check in checks:
        if not faulty.intersection(sections):
            with gathered(problems):
                check(config)


def _problems_of_variant(
    name: str,
    changes: dict,
    config: dict,
    validator: Draft202012Validator,
    of_study: list[str],
    faulty: set[str],
) -> list[str]:
    """Problems of a variant that the study does not have as well."""
    problems = []
    with gathered(problems):
        _check_changes(name, changes, config["sequences"] if "sequences" not in faulty else [])
    if problems:
        return problems
    changed = varied(config, changes)
    found, faulty = _problems_of_one(changed, validator, frozenset(faulty))
    chosen = {"sequences", "fixed_sequence"}
    if chosen & set(changes) and not chosen & faulty:
        with gathered(found):
            _check_sequences(changed, config["sequences"])
    return [
        f"{line} (variant {name}; null takes it away)" for line in found if line not in of_study
    ]


def _check_composites(config: dict) -> None:
    check_methods(config["relevance"]["composites"], "relevance.composites", COMPOSITES)


def _check_maps(config: dict) -> None:
    maps, problems = config["evaluation"]["maps"], []
    for key in ("methods", "randomised_methods"):
        with gathered(problems):
            check_methods(maps[key], f"evaluation.maps.{key}", MAPPED)
    if any(length % maps["block"] for length in maps["crop"]):
        problems.append(
            f"configuration: evaluation.maps.crop is {maps['crop']}; each number must be a "
            f"multiple of evaluation.maps.block, which is {maps['block']}"
        )
    if problems:
        raise InputError("\n".join(problems))


def _check_composite_of_figures(config: dict) -> None:
    composites = [identifier(entry) for entry in config["relevance"]["composites"]]
    _check_named(
        "figures.composite", config["figures"]["composite"], "relevance.composites", composites
    )


def _check_motion(config: dict) -> None:
    check_limits(config["motion"]["quality"])


def _check_size(key: str, config: dict) -> None:
    """Check that a size is a multiple of what the network divides it by."""
    if is_trained_elsewhere(config) and key != "evaluation.maps.crop":
        return
    size, divisor = setting(config, key), config["network"]["divisor"]
    if any(length % divisor for length in size):
        raise InputError(
            f"configuration: {key} is {size}; each number must be a multiple of "
            f"network.divisor, which is {divisor}"
        )


def _check_fixed_sequence(config: dict) -> None:
    _check_named("fixed_sequence", config["fixed_sequence"], "sequences", config["sequences"])


def _check_protocol(config: dict) -> None:
    problems = []
    with gathered(problems):
        check_subsets(config["protocol"]["subsets"], config["sequences"])
    with gathered(problems):
        check_minutes(config["protocol"]["acquisition_minutes"], config["sequences"])
    if problems:
        raise InputError("\n".join(problems))


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
    problems = []
    for comparison in config["comparisons"]:
        with gathered(problems):
            _check_comparison(comparison, config)
    if problems:
        raise InputError("\n".join(problems))


def _check_comparison(comparison: str, config: dict) -> None:
    for name in config["comparisons"][comparison]:
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


CHECKS_OF_ONE: tuple[Check, ...] = (
    (("motion",), _check_motion),
    (("relevance",), _check_composites),
    (("segmentation", "relevance"), _check_target),
    (("evaluation",), _check_maps),
    (("figures", "relevance"), _check_composite_of_figures),
    (("training", "network"), partial(_check_size, "training.patch")),
    (("inference", "network"), partial(_check_size, "inference.window")),
    (("inference", "network"), check_use),
    (("evaluation", "network"), partial(_check_size, "evaluation.maps.crop")),
)
"""Checks of the study and of every variant, with the sections that each reads."""

CHECKS_OF_STUDY: tuple[Check, ...] = (
    (("sequences", "fixed_sequence"), _check_fixed_sequence),
    (("sequences", "protocol"), _check_protocol),
)
"""Checks of what variants cannot change."""


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


def _lines_of(error: ValidationError) -> list[str]:
    """Where in the configuration, what is wrong, what is allowed; a line for each unknown key."""
    place = ".".join(str(part) for part in error.absolute_path)
    if place == "sequences" and error.validator == "minItems":
        return [
            f"configuration: sequences lists {len(error.instance)} of at least 2: the study "
            "compares MRI sequences with each other, so that one sequence alone has nothing to be "
            "compared with; add another one"
        ]
    if error.validator != "additionalProperties":
        where = f"configuration, {place}" if place else "configuration"
        return [f"{where}: {error.message}; see config/README.md"]
    known, lines = list(error.schema["properties"]), []
    for unknown in (key for key in error.instance if key not in known):
        close = get_close_matches(str(unknown), known, n=1)
        advice = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
        key = f"{place}.{unknown}" if place else unknown
        lines.append(f"configuration: unknown key {key}; {advice}")
    return lines
