"""Region perturbation: how the output falls when voxels are replaced, the most relevant first.

Samek et al. 2017, Evaluating the visualization of what a deep neural network has learned, IEEE
Transactions on Neural Networks and Learning Systems 28; "pixel flipping" of Bach et al. 2015.
"""

import copy
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mrelevance.attribution.lesion_crop import LesionCrop, RegionMargin
from mrelevance.attribution.methods import MappedNetwork, attribution_map
from mrelevance.networks.precision import autocast, lay_out
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.method_names import identifier
from mrelevance.runtime.seeds import patient_seed

REPLACEMENTS = ("baseline", "noise", "shuffled")
UNITS = ("all_sequences", "one_sequence")
ORDERS = ("most_relevant", "least_relevant")
COLUMNS = [
    *["patient", "lesion", "method", "units", "replacement", "order"],
    *["step", "replaced", "replaced_share", "margin"],
]
BATCH = 4  # images per forward pass

Margin = Callable[[Tensor], Tensor]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Perturbation:
    """One way to replace an image part by part.

    Attributes
    ----------
    units, replacement
        One of `UNITS` and one of `REPLACEMENTS`.
    steps
        At which the margin is measured, see `step_counts`.
    block
        Side of a unit in voxels.
    seed
        Of the order of equal units and of random replacements.
    """

    units: str
    replacement: str
    steps: int
    block: int
    seed: int


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

    `baseline`: the baseline image. `noise`: drawn from a normal distribution with the mean and
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
    """Number of replaced units at each step: none, then from one to all in equal ratios."""
    return np.unique([0, *np.geomspace(1, units, steps).round().astype(int)])


def unit_orders(relevance_map: np.ndarray, labels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Units by the sum of a map (C, D, H, W) over each, in both orders; equal ones by chance."""
    sums = np.bincount(labels.ravel(), weights=relevance_map.ravel())
    chance = np.random.default_rng(seed).permutation(len(sums))
    return {
        "most_relevant": np.lexsort((chance, -sums)),
        "least_relevant": np.lexsort((chance, sums)),
    }


def perturbations(settings: dict, seed: int) -> list[Perturbation]:
    """All combinations of the `units` and `replacements` of the configuration's evaluation.maps.

    `steps` and `block` are read from there, too.
    """
    return [
        Perturbation(units, replacement, settings["steps"], settings["block"], seed)
        for units in settings["units"]
        for replacement in settings["replacements"]
    ]


def perturb_lesions(
    mapped: MappedNetwork, crops: list[LesionCrop], settings: dict, precision: str, seed: int
) -> pd.DataFrame:
    """Perturbation table of several lesions under the configured methods; columns `COLUMNS`.

    Parameters
    ----------
    settings
        `methods`, `units`, `replacements`, `steps` and `block` of the configuration's
        evaluation.maps.
    precision
        Of the forward passes, `float32` or `bfloat16`.
    seed
        Of the study; each patient has its own.

    Raises
    ------
    InputError
        See `attribution_map` and `perturb_lesion`.
    """
    methods = [identifier(entry) for entry in settings["methods"]]
    tables = [pd.DataFrame(columns=COLUMNS)]
    for crop in crops:
        of_patient = patient_seed(seed, crop.patient)
        maps = {method: attribution_map(method, mapped, crop, of_patient) for method in methods}
        margin = crop_margin(mapped, crop, precision)
        tables.append(perturb_lesion(margin, crop, maps, perturbations(settings, of_patient)))
        logger.info("patient %s: perturbed lesion %d", crop.patient, crop.lesion)
    return pd.concat(tables)


def crop_margin(mapped: MappedNetwork, crop: LesionCrop, precision: str) -> Margin:
    """Mean explained output of a lesion as a function of images, computed in a precision."""
    network = lay_out(copy.deepcopy(mapped.network), precision)
    of_region = RegionMargin(network, crop.region, mapped.target)

    def margin(images: Tensor) -> Tensor:
        with autocast(images.device, precision):
            # Images in the same memory layout as the weights.
            return of_region(images.contiguous(memory_format=torch.channels_last_3d))

    return margin


def perturb_lesion(
    margin: Margin, crop: LesionCrop, maps: dict[str, Tensor], ways: list[Perturbation]
) -> pd.DataFrame:
    """Perturbation table of one lesion; for `margin` and `maps` see `perturbation_table`.

    Raises
    ------
    InputError
        The crop's mean margin is not above zero: there is nothing to lose.
    """
    tables = [perturbation_table(margin, crop.image, crop.baseline, maps, way) for way in ways]
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
    margin: Margin, image: Tensor, baseline: Tensor, maps: dict[str, Tensor], way: Perturbation
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

    Returns
    -------
    One row per method, order and step: method, units, replacement, order, step, replaced
    (units), replaced_share (of all units), margin.
    """
    labels = block_labels(tuple(image.shape), way.block, way.units)
    substitute = replacement_image(way.replacement, image, baseline, way.block, way.seed)
    count = int(labels.max()) + 1
    counts = step_counts(count, way.steps)
    # Replacing a unit by itself needs no forward pass.
    changed = np.bincount(labels.ravel(), weights=(image != substitute).numpy().ravel()) > 0
    selections, rows = [], []
    for method, relevance_map in maps.items():
        orders = unit_orders(relevance_map.double().numpy(), labels, way.seed)
        for order, ranked in orders.items():
            for step, replaced in enumerate(counts):
                selected = np.zeros(count, bool)
                selected[ranked[:replaced]] = True
                selections.append(selected & changed)
                rows.append([method, way.units, way.replacement, order, step, replaced])
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
