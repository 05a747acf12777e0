"""A results folder of nnU-Net v2 as a predictor: the same chain that nnU-Net deploys."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path

import torch
from torch import nn

from mrelevance.lrp.windows import Windows
from mrelevance.networks.deployment import Deployment
from mrelevance.networks.nnunet.architecture import build, has_batch_norm, load_weights
from mrelevance.networks.nnunet.checkpoint import Checkpoint, read_checkpoint
from mrelevance.networks.nnunet.dataset import Dataset, read_dataset
from mrelevance.networks.nnunet.normalisation import check_schemes
from mrelevance.networks.nnunet.plans import Plans, read_plans
from mrelevance.networks.nnunet.preprocessing import label_to_case, prepare
from mrelevance.networks.nnunet.restoring import restore
from mrelevance.networks.predictor import NO_MIRRORING, Predictor
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import sha256
from mrelevance.runtime.nnunet_folder import (
    DATASET,
    PLANS,
    Fold,
    check_results_folder,
    checkpoint_path,
    choose_folds,
    folds_there,
)

KINDS_OF_CHECKPOINTS = ("final", "best", "latest")
OVERLAP = 0.5
"""Fraction of a window that the next one overlaps, in nnU-Net's predictor by default."""


def load_nnunet(
    folder: str | Path,
    *,
    folds: Sequence[Fold] | None = None,
    mirroring: bool = True,
    checkpoint: str = "final",
    precision: str = "float32",
    device: torch.device | None = None,
) -> Predictor:
    """Load the network of a results folder of nnU-Net v2, without nnU-Net itself.

    The predictor does what nnU-Net's own does by default: its preprocessing, windows that overlap
    by half with Gaussian weights, mirrored copies, mean of the folds' logits, and its way back. It
    sums windows in the image's precision, nnU-Net in float16, which is off by up to half a unit of
    logits in the outermost voxels and a few hundredths inside.

    Parameters
    ----------
    folder
        With `plans.json`, `dataset.json` and the folders of folds, such as
        `Dataset001_Name/nnUNetTrainer__nnUNetPlans__3d_fullres`.
    folds
        Numbers of folds, or `all`; None: all numbered ones, or else `all`.
    mirroring
        Whether windows are mirrored, along the axes that the training allows.
    checkpoint
        `final`, `best` or `latest`.
    precision, device
        See `Predictor`.

    Raises
    ------
    InputError
        Files are missing, damaged or contradict each other, or describe a network that is not
        supported, such as a cascade. One line says which and what to do.
    """
    found = _found(folder, folds, checkpoint)
    mirrorings = _mirrorings(found) if mirroring else NO_MIRRORING
    networks = [
        _network(found, found.first if path == found.weights[0] else read_checkpoint(path), path)
        for path in found.weights
    ]
    patch = _in_3d(found.plans)
    facts = _facts(found) | {"mirrored axes": _mirrored_axes(mirrorings), "checkpoint": checkpoint}
    return Predictor(
        networks,
        Windows(patch, OVERLAP, placement="even", weights="float16"),
        mirrorings=mirrorings,
        smallest=patch,
        precision=precision,
        device=device,
        deployment=_deployment(found, (*found.described, *found.weights), facts),
    )


def describe_nnunet(
    folder: str | Path, *, folds: Sequence[Fold] | None = None, checkpoint: str = "final"
) -> Deployment:
    """What surrounds the network of a results folder, without its weights: see `load_nnunet`.

    The files that it names are `dataset.json` and `plans.json`.
    """
    found = _found(folder, folds, checkpoint, whole=False)
    return _deployment(found, found.described, _facts(found))


@dataclass(frozen=True)
class _Found:
    """What the files of a results folder say.

    Attributes
    ----------
    folds, there
        Those that are chosen, and all.
    first
        Checkpoint of the first chosen fold.
    described, weights
        Files of the description, and of the chosen folds.
    """

    folder: Path
    dataset: Dataset
    plans: Plans
    folds: tuple[Fold, ...]
    there: list[Fold]
    first: Checkpoint
    described: tuple[Path, Path]
    weights: list[Path]

    @property
    def where(self) -> str:
        """Names the configuration in errors."""
        return f"{self.described[1]}: configuration {self.plans.configuration}"


