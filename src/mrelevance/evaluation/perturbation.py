"""Region perturbation: does the output fall when the voxels that a map names are replaced?

Samek et al. 2017, Evaluating the visualization of what a deep neural network has learned, IEEE
Transactions on Neural Networks and Learning Systems 28; "pixel flipping" of Bach et al. 2015.
"""

import copy
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from mrelevance.attribution.lesion_crop import LesionCrop, RegionMargin
from mrelevance.networks.precision import autocast, lay_out
from mrelevance.runtime.errors import InputError

REPLACEMENTS = ("baseline", "noise", "shuffled")
UNITS = ("all_sequences", "one_sequence")
ORDERS = ("most_relevant", "least_relevant")
COLUMNS = [
    *["patient", "lesion", "method", "units", "replacement", "order"],
    *["step", "replaced", "replaced_share", "margin"],
]
BATCH = 4  # images per forward pass

Margin = Callable[[Tensor], Tensor]


def block_labels(size: tuple[int, int, int, int], block: int, units: str) -> np.ndarray:
    """Number of the unit that every voxel (C, D, H, W) belongs to, from 0.

    Units are cubes of `block` voxels: `all_sequences` replaces a cube in all sequences together,
    `one_sequence` in one, so that there are C times as many.

    Raises
    ------
    InputError
        The image does not consist of whole cubes.
    """
    sequences, *sides = size
    if any(side % block for side in sides):
        raise InputError(f"an image of {sides} voxels does not consist of cubes of {block} voxels")
    cubes = [side // block for side in sides]
    labels = np.arange(np.prod(cubes)).reshape(cubes)
    for axis in range(3):
        labels = labels.repeat(block, axis)
    offset = labels.max() + 1 if units == "one_sequence" else 0
    return np.stack([labels + sequence * offset for sequence in range(sequences)])


def replacement_image(kind: str, image: Tensor, baseline: Tensor, block: int, seed: int) -> Tensor:
    """What replaced voxels become, (C, D, H, W).

    `baseline`: that of the study. `noise`: drawn from a normal distribution with the mean and
    standard deviation of each sequence. `shuffled`: another cube of the image, drawn without
    replacement, the same for all sequences.

    Raises
    ------
    InputError
        There is no replacement of that name.
    """
    if kind == "baseline":
        return baseline
    if kind == "noise":
        noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed))
        mean, spread = image.mean((1, 2, 3), keepdim=True), image.std((1, 2, 3), keepdim=True)
        return mean + spread * noise
    if kind == "shuffled":
        sequences, depth, height, width = image.shape
        cubes = image.reshape(
            sequences, depth // block, block, height // block, block, width // block, block
        ).permute(1, 3, 5, 0, 2, 4, 6)  # (cubes along D, H, W, C, block, block, block)
        flat = cubes.flatten(0, 2)
        drawn = flat[torch.from_numpy(np.random.default_rng(seed).permutation(len(flat)))]
        return drawn.view(cubes.shape).permute(3, 0, 4, 1, 5, 2, 6).reshape(image.shape)
    raise InputError(f"replacement {kind!r} is unknown; choose from {', '.join(REPLACEMENTS)}")


def step_counts(units: int, steps: int) -> np.ndarray:
    """How many units are replaced at each step: none, then from one to all in equal ratios."""
    return np.unique([0, *np.geomspace(1, units, steps).round().astype(int)])


