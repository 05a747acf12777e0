"""A results folder of nnU-Net v2 as a predictor: the same chain that nnU-Net deploys."""

from collections.abc import Sequence
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
from mrelevance.networks.nnunet.folder import (
    Fold,
    check_results_folder,
    checkpoint_path,
    choose_folds,
    folds_there,
)
from mrelevance.networks.nnunet.normalisation import check_schemes
from mrelevance.networks.nnunet.plans import Plans, read_plans
from mrelevance.networks.nnunet.preprocessing import label_to_case, prepare
from mrelevance.networks.nnunet.restoring import restore
from mrelevance.networks.predictor import NO_MIRRORING, Predictor
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import sha256

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
    folder = Path(folder)
    check_results_folder(folder)
    if checkpoint not in KINDS_OF_CHECKPOINTS:
        raise InputError(
            f"nnU-Net: checkpoint is {checkpoint!r}; give {', '.join(KINDS_OF_CHECKPOINTS)}"
        )
    dataset = read_dataset(folder / "dataset.json")
    chosen = choose_folds(folder, folds, checkpoint)
    paths = [checkpoint_path(folder, fold, checkpoint) for fold in chosen]
    # As nnU-Net does, all but the weights comes from the first fold.
    first = read_checkpoint(paths[0])
    plans_path = folder / "plans.json"
    plans = read_plans(plans_path, first.configuration, len(dataset.channels))
    where = f"{plans_path}: configuration {plans.configuration}"
    check_schemes(plans.schemes, plans.intensities, where)
    mirrorings = _mirrorings(first, plans, paths[0]) if mirroring else NO_MIRRORING
    networks = [
        _network(plans, dataset, first if path == paths[0] else read_checkpoint(path), path, where)
        for path in paths
    ]
    patch = _in_3d(plans)
    return Predictor(
        networks,
        Windows(patch, OVERLAP, placement="even", weights="float16"),
        mirrorings=mirrorings,
        smallest=patch,
        precision=precision,
        device=device,
        deployment=Deployment(
            kind="nnU-Net",
            path=folder,
            files={
                str(path.relative_to(folder)): sha256(path)
                for path in (folder / "dataset.json", plans_path, *paths)
            },
            channels=dataset.channels,
            outputs=dataset.outputs,
            spacing_mm=plans.spacing[::-1] if len(plans.spacing) == 3 else None,
            facts=_facts(plans, dataset, first, chosen, folds_there(folder, checkpoint), mirrorings)
            | {"checkpoint": checkpoint},
            prepare=partial(prepare, channels=dataset.channels, plans=plans),
            restore=partial(restore, outputs=dataset.outputs, plans=plans),
            label_to_case=label_to_case,
        ),
    )


def _network(
    plans: Plans, dataset: Dataset, checkpoint: Checkpoint, path: Path, where: str
) -> nn.Module:
    network = build(
        plans,
        len(dataset.channels),
        len(dataset.outputs.names),
        has_batch_norm(checkpoint.weights),
        where,
    )
    load_weights(network, checkpoint.weights, path)
    return network


def _mirrorings(checkpoint: Checkpoint, plans: Plans, path: Path) -> tuple[tuple[int, ...], ...]:
    """All sets of the axes along which windows are mirrored, the empty set first."""
    if any(axis >= len(plans.patch) for axis in checkpoint.mirrored):
        raise InputError(
            f"nnU-Net: {path}: inference_allowed_mirroring_axes is {checkpoint.mirrored}, and the "
            f"network has {len(plans.patch)} axes; use files of one training"
        )
    # The axes of networks in 2D are the last two.
    axes = [axis + 3 - len(plans.patch) for axis in checkpoint.mirrored]
    return tuple(chosen for count in range(len(axes) + 1) for chosen in combinations(axes, count))


def _in_3d(plans: Plans) -> tuple[int, int, int]:
    """Size (D, H, W) of a window; networks in 2D take single slices."""
    return (*(1,) * (3 - len(plans.patch)), *plans.patch)


def _facts(
    plans: Plans,
    dataset: Dataset,
    first: Checkpoint,
    chosen: tuple[Fold, ...],
    there: list[Fold],
    mirrorings: tuple[tuple[int, ...], ...],
) -> dict[str, str]:
    """What the files say of the network and its training, in words."""
    axes = sorted({axis for axes in mirrorings for axis in axes})
    facts = {
        "dataset": plans.dataset,
        "trainer": first.trainer,
        "plans": plans.name,
        "configuration": plans.configuration,
        "epochs": "" if first.epochs is None else str(first.epochs),
        "training cases": "" if dataset.cases is None else str(dataset.cases),
        "folds": f"{', '.join(map(str, chosen))} of {', '.join(map(str, there))}",
        "mirrored axes": ", ".join(map(str, axes)) or "none",
    }
    return {name: text for name, text in facts.items() if text}
