"""What each sequence contributes to one patient's segmentation, from forward passes alone."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from mrelevance.attribution.ablation import ABLATIONS, ablated_coalitions, occlusion_parts
from mrelevance.attribution.cost import is_large, log_cost, prediction_cost
from mrelevance.attribution.inputs import ExplainedPatient
from mrelevance.attribution.shapley import (
    MOST_SEQUENCES,
    Coalition,
    measurable,
    sampled_contributions,
    shapley_values,
)
from mrelevance.attribution.shares import HALVES, MEASURED
from mrelevance.attribution.table import relevance_table
from mrelevance.attribution.target import Target
from mrelevance.networks.predictor import Predictor


@dataclass(frozen=True)
class Measurement:
    """Measured contributions of the sequences in one patient.

    Attributes
    ----------
    shapley
        Shapley value of each sequence for the winner's logit outside of the region and inside,
        (C, 2, D, H, W). With two classes, these are the logits of background and tumour.
    logits
        The winners' logits (2, D, H, W) of the coalitions that the ablation compares.
    standard_errors
        Of the pooled shares (C,) of each region; zero where the values are exact.
    """

    shapley: Tensor
    logits: dict[Coalition, Tensor]
    standard_errors: dict[tuple[str, int], np.ndarray]


@dataclass(frozen=True)
class Sampling:
    """Random orders in which sequences join where there are too many for exact values.

    `permutations` is their number, drawn from `seed`.
    """

    permutations: int
    seed: int


@torch.no_grad()
def measure_shapley(
    patient: ExplainedPatient, predictor: Predictor, target: Target, sampling: Sampling
) -> Measurement:
    """Shapley values of the sequences: exact up to 8 of them, else from a sample of orders.

    The standard errors are those of the shares of `target`.

    Raises
    ------
    InputError
        See `sampled_contributions`.
    """
    image, baseline = torch.from_numpy(patient.image), torch.from_numpy(patient.baseline)
    count = len(image)
    ablated = set(ablated_coalitions(count).values())

    def output(given: Tensor) -> Tensor:
        return target.sides(predictor.logits(given[0], patient.name))

    def bar(steps: Iterable) -> Iterable:
        return tqdm(steps, desc=f"{patient.name}: measuring", mininterval=5)

    exact = count <= MOST_SEQUENCES
    if is_large(predictor, patient):
        images = 2**count if exact else sampling.permutations * (count - 1) + len(ablated)
        cost = prediction_cost(predictor, patient, images)
        log_cost(patient.name, f"measurement in {images} images", predictor, cost)
    if exact:
        logits = {}

        def keep_ablated(coalition: Coalition, of_coalition: Tensor) -> None:
            if coalition in ablated:
                logits[coalition] = of_coalition

        values, _ = shapley_values(output, image, baseline, bar, keep_ablated)
        return Measurement(values, logits, {key: np.zeros(count) for key in patient.masks})
    logits = {
        coalition: output(
            torch.where(torch.tensor(coalition).view(-1, 1, 1, 1), image, baseline)[None]
        )
        for coalition in bar(sorted(ablated))
    }
    sample = sampled_contributions(
        output, image, baseline, logits, sampling.permutations, sampling.seed
    )
    total, shares = 0, {key: [] for key in patient.masks}
    for contributions in bar(sample):
        total = total + contributions
        explained = target.of_sides(contributions.transpose(0, 1))
        for key, mask in patient.masks.items():
            of_region = explained[:, torch.from_numpy(mask)].sum(1).numpy()
            shares[key].append(of_region / of_region.sum())
    draws = sampling.permutations // 2
    errors = {key: np.std(drawn, axis=0, ddof=1) / draws**0.5 for key, drawn in shares.items()}
    return Measurement((total / draws).float(), logits, errors)


def measurement_tables(
    measurement: Measurement, patient: ExplainedPatient, target: Target, tau: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Relevance tables of the Shapley values and of the occlusions, with the mean of both.

    The first has one more column, `standard_error` of `relevance_pooled`. Voxels whose change is
    below `tau` times their output leave the mean over a region.
    """
    count = len(patient.sequences)
    outputs = {known: target.of_sides(given) for known, given in measurement.logits.items()}
    full, empty = outputs[(True,) * count], outputs[(False,) * count]

    def table_of(method: str, parts: Tensor) -> pd.DataFrame:
        return relevance_table(
            parts.numpy(),
            (full - empty).numpy(),
            measurable(parts.numpy(), full.numpy(), tau),
            patient.masks,
            patient.sequences,
            {"patient": patient.name, "method": method, "target": target.name},
        )

    shapley = table_of(MEASURED, target.of_sides(measurement.shapley.transpose(0, 1)))
    shapley["standard_error"] = [
        error for key in patient.masks for error in measurement.standard_errors[key]
    ]
    occlusion = pd.concat(
        table_of(measured, occlusion_parts(measured, outputs, count))
        for measured in (*ABLATIONS, HALVES)
    )
    return shapley, occlusion
