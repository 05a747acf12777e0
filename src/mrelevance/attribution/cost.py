"""What a patient costs an ensemble, estimated from one window before a long computation starts."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch

from mrelevance.attribution.composites import under_composite
from mrelevance.attribution.inputs import ExplainedPatient
from mrelevance.attribution.target import Target
from mrelevance.lrp import Explainer, Windows
from mrelevance.lrp.engine.tiles import Box
from mrelevance.networks.predictor import Predictor

logger = logging.getLogger(__name__)

LARGE = 32
"""An image that takes fewer forward passes is explained without an estimate, which takes two."""


@dataclass(frozen=True)
class Cost:
    """How often a window passes through a network, and the seconds that this takes."""

    passes: int
    seconds: float

    def __add__(self, other: "Cost") -> "Cost":
        """Both, one after the other."""
        return Cost(self.passes + other.passes, self.seconds + other.seconds)

    def __str__(self) -> str:
        """For the log, such as `432 passes, about 7 minutes`."""
        for unit, length in (("hours", 3600), ("minutes", 60)):
            if self.seconds >= 2 * length:
                return f"{self.passes:,} passes, about {self.seconds / length:.0f} {unit}"
        return f"{self.passes:,} passes, about {self.seconds:.2g} seconds"


def is_large(predictor: Predictor, patient: ExplainedPatient) -> bool:
    """Whether an estimate is worth its time."""
    return predictor.passes(patient.image.shape[1:]) >= LARGE


def prediction_cost(predictor: Predictor, patient: ExplainedPatient, images: int = 1) -> Cost:
    """Cost of the logits of some images of a patient; the first window is computed to tell."""
    passes = images * predictor.passes(patient.image.shape[1:])
    single, window = predictor.of_one_member, _first_window(predictor, patient)
    image = torch.from_numpy(patient.image[:, *window])

    def seconds_of(device: torch.device, windows: Windows) -> float:
        given = image.to(device)
        with torch.no_grad():
            start = time.perf_counter()
            single.apply(given, windows).cpu()
            return time.perf_counter() - start

    seconds = predictor.within_memory(patient.image.shape, patient.name, seconds_of)
    return Cost(passes, passes * seconds)


def explanation_cost(
    patient: ExplainedPatient, predictor: Predictor, target: Target, method: str, statistics: str
) -> Cost:
    """Cost of a patient's shares and region maps under a composite.

    The first window is explained by the first member to tell.

    Parameters
    ----------
    method
        Identifier of the composite.
    statistics
        Of normalisation layers where there is a baseline, `live` or `frozen`.
    """
    window = _first_window(predictor, patient)
    image, baseline = (
        torch.from_numpy(voxels[:, *window]) for voxels in (patient.image, patient.baseline)
    )
    counted = _Counted()

    def costs_of(device: torch.device, windows: Windows) -> tuple[Cost, Cost]:
        ensemble = predictor.of_one_member.ensemble_in(windows)
        # Twice the same member, as a sum traces its parts more often than it would a single one.
        twice = replace(ensemble, members=ensemble.members * 2)
        explainer = under_composite(
            Explainer(twice, image, progress=counted), method, baseline, statistics
        )
        start = time.perf_counter()
        with torch.no_grad():
            explanation = explainer.explain(image.to(device), target.classes)
            parts = explanation.sequence_parts.cpu()
            of_shares = counted.cost_since(start)
            start = time.perf_counter()
            explanation.weighted_map(torch.ones_like(parts[0])).cpu()
        return of_shares, counted.cost_since(start)

    of_shares, of_map = predictor.within_memory(patient.image.shape, patient.name, costs_of)
    members = len(predictor.ensemble.members)
    boxes = predictor.windows.boxes(patient.image.shape[1:])
    touched = sum(
        _touched(mask, boxes) for key, mask in patient.masks.items() if key[0] != "tumour"
    )
    return _times(of_shares, members * len(boxes) / 2) + _times(of_map, members * touched / 2)


def log_cost(patient: str, what: str, predictor: Predictor, cost: Cost) -> None:
    """Tell what is about to be computed, and for how long."""
    logger.info(
        "patient %s: %s of %d network%s, %d members in all: %s",
        *(patient, what, len(predictor.networks), "s" if len(predictor.networks) > 1 else ""),
        *(len(predictor.ensemble.members), cost),
    )


class _Counted:
    """Counts the parts of a sum that are traced; a progress bar in its place."""

    def __init__(self) -> None:
        self.passes = 0

    def __call__(self, parts: Iterable) -> Iterable:
        parts = list(parts)
        self.passes += len(parts)
        return parts

    def cost_since(self, start: float) -> Cost:
        """What has been counted, from now on counted anew, and the seconds since `start`."""
        cost = Cost(self.passes, time.perf_counter() - start)
        self.passes = 0
        return cost


def _first_window(predictor: Predictor, patient: ExplainedPatient) -> Box:
    return predictor.windows.boxes(patient.image.shape[1:])[0]


def _touched(mask: np.ndarray, boxes: list[Box]) -> int:
    return sum(bool(mask[box].any()) for box in boxes)


def _times(cost: Cost, factor: float) -> Cost:
    return Cost(round(cost.passes * factor), cost.seconds * factor)
