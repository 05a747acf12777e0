"""How the trained network segments when one sequence is replaced by its baseline, or all others."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mrelevance.attribution.inputs import ExplainedPatient
from mrelevance.attribution.shapley import Coalition
from mrelevance.attribution.shares import HALVES
from mrelevance.networks.lesions import find_regions
from mrelevance.networks.scores import count_lesions, voxel_dice
from mrelevance.runtime.images import spacing_zyx

ABLATIONS = ("drop_one", "keep_one")


def ablated_coalitions(count: int) -> dict[tuple[str, int | None], Coalition]:
    """Coalitions by ablation and sequence: all, none, all but one, one alone."""
    coalitions = {
        ("all", None): (True,) * count,
        ("none", None): (False,) * count,
    }
    for sequence in range(count):
        alone = tuple(other == sequence for other in range(count))
        coalitions["drop_one", sequence] = tuple(not present for present in alone)
        coalitions["keep_one", sequence] = alone
    return coalitions


def occlusion_parts(ablation: str, outputs: dict[Coalition, Tensor], count: int) -> Tensor:
    """Change of the explained output that one sequence makes, (C, D, H, W).

    `drop_one`: what the image loses when the sequence gives way to its baseline; `keep_one`: what
    the baseline gains when it is given the sequence; `halves`: the mean of the two, which are the
    first and the last term of the Shapley value. `outputs` (D, H, W) by coalition.
    """
    coalitions = ablated_coalitions(count)
    if ablation == HALVES:
        return sum(occlusion_parts(half, outputs, count) for half in ABLATIONS) / 2
    if ablation == "drop_one":
        full = outputs[coalitions["all", None]]
        return torch.stack([full - outputs[coalitions["drop_one", c]] for c in range(count)])
    empty = outputs[coalitions["none", None]]
    return torch.stack([outputs[coalitions["keep_one", c]] - empty for c in range(count)])


def ablation_table(
    patient: ExplainedPatient, logits: dict[Coalition, Tensor], lesion_overlap: float
) -> pd.DataFrame:
    """How a patient is segmented from fewer sequences.

    From all sequences this is the prediction, whose scores are those of `scores.tsv`. The passes
    with fewer may have another precision, so that single voxels at the threshold differ.

    Parameters
    ----------
    logits
        Winners outside and inside of the region, (2, D, H, W), by coalition.
    lesion_overlap
        Share of a lesion's voxels that must be predicted for it to count as detected.

    Returns
    -------
    One row per ablation (all, none, drop_one, keep_one) and sequence (NA for all and none):
    patient, ablation, sequence, dice, lesions, detected, false_positives and margin, the mean of
    inside minus outside over the labelled voxels (NA without any).
    """
    sequences, label, spacing_mm = patient.sequences, patient.label, spacing_zyx(patient.grid)
    rows = []
    for (ablation, sequence), coalition in ablated_coalitions(len(sequences)).items():
        outside, inside = logits[coalition].float().numpy()
        # With all sequences, the segmentation is the predicted one, which is scored elsewhere too.
        segmentation = patient.predicted if ablation == "all" else inside > outside
        if patient.ignored is not None:
            segmentation = segmentation & ~patient.ignored
        _, regions = find_regions(segmentation, label, spacing_mm, lesion_overlap)
        labelled = (inside - outside)[label > 0]
        rows.append(
            {
                "patient": patient.name,
                "ablation": ablation,
                "sequence": None if sequence is None else sequences[sequence],
                "dice": voxel_dice(segmentation, label > 0),
                **count_lesions(regions),
                "margin": float(labelled.mean()) if labelled.size else np.nan,
            }
        )
    return pd.DataFrame(rows)
