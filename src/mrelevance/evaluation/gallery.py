"""One lesion under many methods: its maps, and the relevance that each layer keeps."""

import logging

import pandas as pd
import torch
from torch import Tensor, nn

from mrelevance.attribution.lesion_crop import LesionCrop, RegionMargin
from mrelevance.attribution.methods import MappedNetwork, attribution_map, explain_crop
from mrelevance.lrp.changes import PLANS, shapley
from mrelevance.networks.inference import MeanNetwork
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.method_names import parse
from mrelevance.runtime.methods import COMPOSITES, METHODS

logger = logging.getLogger(__name__)

COLUMNS = [
    *["patient", "lesion", "method", "depth", "operation", "layer"],
    *["received", "passed", "absorbed", "remaining"],
]


def gallery_maps(
    mapped: MappedNetwork, crop: LesionCrop, methods: tuple[str, ...], seed: int
) -> tuple[dict[str, Tensor], pd.DataFrame]:
    """Maps (C, D, H, W) of a lesion by method, and what each layer keeps under each composite.

    The table has one row per method and operation, from the output (depth 1) to the image:
    patient, lesion, method, depth, operation, layer, and `received`, `passed`, `absorbed` and
    `remaining`, all as shares of the relevance at the output (the mean margin, or its change from
    the baseline). Methods that do not go through the network once, layer by layer, have one row,
    `whole`: the sum of the map of those that explain the change, NA for methods whose map has
    another unit. A method that does not apply to the network has neither map nor rows, and a
    warning tells why; methods that the configuration asks for are known to apply since the trial of
    the network.
    """
    maps, rows = {}, []
    for method in methods:
        try:
            maps[method] = attribution_map(method, mapped, crop, seed)
        except InputError as error:
            logger.warning("left out of the gallery: %s: %s", method, error)
            continue
        rows += [
            [crop.patient, crop.lesion, method, *row]
            for row in _conservation(method, maps[method], mapped, crop)
        ]
    return maps, pd.DataFrame(rows, columns=COLUMNS)


@torch.no_grad()
def _conservation(
    method: str, values: Tensor, mapped: MappedNetwork, crop: LesionCrop
) -> list[list]:
    name, _ = parse(method)
    in_one_pass = name in COMPOSITES and PLANS.get(name, shapley) is shapley
    if in_one_pass and _alike(mapped.network):
        explanation = explain_crop(method, mapped, crop, keep_values=True)
        start = float(explanation.change[crop.region].double().sum())
        layers = explanation.conservation_by_layer(crop.region)
        return [
            [depth, layer["operation"], layer["layer"]]
            + [layer[key] / start for key in ("received", "passed", "absorbed", "remaining")]
            for depth, layer in enumerate(layers, start=1)
        ]
    if METHODS[name].needs_baseline:
        margin = RegionMargin(mapped.network, crop.region, mapped.target)
        change = float(margin(crop.image[None]) - margin(crop.baseline[None]))
        kept = float(values.double().sum()) / change
        return [[1, "whole", "", 1.0, kept, 1 - kept, kept]]
    return [[1, "whole", "", *[float("nan")] * 4]]


def _alike(network: nn.Module) -> bool:
    """Whether the layers of an ensemble's networks can be summed one by one."""
    networks = network.networks if isinstance(network, MeanNetwork) else [network]
    return len({str(one) for one in networks}) == 1
