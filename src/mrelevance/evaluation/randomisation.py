"""Model-parameter randomisation: whether a map changes when the weights are redrawn.

Adebayo et al. 2018, Sanity checks for saliency maps, NeurIPS: weights are redrawn stage by stage
from the output downwards, and each map is compared with that of the trained network.
"""

import copy
from collections.abc import Callable, Iterator
from itertools import chain, zip_longest

import numpy as np
import pandas as pd
import torch
from skimage.metrics import structural_similarity
from torch import Tensor, nn

from mrelevance.attribution.baselines import DILATION_VOXELS
from mrelevance.attribution.dilation import dilated
from mrelevance.attribution.layers import stages_from_output
from mrelevance.attribution.lesion_crop import LesionCrop
from mrelevance.attribution.methods import MappedNetwork, attribution_map
from mrelevance.networks.inference import MeanNetwork
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import spacing_zyx
from mrelevance.runtime.method_names import identifier

COLUMNS = [
    *["patient", "lesion", "method", "stage", "stage_name"],
    *["similarity", "similarity_signed"],
]
LARGEST_QUANTILE = 0.995


def randomise_lesions(
    mapped: MappedNetwork, crops: list[LesionCrop], settings: dict, seed: int
) -> pd.DataFrame:
    """Randomisation table of several lesions; columns `COLUMNS`.

    `settings` are `randomised_lesions` and `randomised_methods` of the configuration's
    evaluation.maps. Two yardsticks are added or among the methods: `network_output`, the explained
    output of every voxel, shows how much the network itself has changed, and `random`, a map drawn
    anew for every stage, the similarity by chance.
    """
    crops = crops[: settings["randomised_lesions"]]
    methods = [identifier(entry) for entry in settings["randomised_methods"]]
    if not crops:
        return pd.DataFrame(columns=COLUMNS)
    of_stage: dict[int, MappedNetwork] = {}

    def maps_of(changed: nn.Module, number: int, stage: int) -> dict[str, Tensor]:
        if stage not in of_stage:
            of_stage.clear()
            of_stage[stage] = MappedNetwork(changed, mapped.target, mapped.statistics)
        crop = crops[number]
        with torch.no_grad():
            output = mapped.target.of_logits(changed(crop.image[None])[0])[None]
        return {"network_output": output} | {
            method: attribution_map(method, of_stage[stage], crop, seed + stage)
            for method in methods
        }

    table = randomisation_table(mapped.network, crops, maps_of, seed)
    lesions = table.pop("number").map(crops.__getitem__)
    table["patient"] = [crop.patient for crop in lesions]
    table["lesion"] = [crop.lesion for crop in lesions]
    return table[COLUMNS]


def randomised_networks(
    network: nn.Module, image: Tensor, seed: int
) -> Iterator[tuple[str, nn.Module]]:
    """The trained network, then with one stage more redrawn each time, from the output on.

    Yields the stage's name, `trained` first, and a network that the next step changes further. A
    redrawn parameter holds its own values in another order: their distribution, and with it the
    scale of what the network computes, stays as it was. Running statistics of batch norm stay. Of
    an ensemble, the same stage of every network is redrawn at once.
    """
    changed = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    yield "trained", changed
    members = changed.networks if isinstance(changed, MeanNetwork) else [changed]
    for stages in zip_longest(*(stages_from_output(member, image) for member in members)):
        redrawn = [stage for stage in stages if stage is not None]
        with torch.no_grad():
            for module in chain.from_iterable(stage.modules for stage in redrawn):
                for parameter in module.parameters(recurse=False):
                    order = torch.randperm(parameter.numel(), generator=generator)
                    parameter.copy_(parameter.flatten()[order].view_as(parameter))
        yield redrawn[0].name, changed


def map_similarity(
    original: Tensor, other: Tensor, region: Tensor, spacing_mm: tuple[float, float, float]
) -> tuple[float, float]:
    """Structural similarity of two maps (C, D, H, W) in and around a region (D, H, W).

    Wang et al. 2004, in windows of 7 voxels cubed, mean over the sequences and over the region
    dilated by 2 voxels (of the mean edge; `spacing_mm` is (z, y, x)): farther away many maps are
    zero for any network, which would count as similarity. Each map is first divided by its 99.5th
    percentile of magnitude there, and cut off at it. Returns the similarity of magnitudes, which a
    mere change of sign leaves at 1, and of the signed maps. 1: the same; about 0: unrelated.

    Raises
    ------
    InputError
        The maps differ in shape, or the region is empty.
    """
    if original.shape != other.shape or original.shape[1:] != region.shape:
        raise InputError(
            f"maps of {tuple(original.shape)} and {tuple(other.shape)} voxels and a region of "
            f"{tuple(region.shape)} do not fit together; compare maps of one crop"
        )
    if not region.any():
        raise InputError("the region is empty; compare maps where there is a lesion")
    near = dilated(region.numpy(), DILATION_VOXELS, spacing_mm)
    first, second = (_scaled(values.double().numpy(), near) for values in (original, other))

    def similarity(a: np.ndarray, b: np.ndarray) -> float:
        _, everywhere = structural_similarity(a, b, data_range=1.0, channel_axis=0, full=True)
        return float(everywhere[:, near].mean())

    # Signed maps are scaled to 0 to 1: of maps of opposite signs, both factors of the structural
    # similarity would be negative, and their product positive.
    signed = similarity((first + 1) / 2, (second + 1) / 2)
    return similarity(np.abs(first), np.abs(second)), signed


def _scaled(values: np.ndarray, near: np.ndarray) -> np.ndarray:
    largest = np.quantile(np.abs(values[:, near]), LARGEST_QUANTILE)
    return np.clip(values / largest, -1, 1) if largest else np.zeros_like(values)


def randomisation_table(
    network: nn.Module,
    crops: list[LesionCrop],
    maps_of: Callable[[nn.Module, int, int], dict[str, Tensor]],
    seed: int,
) -> pd.DataFrame:
    """Similarity of the maps of several lesions to themselves while the network is randomised.

    Parameters
    ----------
    maps_of
        Gives the maps by method for a network, the number of the lesion and that of the stage.

    Returns
    -------
    One row per lesion, method and stage: number (of the lesion), method, stage (0: trained),
    stage_name, similarity, similarity_signed (see `map_similarity`).
    """
    trained: dict[tuple[int, str], Tensor] = {}
    rows = []
    for stage, (name, changed) in enumerate(randomised_networks(network, crops[0].image, seed)):
        for number, crop in enumerate(crops):
            for method, values in maps_of(changed, number, stage).items():
                before = trained.setdefault((number, method), values)
                alike = map_similarity(before, values, crop.region, spacing_zyx(crop.grid))
                rows.append([number, method, stage, name, *alike])
    return pd.DataFrame(rows, columns=["number", *COLUMNS[2:]])
