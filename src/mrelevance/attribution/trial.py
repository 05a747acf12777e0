"""A trial of all that will be done with the configured network, before anything expensive."""

import resource
import time
from collections.abc import Callable
from pathlib import Path

import SimpleITK as sitk
import torch

from mrelevance.attribution.gradients import GRADIENT_METHODS
from mrelevance.attribution.layers import stages_from_output
from mrelevance.attribution.lesion_crop import LesionCrop
from mrelevance.attribution.methods import MappedNetwork, attribution_map
from mrelevance.attribution.target import Target
from mrelevance.cohort.kinds import kind_of
from mrelevance.lrp import Explainer, Windows
from mrelevance.networks.building import first_line
from mrelevance.networks.first_patient import in_words as patient_in_words
from mrelevance.networks.first_patient import try_first_patient
from mrelevance.networks.predictor import Predictor
from mrelevance.networks.trained_elsewhere import check_source, load_source, region_of_outputs
from mrelevance.networks.trial import try_training
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_json, write_json
from mrelevance.runtime.method_names import Entry, identifier, parse
from mrelevance.runtime.methods import GALLERY, METHODS
from mrelevance.runtime.network_source import is_trained_elsewhere
from mrelevance.runtime.segmentation import Region, read_segmentation

IN_GALLERY = "always in the gallery"
"""Key of methods that nothing else asks for; the gallery leaves out those that do not apply."""


def try_network(configuration: dict, channels: int) -> dict:
    """Train the configured network for a step, segment a window, explain random voxels.

    Every composite and every method of maps is applied once, so that an operation without a rule
    is found before images are registered. `channels` is the number of sequences.

    Returns
    -------
    What the network is and what it cost: `network`, `weights`, `step_seconds`,
    `training_minutes` (an estimate from that one step), `window_seconds`, `explained_seconds`,
    `memory_gb`, `one_size`, whether it takes images of the size of the window alone, and
    `left_out`: methods that the gallery leaves out, with the reason.

    Raises
    ------
    InputError
        One line for each thing that would fail later, with what to set.
    """
    tried = try_training(configuration, channels)
    start = time.perf_counter()
    window, overlap = (configuration["inference"][key] for key in ("window", "overlap"))
    predictor = Predictor(
        tried.network,
        Windows(tuple(window[::-1]), overlap),
        divisor=configuration["network"]["divisor"],
    )
    name = configuration["network"]["name"]
    problems, left_out = explanation_problems(
        predictor, name, configuration, channels, tried.one_size
    )
    if problems:
        raise InputError("\n".join(problems))
    return {
        "network": configuration["network"]["name"],
        "weights": tried.weights,
        "step_seconds": round(tried.step_seconds, 3),
        "training_minutes": round(tried.step_seconds * configuration["training"]["steps"] / 60, 1),
        "window_seconds": round(tried.window_seconds, 3),
        "explained_seconds": round(time.perf_counter() - start, 3),
        "memory_gb": round(tried.memory_gb, 2),
        "one_size": tried.one_size,
        "left_out": left_out,
    }


def try_source(configuration: dict, sequences: list[str], project: Path) -> dict:
    """Load a network that was trained elsewhere, check that it fits, explain random voxels.

    As `try_network`, without training: `network`, `weights`, `members`, `window_seconds` of all
    members, `explained_seconds`, `memory_gb`, `one_size`, `left_out` and, in a user's cohort,
    `first_patient`, see `try_first_patient`. Paths of the configuration start at `project`.

    Raises
    ------
    InputError
        It cannot be read, its channels or outputs do not fit the configuration, or a method does
        not apply; one line for each problem.
    """
    source = project / configuration["network"]["source"]
    trusted = configuration["network"]["trust_code"]
    predictor = load_source({**configuration["inference"], "source": source, "trust_code": trusted})
    segmentation = read_segmentation(configuration["segmentation"])
    check_source(predictor, sequences, configuration["network"]["channels"], segmentation)
    outputs = predictor.deployment.outputs
    regions = [
        region_of_outputs(outputs, segmentation, one) for one in segmentation.explained_regions
    ]
    first = {}
    if kind_of(configuration["cohort"]["source"]).reads_images:
        first = {"first_patient": try_first_patient(predictor, configuration, project)}
    start = time.perf_counter()
    predictor.logits(torch.randn(len(sequences), *predictor.windows.size))
    window_seconds = time.perf_counter() - start
    start = time.perf_counter()
    problems, left_out = explanation_problems(
        predictor, str(source), configuration, len(sequences), False, regions
    )
    if problems:
        raise InputError("\n".join(problems))
    return {
        "network": f"{predictor.deployment.kind} {source}",
        "weights": sum(weight.numel() for weight in predictor.networks[0].parameters()),
        "members": len(predictor.ensemble.members),
        "window_seconds": round(window_seconds, 3),
        "explained_seconds": round(time.perf_counter() - start, 3),
        # Kilobytes on Linux.
        "memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "one_size": False,
        "left_out": left_out,
    } | first


def try_once(configuration: dict, sequences: list[str], project: Path, kept: Path) -> dict:
    """As `try_configured`, whose answer is kept in a file; where there is one, it is read."""
    if not kept.exists():
        write_json(try_configured(configuration, sequences, project), kept)
    return read_json(kept)


def try_configured(configuration: dict, sequences: list[str], project: Path) -> dict:
    """Try the network of a configuration, whose paths start at `project`, wherever it is trained.

    `sequences` are those of the study. See `try_network` and `try_source`.
    """
    if is_trained_elsewhere(configuration):
        return try_source(configuration, sequences, project)
    return try_network(configuration, len(sequences))


