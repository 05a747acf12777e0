"""What each sequence contributes to one patient's segmentation, from forward passes alone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from mrelevance.attribution.ablation import ABLATIONS, ablated_coalitions, occlusion_parts
from mrelevance.attribution.shapley import (
    MOST_SEQUENCES,
    Coalition,
    measurable,
    sampled_contributions,
    shapley_values,
)
from mrelevance.attribution.table import relevance_table
from mrelevance.attribution.target import target_logit

Masks = dict[tuple[str, int], np.ndarray]


@dataclass(frozen=True)
class Measurement:
    """What was measured in one patient.

    Attributes
    ----------
    shapley
        Shapley value of each sequence for the logits of background and tumour, (C, 2, D, H, W).
    logits
        (2, D, H, W) of the coalitions that the ablation asks for.
    standard_errors
        Of the pooled shares (C,) of each region; zero where the values are exact.
    """

    shapley: Tensor
    logits: dict[Coalition, Tensor]
    standard_errors: dict[tuple[str, int], np.ndarray]


@torch.no_grad()
def measure_sequences(
    output: Callable[[Tensor], Tensor],
    image: Tensor,
    baseline: Tensor,
    masks: Masks,
    target: str,
    permutations: int,
    seed: int,
    patient: str,
) -> Measurement:
    """Shapley values of the sequences: exact up to 8 of them, else from a sample of orders.

    Parameters
    ----------
    output
        Maps an image (1, C, D, H, W) to logits (2, D, H, W).
    image, baseline
        (C, D, H, W).
    masks
        Regions (D, H, W) whose shares are given a standard error.
    target
        `margin` or `tumour`.
    permutations, seed
        Orders of joining that are sampled where there are too many sequences.
    """
    count = len(image)
    ablated = set(ablated_coalitions(count).values())

    def bar(steps):
        return tqdm(steps, desc=f"{patient}: measuring", mininterval=5)

    if count <= MOST_SEQUENCES:
        logits = {}

        def keep_ablated(coalition: Coalition, of_coalition: Tensor) -> None:
            if coalition in ablated:
                logits[coalition] = of_coalition

        values, _ = shapley_values(output, image, baseline, bar, keep_ablated)
        return Measurement(values, logits, {key: np.zeros(count) for key in masks})
    logits = {
        coalition: output(
            torch.where(torch.tensor(coalition).view(-1, 1, 1, 1), image, baseline)[None]
        )
        for coalition in bar(sorted(ablated))
    }
    sample = sampled_contributions(output, image, baseline, logits, permutations, seed)
    total, shares = 0, {key: [] for key in masks}
    for contributions in bar(sample):
        total = total + contributions
        explained = target_logit(contributions.transpose(0, 1), target)
        for key, mask in masks.items():
            of_region = explained[:, torch.from_numpy(mask)].sum(1).numpy()
            shares[key].append(of_region / of_region.sum())
    draws = permutations // 2
    errors = {key: np.std(drawn, axis=0, ddof=1) / draws**0.5 for key, drawn in shares.items()}
    return Measurement((total / draws).float(), logits, errors)


def measurement_tables(
    measurement: Measurement,
    masks: Masks,
    target: str,
    tau: float,
    sequences: list[str],
    patient: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Relevance tables of what was measured: of the Shapley values, and of the occlusions.

    The first has one more column, `standard_error` of `relevance_pooled`. Voxels whose change is
    below `tau` of their output leave the mean over a region.
    """
    count = len(sequences)
    outputs = {known: target_logit(given, target) for known, given in measurement.logits.items()}
    full, empty = outputs[(True,) * count], outputs[(False,) * count]

    def table_of(method: str, parts: Tensor) -> pd.DataFrame:
        return relevance_table(
            parts.numpy(),
            (full - empty).numpy(),
            measurable(parts.numpy(), full.numpy(), tau),
            masks,
            sequences,
            {"patient": patient, "method": method, "target": target},
        )

    shapley = table_of("shapley", target_logit(measurement.shapley.transpose(0, 1), target))
    shapley["standard_error"] = [
        error for key in masks for error in measurement.standard_errors[key]
    ]
    occlusion = pd.concat(
        table_of(ablation, occlusion_parts(ablation, outputs, count)) for ablation in ABLATIONS
    )
    return shapley, occlusion
