"""A predictor from a network and what surrounds it."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import SimpleITK as sitk
import torch
from torch import nn

from mrelevance.lrp.windows import Windows
from mrelevance.networks.deployment import Case, Deployment
from mrelevance.networks.imported.description import Description
from mrelevance.networks.imported.own_preprocessing import (
    check_own_preprocessing,
    prepare_as_trained,
    restore_as_trained,
)
from mrelevance.networks.imported.transforms import (
    prepare_by_transforms,
    read_transforms,
    restore_by_transforms,
    spacing_of,
)
from mrelevance.networks.predictor import Predictor
from mrelevance.preprocessing.grid import resample_label
from mrelevance.runtime.files import sha256

LONGEST = 2**20
"""Length of a window that covers every image."""


def assembled(
    network: nn.Module,
    described: Description,
    kind: str,
    path: Path,
    files: Mapping[str, Path],
    *,
    precision: str,
    device: torch.device | None,
) -> Predictor:
    """Put a network into what surrounds it.

    Parameters
    ----------
    network
        In evaluation mode, on the CPU.
    kind, path
        See `Deployment`.
    files
        What was read, by its name.

    Raises
    ------
    InputError
        The preprocessing is unknown, or the window no multiple of the divisor.
    """
    longest = LONGEST - LONGEST % described.divisor
    size = described.window or (longest,) * 3
    windows = Windows(size, described.overlap, weights=described.blending)
    smallest = tuple(length if length < longest else 1 for length in size)
    return Predictor(
        network,
        windows,
        divisor=described.divisor,
        smallest=smallest if described.pad_to_window else None,
        precision=precision,
        device=device,
        deployment=_deployment(described, kind, path, files),
    )


def _deployment(
    described: Description, kind: str, path: Path, files: Mapping[str, Path]
) -> Deployment:
    outputs, what = described.outputs, str(path)
    if isinstance(described.preprocessing, dict):
        settings = described.preprocessing
        check_own_preprocessing(settings, described.channels, what)
        prepare = partial(prepare_as_trained, settings=settings)
        restore = partial(restore_as_trained, outputs=outputs)
        spacing = settings["spacing_mm"]
    else:
        chain = read_transforms(described.preprocessing, what)
        axes = described.axes
        prepare = partial(prepare_by_transforms, chain=chain, axes=axes, what=what)
        restore = partial(restore_by_transforms, outputs=outputs, chain=chain, axes=axes)
        spacing = spacing_of(chain)
    return Deployment(
        kind,
        path,
        {name: sha256(file) for name, file in files.items()},
        described.channels,
        outputs,
        None if spacing is None else tuple(spacing),
        described.facts,
        prepare,
        restore,
        label_to_case,
    )


def label_to_case(label: sitk.Image, case: Case) -> sitk.Image:
    """A label on the grid of the case, by nearest neighbour."""
    return resample_label(label, case.grid)