def unit_orders(relevance_map: np.ndarray, labels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Units by the sum of a map (C, D, H, W) over each, in both orders; equal ones by chance."""
    sums = np.bincount(labels.ravel(), weights=relevance_map.ravel())
    chance = np.random.default_rng(seed).permutation(len(sums))
    return {
        "most_relevant": np.lexsort((chance, -sums)),
        "least_relevant": np.lexsort((chance, sums)),
    }


def perturb_lesion(
    network: nn.Module,
    crop: LesionCrop,
    maps: dict[str, Tensor],
    settings: dict,
    target: str,
    precision: str,
    seed: int,
) -> pd.DataFrame:
    """Perturbation table of one lesion, for all units and replacements of the settings.

    `settings` are `units`, `replacements`, `steps` and `block` (voxels) of the configuration's
    evaluation.maps; for the rest see `perturbation_table`. Columns: `COLUMNS`.

    Raises
    ------
    InputError
        The crop's mean margin is not above zero: there is nothing to lose.
    """
    of_region = RegionMargin(lay_out(copy.deepcopy(network), precision), crop.region, target)

    def margin(images: Tensor) -> Tensor:
        # The layout that `lay_out` gives the weights, too.
        with autocast(images.device, precision):
            return of_region(images.contiguous(memory_format=torch.channels_last_3d))

    tables = [
        perturbation_table(
            margin, crop.image, crop.baseline, maps,
            units, replacement, settings["steps"], settings["block"], seed,
        )
        for units in settings["units"]
        for replacement in settings["replacements"]
    ]  # fmt: skip
    table = pd.concat(tables, ignore_index=True)
    intact = table.loc[table["step"] == 0, "margin"].iloc[0]
    if intact <= 0:
        raise InputError(
            f"patient {crop.patient}: lesion {crop.lesion} is found in the whole image, but not in "
            f"its crop (mean margin {intact:.2g}); enlarge evaluation.maps.crop"
        )
    return table.assign(patient=crop.patient, lesion=crop.lesion)[COLUMNS]


@torch.no_grad()
def perturbation_table(
    margin: Margin,
    image: Tensor,
    baseline: Tensor,
    maps: dict[str, Tensor],
    units: str,
    replacement: str,
    steps: int,
    block: int,
    seed: int,
) -> pd.DataFrame:
    """Margin of a lesion while its image is replaced in the order of each map.

    Parameters
    ----------
    margin
        Maps images (B, C, D, H, W) to their mean margin over the lesion, (B,).
    image, baseline
        (C, D, H, W).
    maps
        Relevance map (C, D, H, W) by method.
    units, replacement
        One of `UNITS` and one of `REPLACEMENTS`.
    steps
        At which the margin is measured, see `step_counts`.

    Returns
    -------
    One row per method, order and step: method, units, replacement, order, step, replaced
    (units), replaced_share (of all units), margin.
    """
    labels = block_labels(tuple(image.shape), block, units)
    substitute = replacement_image(replacement, image, baseline, block, seed)
    count = int(labels.max()) + 1
    counts = step_counts(count, steps)
    # Replacing a unit that stays as it is needs no forward pass.
    changed = np.bincount(labels.ravel(), weights=(image != substitute).numpy().ravel()) > 0
    selections, rows = [], []
    for method, relevance_map in maps.items():
        orders = unit_orders(relevance_map.double().numpy(), labels, seed)
        for order, ranked in orders.items():
            for step, replaced in enumerate(counts):
                selected = np.zeros(count, bool)
                selected[ranked[:replaced]] = True
                selections.append(selected & changed)
                rows.append([method, units, replacement, order, step, replaced])
    table = pd.DataFrame(
        rows, columns=["method", "units", "replacement", "order", "step", "replaced"]
    )
    table["replaced_share"] = table["replaced"] / count
    table["margin"] = _margins(margin, image, substitute, labels, selections)
    return table


def _margins(
    margin: Margin, image: Tensor, substitute: Tensor, labels: np.ndarray, selections: list
) -> list[float]:
    """Margin of the image with the selected units replaced; equal selections are measured once."""
    distinct = {selected.tobytes(): selected for selected in selections}
    numbers = torch.from_numpy(labels)
    known = {}
    for keys in _batches(list(distinct)):
        chosen = torch.stack([torch.from_numpy(distinct[key])[numbers] for key in keys])
        values = margin(torch.where(chosen, substitute, image)).tolist()
        known.update(zip(keys, values, strict=True))
    return [known[selected.tobytes()] for selected in selections]


def _batches(keys: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]
