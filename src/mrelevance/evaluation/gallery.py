"""One lesion under many rules: its maps, and the relevance that each layer keeps."""

import pandas as pd
import torch
from torch import Tensor, nn

from mrelevance.attribution.lesion_crop import LesionCrop, RegionMargin
from mrelevance.attribution.methods import attribution_map, explain_crop
from mrelevance.lrp import Explainer
from mrelevance.lrp.composites import COMPOSITES

COLUMNS = [
    *["patient", "lesion", "method", "depth", "operation", "layer"],
    *["received", "passed", "absorbed", "remaining"],
]


def gallery_maps(
    network: nn.Module, crop: LesionCrop, methods: tuple[str, ...], target: str, seed: int
) -> tuple[dict[str, Tensor], pd.DataFrame]:
    """Maps (C, D, H, W) of a lesion by method, and what each layer keeps under each rule.

    The table has one row per method and operation, from the output (depth 1) to the image:
    patient, lesion, method, depth, operation, layer, and `received`, `passed`, `absorbed` and
    `remaining`, all as shares of the relevance at the output (the mean margin, or its change from
    the baseline). Methods without layers have one row, `whole`: what the map of integrated
    gradients adds up to, NA for methods whose map has another unit.
    """
    exported = Explainer(network, crop.image)
    maps, rows = {}, []
    for method in methods:
        maps[method] = attribution_map(method, network, exported, crop, target, seed)
        rows += [
            [crop.patient, crop.lesion, method, *row]
            for row in _conservation(method, maps[method], network, exported, crop, target)
        ]
    return maps, pd.DataFrame(rows, columns=COLUMNS)


@torch.no_grad()
def _conservation(
    method: str,
    values: Tensor,
    network: nn.Module,
    exported: Explainer,
    crop: LesionCrop,
    target: str,
) -> list[list]:
    if method == "integrated_gradients":
        margin = RegionMargin(network, crop.region, target)
        change = float(margin(crop.image[None]) - margin(crop.baseline[None]))
        kept = float(values.double().sum()) / change
        return [[1, "whole", "", 1.0, kept, 1 - kept, kept]]
    if method not in COMPOSITES or method == "deeplift_by_sequence":
        return [[1, "whole", "", *[float("nan")] * 4]]
    explanation = explain_crop(method, exported, crop, target, keep_values=True)
    start = float(explanation.change[crop.region].double().sum())
    return [
        [depth, layer["operation"], layer["layer"]]
        + [layer[key] / start for key in ("received", "passed", "absorbed", "remaining")]
        for depth, layer in enumerate(explanation.conservation_by_layer(crop.region), start=1)
    ]