def _found(
    folder: str | Path, folds: Sequence[Fold] | None, checkpoint: str, whole: bool = True
) -> _Found:
    """Read and check a results folder; see `read_checkpoint` for `whole`."""
    folder = Path(folder)
    check_results_folder(folder)
    if checkpoint not in KINDS_OF_CHECKPOINTS:
        raise InputError(
            f"nnU-Net: checkpoint is {checkpoint!r}; give {', '.join(KINDS_OF_CHECKPOINTS)}"
        )
    described = (folder / DATASET, folder / PLANS)
    dataset = read_dataset(described[0])
    chosen = choose_folds(folder, folds, checkpoint)
    weights = [checkpoint_path(folder, fold, checkpoint) for fold in chosen]
    # As nnU-Net does, all but the weights comes from the first fold.
    first = read_checkpoint(weights[0], whole)
    plans = read_plans(described[1], first.configuration, len(dataset.channels))
    there = folds_there(folder, checkpoint)
    found = _Found(folder, dataset, plans, chosen, there, first, described, weights)
    check_schemes(plans.schemes, plans.intensities, found.where)
    return found


def _deployment(found: _Found, files: Sequence[Path], facts: dict[str, str]) -> Deployment:
    plans, dataset = found.plans, found.dataset
    return Deployment(
        kind="nnU-Net",
        path=found.folder,
        files={str(path.relative_to(found.folder)): sha256(path) for path in files},
        channels=dataset.channels,
        outputs=dataset.outputs,
        spacing_mm=plans.spacing[::-1] if len(plans.spacing) == 3 else None,
        facts=facts,
        prepare=partial(prepare, channels=dataset.channels, plans=plans),
        restore=partial(restore, outputs=dataset.outputs, plans=plans),
        label_to_case=label_to_case,
    )


def _network(found: _Found, checkpoint: Checkpoint, path: Path) -> nn.Module:
    network = build(
        found.plans,
        len(found.dataset.channels),
        len(found.dataset.outputs.names),
        has_batch_norm(checkpoint.weights),
        found.where,
    )
    load_weights(network, checkpoint.weights, path)
    return network


def _mirrorings(found: _Found) -> tuple[tuple[int, ...], ...]:
    """All sets of the axes along which windows are mirrored, the empty set first."""
    mirrored, dimensions = found.first.mirrored, len(found.plans.patch)
    if any(axis >= dimensions for axis in mirrored):
        raise InputError(
            f"nnU-Net: {found.weights[0]}: inference_allowed_mirroring_axes is {mirrored}, and the "
            f"network has {dimensions} axes; use files of one training"
        )
    # The axes of networks in 2D are the last two.
    axes = [axis + 3 - dimensions for axis in mirrored]
    return tuple(chosen for count in range(len(axes) + 1) for chosen in combinations(axes, count))


def _in_3d(plans: Plans) -> tuple[int, int, int]:
    """Size (D, H, W) of a window; networks in 2D take single slices."""
    return (*(1,) * (3 - len(plans.patch)), *plans.patch)


def _mirrored_axes(mirrorings: tuple[tuple[int, ...], ...]) -> str:
    return ", ".join(map(str, sorted({axis for axes in mirrorings for axis in axes}))) or "none"


def _facts(found: _Found) -> dict[str, str]:
    """What the files say of the network and its training, in words."""
    first, plans, cases = found.first, found.plans, found.dataset.cases
    facts = {
        "dataset": plans.dataset,
        "trainer": first.trainer,
        "plans": plans.name,
        "configuration": plans.configuration,
        "epochs": "" if first.epochs is None else str(first.epochs),
        "training cases": "" if cases is None else str(cases),
        "folds": f"{', '.join(map(str, found.folds))} of {', '.join(map(str, found.there))}",
    }
    return {name: text for name, text in facts.items() if text}
