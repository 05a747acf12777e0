"""A trial of the configured network before anything expensive: two steps, one window."""

import math
import resource
import time
from dataclasses import dataclass

import torch
from torch import nn

from mrelevance.networks.building import build_network, first_line, lacks_package
from mrelevance.networks.outputs import check_outputs, without_auxiliary_heads
from mrelevance.networks.precision import check_precision, lay_out
from mrelevance.networks.training import check_training
from mrelevance.networks.training_step import Batch, new_state, train_step
from mrelevance.runtime.errors import InputError, gathered
from mrelevance.runtime.segmentation import read_segmentation

Size = tuple[int, int, int]

LARGER = (2, 3, 4, 6, 8, 12, 16, 32, 64)
"""Multiples of network.divisor that are tried where it is too small."""

ONE_VOXEL = ("more than 1 spatial element", "more than 1 value per channel")
"""What normalisations say of a single voxel, of which they cannot take a variance."""

NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(frozen=True)
class TriedNetwork:
    """A network after its first training steps, in evaluation mode on the CPU, and what it cost.

    Attributes
    ----------
    weights
        Number of trainable numbers.
    step_seconds, window_seconds
        Time of a training step, and of one window in evaluation.
    memory_gb
        The most memory of this process so far.
    one_size
        Whether the network takes images of the size of the window alone.
    """

    network: nn.Module
    weights: int
    step_seconds: float
    window_seconds: float
    memory_gb: float
    one_size: bool


def try_training(configuration: dict, channels: int) -> TriedNetwork:
    """Build the configured network, train it on random patches, apply it once.

    Needs the sections `network`, `training`, `inference`, `evaluation` and `segmentation`;
    `channels` is the number of sequences.

    Raises
    ------
    InputError
        One line for each thing that would fail later, with what to set.
    """
    settings, problems = configuration["training"], []
    with gathered(problems):
        check_training(configuration)
    with gathered(problems):
        check_precision({"evaluation.precision": configuration["evaluation"]["precision"]})
    name, arguments = (configuration["network"][key] for key in ("name", "arguments"))
    classes, network = len(read_segmentation(configuration["segmentation"]).outputs), None
    # The weights are drawn from the global generator, whose state belongs to the caller.
    with torch.random.fork_rng(devices=[]), gathered(problems):
        torch.manual_seed(0)
        network = build_network(name, arguments, channels, classes)
        window = tuple(configuration["inference"]["window"][::-1])
        divisor = configuration["network"]["divisor"]
        one_size = _check_sizes(network, name, (channels, classes), window, divisor)
        if not problems:
            network = lay_out(network, settings["precision"])
            step_seconds = _try_step(network, name, settings, channels, classes)
            network = without_auxiliary_heads(network).eval()
            window_seconds = _try_window(network, name, (channels, classes), window)
    if problems:
        raise InputError("\n".join(problems))
    return TriedNetwork(
        network,
        sum(parameter.numel() for parameter in network.parameters()),
        step_seconds,
        window_seconds,
        # Kilobytes on Linux.
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        one_size,
    )


def _check_sizes(
    network: nn.Module, name: str, channels: tuple[int, int], window: Size, divisor: int
) -> bool:
    """Check that all multiples of the divisor can be segmented; True if only the window can."""
    failure = _failure_at(network, channels, _uneven_multiple(window, divisor))
    if isinstance(failure, ImportError):
        raise InputError(lacks_package(name, failure)) from failure
    at_window = _failure_at(network, channels, window)
    if failure is None or (at_window is None and _of_one_voxel(failure)):
        return False
    for factor in LARGER:
        needed = divisor * factor
        size = _uneven_multiple(window, needed)
        if size == window:  # which may be the only size that the network takes
            size = (size[0] + needed, *size[1:])
        if needed <= max(window) and _failure_at(network, channels, size) is None:
            reason = first_line(failure).split(";")[0]
            raise InputError(
                f"network.divisor: {name} cannot take every multiple of {divisor} voxels "
                f"({reason}); set {needed}, and training.patch, inference.window and "
                "evaluation.maps.crop to multiples of it"
            )
    if at_window is not None:
        raise InputError(_in_words(at_window, name, "inference.window", window)) from at_window
    return True


def _failure_at(network: nn.Module, channels: tuple[int, int], size: Size) -> Exception | None:
    """What stops a network from segmenting an image of a size (D, H, W), if anything does.

    `channels` are the numbers of sequences and of classes.
    """
    sequences, classes = channels
    try:
        with torch.no_grad():
            given = network.eval()(torch.randn(1, sequences, *size))
        check_outputs(given, classes, torch.Size(size), "inference.window")
    except Exception as error:  # networks fail in ways of their own
        return error
    return None


def _uneven_multiple(window: Size, divisor: int) -> Size:
    """Multiples of the divisor within the window by factors that 2 and 3 do not divide.

    Other multiples would also suit a divisor that is too small by such a factor. Along a short
    axis it is three times the divisor, or the divisor itself.
    """
    return tuple(divisor * _uneven(length // divisor) for length in window)


def _uneven(most: int) -> int:
    factors = [factor for factor in range(5, most + 1) if math.gcd(factor, 6) == 1]
    return max(factors, default=3 if most >= 3 else 1)


def _of_one_voxel(error: Exception) -> bool:
    return any(words in str(error) for words in ONE_VOXEL)


def _try_step(network: nn.Module, name: str, settings: dict, channels: int, classes: int) -> float:
    """Take a training step on random patches, and another one; the seconds of the second."""
    size = (settings["batch"], 1, *settings["patch"][::-1])
    images = torch.randn(size[0], channels, *size[2:])
    labels = torch.randint(classes, size).float()
    batch = Batch(["of the trial"], images, labels, None)
    try:
        state = new_state(network, settings)
        train_step(state, batch, settings, 0)
        start = time.perf_counter()
        train_step(state, batch, settings, 1)
    except Exception as error:  # networks fail in ways of their own
        words = _in_words(error, name, "training.patch", size[2:])
        raise InputError(words) from error
    return time.perf_counter() - start


def _try_window(network: nn.Module, name: str, channels: tuple[int, int], window: Size) -> float:
    """Segment a random window; its seconds."""
    start = time.perf_counter()
    failure = _failure_at(network, channels, window)
    if failure is not None:
        raise InputError(_in_words(failure, name, "inference.window", window)) from failure
    return time.perf_counter() - start


def _in_words(error: Exception, name: str, key: str, size: Size) -> str:
    """One line on why a network cannot take images of a size, configured as `key`."""
    voxels = list(size[::-1])
    said = first_line(error)
    if isinstance(error, InputError):
        return said
    if _of_one_voxel(error):
        return (
            f"{key}: of {voxels} voxels {name} leaves a single one at its coarsest resolution, "
            "which cannot be normalised; give a larger size, or fewer strides in network.arguments"
        )
    if any(words in said for words in NO_MEMORY):
        smaller = "training.batch or training.patch" if key == "training.patch" else key
        return f"{key}: {name} needs more memory than there is ({said}); lower {smaller}"
    return f"{key}: {name} cannot take {voxels} voxels ({said}); change {key}, or network.arguments"
