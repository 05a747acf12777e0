"""Estimates of what a patient costs an ensemble."""

import logging

import numpy as np
import pytest
import torch
from helpers.explained import explained_patient
from helpers.map_lesions import SEQUENCES, small_unet
from torch import nn

from mrelevance.attribution.cost import (
    Cost,
    explanation_cost,
    is_large,
    log_cost,
    prediction_cost,
)
from mrelevance.attribution.measurement import Sampling, measure_shapley
from mrelevance.attribution.patient import compute_relevance
from mrelevance.attribution.target import Target
from mrelevance.lrp import Windows
from mrelevance.networks.predictor import Predictor

GRID = (8, 8, 32)
MARGIN = Target("margin")
SETTINGS = {"composites": ["deeplift"], "tau": 0.1, "statistics": "live"}


class Counted(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = small_unet()
        self.calls = 0

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.network(image)


def patient():
    image = np.random.default_rng(1).normal(size=(SEQUENCES, *GRID)).astype(np.float32)
    lesion = np.zeros(GRID, bool)
    lesion[2:6, 2:6, 2:6] = True
    return explained_patient(image, {("tumour", 0): lesion, ("TP", 1): lesion})


def ensemble(networks: int = 2) -> Predictor:
    mirrorings = ((), (0,), (1,), (2,))
    folds = [small_unet(seed) for seed in range(networks)]
    return Predictor(folds, Windows((8, 8, 16)), mirrorings=mirrorings)


def test_prediction_counts_what_is_computed():
    network = Counted().eval()
    predictor = Predictor(network, Windows((8, 8, 16)), mirrorings=((), (0,)))
    cost = prediction_cost(predictor, patient(), images=4)
    assert network.calls == 1
    network.calls = 0
    predictor.logits(torch.from_numpy(patient().image))
    assert cost.passes == 4 * network.calls == 4 * 2 * 3
    assert cost.seconds > 0


@pytest.mark.parametrize("method", ["deeplift", "deepshap", "deeplift_halves"])
def test_explanation_counts_the_windows_that_are_traced(method, monkeypatch):
    import mrelevance.lrp.explainer as module

    traced = []
    trace = module.trace_window
    monkeypatch.setattr(module, "trace_window", lambda *given: traced.append(1) or trace(*given))
    given, predictor = patient(), ensemble()
    cost = explanation_cost(given, predictor, MARGIN, method, "live")
    traced.clear()
    settings = SETTINGS | {"composites": [method]}
    monkeypatch.setattr("mrelevance.attribution.patient.is_large", lambda *_: False)
    list(compute_relevance(given, predictor, MARGIN, settings))
    assert cost.passes == len(traced)
    assert cost.seconds > 0


def test_an_estimate_is_logged_before_a_large_ensemble_starts(caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    given = patient()
    assert not is_large(ensemble(), given)
    monkeypatch.setattr("mrelevance.attribution.cost.LARGE", 8)
    assert is_large(ensemble(), given)
    next(compute_relevance(given, ensemble(), MARGIN, SETTINGS))
    measure_shapley(given, ensemble(), MARGIN, Sampling(40, 1))
    said = [record.message for record in caplog.records if "members in all" in record.message]
    assert said[0].startswith(
        "patient P1: explanation by deeplift of 2 networks, 8 members in all: "
    )
    assert "measurement in 8 images of 2 networks" in said[1] and "192 passes" in said[1]


def test_costs_add_up_and_read_well(caplog):
    assert Cost(1, 2.0) + Cost(3, 4.0) == Cost(4, 6.0)
    assert str(Cost(4, 6.0)) == "4 passes, about 6 seconds"
    assert str(Cost(4000, 600.0)) == "4,000 passes, about 10 minutes"
    assert str(Cost(4, 72_000.0)) == "4 passes, about 20 hours"
    caplog.set_level(logging.INFO)
    log_cost("P1", "measurement", ensemble(1), Cost(4, 6.0))
    assert "measurement of 1 network, 4 members in all: 4 passes" in caplog.text