def in_words(tried: dict) -> list[str]:
    """What `try_network` returned, in one line, and one for each restriction."""
    if "members" in tried:
        lines = [
            f"network {tried['network']}: {tried['weights']:,} weights, {tried['members']} "
            f"members; a window took {tried['window_seconds']:.2g} s, with "
            f"{tried['memory_gb']:.1f} GB of memory; every configured method applies to it"
        ]
        if "first_patient" in tried:
            lines.append(patient_in_words(tried["first_patient"]))
        return lines + _left_out(tried)
    lines = [
        f"network {tried['network']}: {tried['weights']:,} weights; a training step took "
        f"{tried['step_seconds']:.2g} s here (all steps: about {tried['training_minutes']:.2g} "
        f"minutes), a window {tried['window_seconds']:.2g} s, with {tried['memory_gb']:.1f} GB of "
        "memory; every configured method applies to it"
    ]
    if tried["one_size"]:
        lines.append(
            f"network {tried['network']} takes images of the size of inference.window alone: every "
            "preprocessed image must be at least as large along each axis"
        )
    return lines + _left_out(tried)


def _left_out(tried: dict) -> list[str]:
    return [
        f"the gallery leaves out {method}, which does not apply to this network: {reason}"
        for method, reason in tried["left_out"].items()
    ]


def explanation_problems(
    predictor: Predictor,
    name: str,
    configuration: dict,
    channels: int,
    one_size: bool,
    regions: list[Region] | None = None,
) -> tuple[list[str], dict[str, str]]:
    """What stops a network from being explained as configured: a line for each reason.

    Also the methods that nothing but the gallery asks for and that do not apply, with the reason.
    `name` is what messages call the network; `one_size` says whether it takes images of the size
    of the window alone; `regions` are the explained regions as numbers of its outputs, where these
    are not the classes. Members of an ensemble that are built alike are tried once.
    """
    divisor = configuration["network"]["divisor"]
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(channels, *predictor.windows.size, generator=generator)
    failure = _failure_of(Explainer, predictor, image)
    if failure:
        return [f"network.name: {name} cannot be explained: {first_line(failure)}"], {}
    size = configuration["evaluation"]["maps"]["crop"]
    image = torch.randn(channels, *size[::-1], generator=generator)
    if regions is None:
        regions = read_segmentation(configuration["segmentation"]).explained_regions
    target = configuration["relevance"]["target"]
    statistics = configuration["relevance"]["statistics"]
    different = {str(network): network for network in predictor.networks}.values()
    networks = [
        MappedNetwork(network, Target.of_region(target, region), statistics)
        for network in different
        for region in regions
    ]
    failures = (
        _failure_of(stages_from_output, mapped.network, image)
        or _failure_of(mapped.exported, image)
        for mapped in networks[:: len(regions)]
    )
    failure = next(filter(None, failures), None)
    if failure:
        reason = first_line(failure)
        return [f"evaluation.maps.crop: {name} cannot be explained on {size} voxels: {reason}"], {}
    # Rules do not depend on the size: three voxels at the coarsest resolution are enough.
    longest = max(size) if one_size else 3 * divisor
    crop = _random_crop([min(length, longest) for length in size[::-1]], channels, generator)
    methods_by_reason: dict[str, list[str]] = {}
    left_out = {}
    for method, key in _methods(configuration).items():
        failures = (_failure_of(attribution_map, method, mapped, crop, 0) for mapped in networks)
        failure = next(filter(None, failures), None)
        if failure is None:
            continue
        reason = first_line(failure)
        if key == IN_GALLERY and isinstance(failure, InputError):
            left_out[method] = reason
        else:
            methods_by_reason.setdefault(reason, []).append(f"{parse(method)[0]} ({key})")
    return [
        f"network.name: {name} cannot be explained by {', '.join(methods)}: {reason}"
        for reason, methods in methods_by_reason.items()
    ], left_out


def _methods(configuration: dict) -> dict[str, str]:
    """All methods that will be applied, by identifier, and the first key that asks for each."""
    maps = configuration["evaluation"]["maps"]
    asked = {
        "relevance.composites": configuration["relevance"]["composites"],
        "evaluation.maps.methods": maps["methods"],
        "evaluation.maps.randomised_methods": maps["randomised_methods"],
        "always compared": GRADIENT_METHODS,
        IN_GALLERY: GALLERY,
    }
    found: dict[str, str] = {}
    for key, entries in asked.items():
        for entry in entries:
            found.setdefault(_at_least_cost(entry), key)
    return found


def _at_least_cost(entry: Entry) -> str:
    """Identifier of a method with as few steps as it can take, which need the same rules."""
    name, given = parse(identifier(entry))
    steps = {
        key: parameter.lowest
        for key, parameter in METHODS[name].parameters.items()
        if parameter.whole
    }
    return identifier({"name": name, **given, **steps})


def _failure_of(function: Callable, *arguments: object) -> Exception | None:
    """What a function raises when it fails; None if it succeeds."""
    try:
        function(*arguments)
    except Exception as error:  # networks and their export fail in ways of their own
        return error
    return None


def _random_crop(size: list[int], channels: int, generator: torch.Generator) -> LesionCrop:
    """A lesion in the middle of random voxels, compared with other random voxels."""
    image, baseline = (torch.randn(channels, *size, generator=generator) for _ in range(2))
    region = torch.zeros(size, dtype=torch.bool)
    region[tuple(slice(length // 3, length // 3 + 2) for length in size)] = True
    grid = sitk.Image(*size[::-1], sitk.sitkUInt8)
    return LesionCrop("of the trial", 1, image, baseline, region, grid)
