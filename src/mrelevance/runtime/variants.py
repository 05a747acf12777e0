"""Variants: the study with changes to its configuration, each with a folder of its own.

A variant is named in section `variants` of the configuration, or by the sequences that its network
gets. `results/variants/{variant}/` has the layout of `results/`.
"""

import copy

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.result_paths import RESULTS, STUDY, variant_of
from mrelevance.runtime.stages import stages_computed
from mrelevance.runtime.subset_names import sequences_of

WHOLE = ("network",)
"""Sections that a variant replaces as a whole: arguments of one network do not fit another."""

KEPT = ("source", "channels", "trust_code")
"""Keys of `network` that stay where a variant replaces the section."""

FIXED = (
    *("variants", "comparisons", "protocol", "segmentation"),
    "phantom.tissue_classes",
    "network.source",
    *(f"cohort.{key}" for key in ("source", "patients", "data", "incomplete", "nifti_geometry")),
)
"""What a variant cannot change: patients, and what their labels mean, are those of the study."""


def named_variants(config: dict) -> dict[str, dict]:
    """Variants of the configuration and what each changes; null takes a shipped one away.

    Those that would train another network are none where nothing is trained.
    """
    return {
        name: changes
        for name, changes in config["variants"].items()
        if changes is not None and not (_trains(changes) and _is_trained_elsewhere(config))
    }


def _trains(changes: dict) -> bool:
    return isinstance(changes, dict) and not {"network", "training"}.isdisjoint(changes)


def _is_trained_elsewhere(config: dict) -> bool:
    """As `network_source.is_trained_elsewhere`, of a configuration that may be faulty."""
    network = config.get("network")
    return isinstance(network, dict) and network.get("source") is not None


def changes_of(config: dict, variant: str) -> dict:
    """What a variant changes in the configuration.

    Raises
    ------
    InputError
        There is no such variant.
    """
    variants = named_variants(config)
    if variant in variants:
        return variants[variant]
    subset = sequences_of(variant)
    if set(subset) <= set(config["sequences"]):
        return {"sequences": subset}
    raise InputError(
        f"variant {variant} is unknown; name it under variants in the configuration; known are "
        f"{', '.join(variants) or 'none'}, and the sequences that a network gets, such as "
        f"{','.join(config['sequences'][:2])}"
    )


def configuration_of(config: dict, results: str) -> dict:
    """Configuration of the study or variant whose results lie in the folder `results`."""
    variant = variant_of(results)
    return config if variant == STUDY else varied(config, changes_of(config, variant))


def varied(config: dict, changes: dict) -> dict:
    """The configuration with changes: merged key by key, lists and networks replaced.

    Where a network was trained, and what its channels are, stays unless it is changed.
    """
    result = merged(config, changes, WHOLE)
    if isinstance(result.get("network"), dict) and isinstance(config.get("network"), dict):
        kept = {key: config["network"][key] for key in KEPT if key in config["network"]}
        result["network"] = kept | result["network"]
    return result


def merged(config: dict, changes: dict, whole: tuple[str, ...] = ()) -> dict:
    """The configuration with changes, merged key by key; lists and `whole` sections replaced."""
    result = copy.deepcopy(config)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        together = both and key not in whole
        result[key] = merged(result[key], value) if together else copy.deepcopy(value)
    return result


def home(config: dict, stage: str, results: str) -> str:
    """Folder of the results in which a stage lies, seen from those of the study or a variant.

    A stage that the variant does not compute lies in the study.
    """
    computed = stages_computed(config, configuration_of(config, results))
    return results if stage in computed else RESULTS


def compared_variants(config: dict, comparison: str) -> list[str]:
    """Variants that a comparison sets beside the study, in the order of the configuration.

    A variant that changes nothing, such as a baseline that is the study's anyway, is left out.
    """
    variants = named_variants(config)
    return [
        name
        for name in config["comparisons"][comparison]
        if name in variants and stages_computed(config, varied(config, variants[name]))
    ]
