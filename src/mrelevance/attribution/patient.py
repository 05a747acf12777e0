"""Relevance of one patient's segmentation, composite by composite."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
import pandas as pd
import torch

from mrelevance.attribution.table import relevance_table
from mrelevance.attribution.target import TARGETS
from mrelevance.lrp import Explainer, Explanation, Tiles, Windows
from mrelevance.lrp.composites import FROM_BASELINE
from mrelevance.networks.memory import WithinMemory

logger = logging.getLogger(__name__)

Regions = dict[tuple[str, int], np.ndarray]


@dataclass(frozen=True)
class PatientRelevance:
    """What one composite says of one patient.

    Attributes
    ----------
    shares
        Share of every sequence at every output voxel (C, D, H, W), zero where the normaliser is
        too small to divide by.
    normalisers
        `N_a` (D, H, W).
    maps
        Region maps `M_A` (C, D, H, W) by (region, lesion).
    table
        The relevance table.
    """

    composite: str
    shares: np.ndarray
    normalisers: np.ndarray
    maps: dict[tuple[str, int], np.ndarray]
    table: pd.DataFrame


def relate_patient(
    network: torch.nn.Module,
    windows: Windows,
    memory: WithinMemory,
    image: np.ndarray,
    baseline: np.ndarray,
    masks: Regions,
    composites: list[str],
    target: str,
    tau: float,
    sequences: list[str],
    patient: str,
) -> Iterator[PatientRelevance]:
    """Explain a patient's segmentation under each composite, one after the other.

    Parameters
    ----------
    network
        Maps an image (1, C, D, H, W) of any size to logits of the same grid.
    windows
        In which the network is applied; their blended logits are explained.
    memory
        Where the network is applied.
    image, baseline
        Preprocessed sequences (C, D, H, W); the baseline serves the composites that need one.
    masks
        Regions (D, H, W) by (region, lesion), see `regions_of`.
    target
        `margin` or `tumour`.
    tau
        Voxels with a normaliser below `tau` times their logit leave the mean over a region.
    """
    explained = torch.from_numpy(image)

    @lru_cache(maxsize=1)
    def exported(device: torch.device, tiles: Tiles | None) -> Explainer:
        return Explainer(network, explained, windows=replace(windows, tiles=tiles))

    def relate(composite: str, device: torch.device, tiles: Tiles | None) -> PatientRelevance:
        given = torch.from_numpy(baseline) if composite in FROM_BASELINE else None
        explainer = exported(device, tiles).with_composite(composite, baseline=given)
        keys = {"patient": patient, "method": composite, "target": target}
        return _relate(explainer, explained, masks, tau, sequences, keys)

    for composite in composites:
        yield memory.run(partial(relate, composite))


@torch.no_grad()
def _relate(
    explainer: Explainer,
    image: torch.Tensor,
    masks: Regions,
    tau: float,
    sequences: list[str],
    keys: dict[str, str],
) -> PatientRelevance:
    explanation = explainer.explain(image, TARGETS[keys["target"]])
    parts = explanation.sequence_parts  # first, as the normalisers are then their sum
    included = explanation.included(torch.ones_like(explanation.logit, dtype=torch.bool), tau)
    table = relevance_table(
        parts.cpu().numpy(),
        explanation.change.cpu().numpy(),
        included.cpu().numpy(),
        masks,
        sequences,
        keys,
    )
    _report_excluded(table, keys["patient"], keys["method"])
    return PatientRelevance(
        keys["method"],
        torch.where(included, explanation.shares, 0).cpu().numpy(),
        explanation.normalisers.cpu().numpy(),
        _region_maps(explanation, masks, tau),
        table,
    )


def _region_maps(explanation: Explanation, masks: Regions, tau: float) -> Regions:
    """Map of every region; that of the whole tumour is the sum of its parts' maps."""
    maps = {}
    tumour = None
    for (region, lesion), mask in masks.items():
        if region == "tumour":
            continue
        region_mask = torch.from_numpy(mask).to(explanation.logit.device)
        if explanation.included(region_mask, tau).any():
            of_region = explanation.region(region_mask, tau).cpu().numpy()
        else:
            of_region = torch.zeros_like(explanation.image[0]).cpu().numpy()
        maps[region, lesion] = of_region
        if region != "FN":
            tumour = of_region if tumour is None else tumour + of_region
    if tumour is not None:
        maps["tumour", 0] = tumour
    return maps


def _report_excluded(table: pd.DataFrame, patient: str, composite: str) -> None:
    regions = table.drop_duplicates(["region", "lesion"])
    for row in regions[regions["excluded_voxels"] > 0].itertuples():
        logger.info(
            "patient %s, %s: %d of %d voxels left region %s %d, their normaliser being too small",
            *(patient, composite, row.excluded_voxels, row.voxels, row.region, row.lesion),
        )
