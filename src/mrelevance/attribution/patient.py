"""Relevance of one patient's segmentation, composite by composite."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
import torch
from tqdm import tqdm

from mrelevance.attribution.composites import under_composite
from mrelevance.attribution.cost import explanation_cost, is_large, log_cost
from mrelevance.attribution.inputs import ExplainedPatient, Masks
from mrelevance.attribution.table import relevance_table
from mrelevance.attribution.target import Target
from mrelevance.lrp import Explainer, Explanation, Windows
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.files import written_whole
from mrelevance.runtime.images import image_like, write_image
from mrelevance.runtime.method_names import identifier

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PatientRelevance:
    """Relevance in one patient under one composite.

    Attributes
    ----------
    method
        Identifier of the composite with its parameters.
    shares
        Share of every sequence at every output voxel (C, D, H, W), zero where the normaliser is
        too small to divide by, or not every sequence covers the voxel.
    normalisers
        `N_a` (D, H, W).
    maps
        Region maps `M_A` (C, D, H, W) by (region, lesion).
    table
        The relevance table. Two more columns: `standard_error` of `relevance_pooled`, at most, zero
        where nothing is sampled; and `baseline_contrast`, see `Explanation`, NA where the network
        has no normalisation that takes its statistics from the image, or the rule no baseline.
    """

    method: str
    shares: np.ndarray
    normalisers: np.ndarray
    maps: Masks
    table: pd.DataFrame


def compute_relevance(
    patient: ExplainedPatient, predictor: Predictor, target: Target, settings: dict
) -> Iterator[PatientRelevance]:
    """Explain a patient's segmentation under each composite, one after the other.

    What is explained are the logits of the predictor, blended over its windows.

    Parameters
    ----------
    settings
        `composites`, `tau` and `statistics` of the configuration's section `relevance`. Voxels with
        a normaliser below `tau` times their logit leave the mean over a region.
    """
    image, baseline = torch.from_numpy(patient.image), torch.from_numpy(patient.baseline)
    large = is_large(predictor, patient)
    progress = partial(tqdm, desc=f"{patient.name}: explaining", mininterval=5) if large else iter

    @lru_cache(maxsize=1)
    def exported(device: torch.device, windows: Windows) -> Explainer:
        return Explainer(predictor.ensemble_in(windows), image, progress=progress)

    def explain(method: str, device: torch.device, windows: Windows) -> PatientRelevance:
        explainer = under_composite(
            exported(device, windows), method, baseline, settings["statistics"]
        )
        with torch.no_grad():
            explanation = explainer.explain(image, target.classes)
            return _relevance(explanation, patient, method, target, settings["tau"])

    methods = [identifier(entry) for entry in settings["composites"]]
    if large:
        for method in methods:
            cost = explanation_cost(patient, predictor, target, method, settings["statistics"])
            log_cost(patient.name, f"explanation by {method}", predictor, cost)
    for method in methods:
        of_composite = partial(explain, method)
        yield predictor.within_memory(patient.image.shape, patient.name, of_composite)


def write_volumes(relevance: PatientRelevance, grid: sitk.Image, folder: Path) -> None:
    """Write shares, normalisers and region maps as images, the folder as a whole."""
    volumes = {"shares": relevance.shares, "normaliser": relevance.normalisers}
    for (region, lesion), relevance_map in relevance.maps.items():
        volumes[f"map_{region}_{lesion}"] = relevance_map
    with written_whole(folder) as beside:
        for name, array in volumes.items():
            write_image(image_like(array, grid), beside / f"{name}.nii.gz")


def _relevance(
    explanation: Explanation, patient: ExplainedPatient, method: str, target: Target, tau: float
) -> PatientRelevance:
    parts = explanation.sequence_parts  # first, as the normalisers are then their sum
    covered = torch.from_numpy(patient.covered).to(explanation.logit.device)
    included = explanation.included(covered, tau)
    table = relevance_table(
        parts.cpu().numpy(),
        explanation.change.cpu().numpy(),
        included.cpu().numpy(),
        patient.masks,
        patient.sequences,
        {"patient": patient.name, "method": method, "target": target.name},
    )
    table["standard_error"] = _standard_errors(explanation, parts, patient.masks)
    contrast = explanation.baseline_contrast
    if contrast is not None:
        logger.info(
            "patient %s, %s: contrast of the baseline, relative to the image's: %.3g",
            *(patient.name, method, contrast),
        )
    table["baseline_contrast"] = np.nan if contrast is None else contrast
    _report_excluded(table, patient.name, method)
    return PatientRelevance(
        method,
        torch.where(included, explanation.shares, 0).cpu().numpy(),
        explanation.normalisers.cpu().numpy(),
        _region_maps(explanation, patient.masks, tau),
        table,
    )


def _standard_errors(explanation: Explanation, parts: torch.Tensor, masks: Masks) -> list[float]:
    """Largest standard error of the pooled share of every region and sequence.

    All voxels share the sampled orders, so their errors may add up.
    """
    of_voxels = explanation.standard_error
    if of_voxels is None:
        return [0.0] * (len(masks) * len(parts))
    errors = []
    for mask in masks.values():
        inside = torch.from_numpy(mask).to(parts.device)
        total = parts[:, inside].double().sum().abs()
        errors += (of_voxels[:, inside].double().sum(1) / total).tolist()
    return errors


def _region_maps(explanation: Explanation, masks: Masks, tau: float) -> Masks:
    """Map of every region; that of the whole tumour is the sum of its parts' maps.

    The map is zero where no voxel of the region is included.
    """
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
    if ("tumour", 0) in masks:
        maps["tumour", 0] = tumour
    return maps


def _report_excluded(table: pd.DataFrame, patient: str, method: str) -> None:
    regions = table.drop_duplicates(["region", "lesion"])
    for row in regions[regions["excluded_voxels"] > 0].itertuples():
        logger.info(
            "patient %s, %s: %d of %d voxels of region %s %d are left out, as their normaliser is "
            "too small",
            *(patient, method, row.excluded_voxels, row.voxels, row.region, row.lesion),
        )
