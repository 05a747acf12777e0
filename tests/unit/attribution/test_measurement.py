"""One patient's measurement: exact for few sequences, a sample with its error for many."""

from itertools import permutations

import numpy as np
import pytest
import torch
from helpers.explained import explained_patient
from torch import nn

from mrelevance.attribution.measurement import Sampling, measure_shapley, measurement_tables
from mrelevance.attribution.target import Target
from mrelevance.lrp import Windows
from mrelevance.networks.predictor import Predictor

MARGIN = Target("margin")

SHAPE = (4, 5, 6)
MASK = np.zeros(SHAPE, bool)
MASK[1:3, 1:4, 2:5] = True
MASKS = {("tumour", 0): MASK, ("TP", 1): MASK & (np.arange(6) < 4)}


class PairwiseNetwork(nn.Module):
    """Tumour from a weighted sum and a product of neighbouring sequences."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights = torch.linspace(1, 2, x.shape[1]).view(-1, 1, 1, 1)
        tumour = (x[0] * weights).sum(0) + 2 * x[0, 0] * x[0, 1]
        return torch.stack([-tumour / 2, tumour / 2])[None]


def predictor_of(network: nn.Module) -> Predictor:
    return Predictor(network, Windows(SHAPE))


def patient_of(image: torch.Tensor):
    return explained_patient(image.numpy(), MASKS)


def measured(count: int):
    generator = torch.Generator().manual_seed(count)
    image = 1 + torch.rand(count, *SHAPE, generator=generator)
    predictor = predictor_of(PairwiseNetwork())
    return measure_shapley(patient_of(image), predictor, MARGIN, Sampling(40, seed=3)), image


def tables(measurement, image: torch.Tensor):
    return measurement_tables(measurement, patient_of(image), MARGIN, 0.1)


def analytic(image: torch.Tensor) -> np.ndarray:
    """Shapley values of `PairwiseNetwork`: the product is shared by its two factors."""
    weights = torch.linspace(1, 2, len(image)).view(-1, 1, 1, 1)
    values = image * weights
    values[:2] += image[0] * image[1]
    return values.numpy()


@pytest.mark.parametrize("count", [4, 9])
def test_values_are_those_of_the_formula(count):
    # An order and its reverse give each of two factors the product once: the sample is exact here.
    measurement, image = measured(count)
    background, tumour = measurement.shapley.transpose(0, 1)
    np.testing.assert_allclose(tumour - background, analytic(image), rtol=1e-5)
    torch.testing.assert_close(tumour, -background)


class ThreeTogether(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tumour = x[0].sum(0) + 5 * x[0, 0] * x[0, 1] * x[0, 2]
        return torch.stack([torch.zeros_like(tumour), tumour])[None]


def test_a_sample_states_its_error():
    image = torch.ones(9, *SHAPE)
    arguments = (patient_of(image), predictor_of(ThreeTogether()), MARGIN)
    measurement = measure_shapley(*arguments, Sampling(40, seed=3))
    shapley, _ = tables(measurement, image)
    of_tumour = shapley[shapley["region"] == "tumour"]
    exact = np.where(np.arange(9) < 3, 1 + 5 / 3, 1) / 14
    error = of_tumour["standard_error"].to_numpy()
    assert (error[:3] > 0.005).all() and np.allclose(error[3:], 0, atol=1e-9)
    assert (np.abs(of_tumour["relevance_pooled"] - exact) <= 4 * error + 1e-6).all()
    many = measure_shapley(*arguments, Sampling(640, seed=3))
    ratio = many.standard_errors["tumour", 0][:3] / error[:3]
    assert (ratio < 0.4).all(), "sixteen times the orders, a quarter of the error"


@pytest.mark.parametrize("count", [4, 9])
def test_tables_hold_measurement_and_occlusions(count):
    measurement, image = measured(count)
    shapley, occlusion = tables(measurement, image)
    assert list(shapley["region"].unique()) == ["tumour", "TP"]
    shares = analytic(image)[:, MASK].sum(1)
    of_tumour = shapley[shapley["region"] == "tumour"]
    np.testing.assert_allclose(of_tumour["relevance_pooled"], shares / shares.sum(), rtol=1e-4)
    assert (of_tumour["conservation"] - 1).abs().max() < 1e-5
    assert set(occlusion["method"]) == {"drop_one", "keep_one", "halves"}
    by_method = occlusion.assign(
        contribution=occlusion["relevance_pooled"] * occlusion["conservation"]
    ).pivot(index=["region", "lesion", "sequence"], columns="method", values="contribution")
    mean = (by_method["drop_one"] + by_method["keep_one"]) / 2
    np.testing.assert_allclose(by_method["halves"], mean, rtol=1e-4)
    if count <= 8:
        assert (shapley["standard_error"] == 0).all()
    kept = occlusion[(occlusion["method"] == "keep_one") & (occlusion["region"] == "tumour")]
    alone = (image * torch.linspace(1, 2, count).view(-1, 1, 1, 1)).numpy()[:, MASK].sum(1)
    np.testing.assert_allclose(kept["relevance_pooled"], alone / alone.sum(), rtol=1e-4)


def test_the_logits_of_all_ablations_are_kept():
    measurement, image = measured(9)
    assert len(measurement.logits) == 2 + 2 * 9
    full = measurement.logits[(True,) * 9]
    torch.testing.assert_close(full, PairwiseNetwork()(image[None])[0])


class TissueNetwork(nn.Module):
    """Four classes, whose winners change with the sequences that are present."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, second, third = x[0]
        return torch.stack([first * 0 + 0.5, second - third, first * second, third - first])[None]


@pytest.mark.parametrize(("inside", "outside"), [((1, 2), (0, 3)), ((3,), (0, 1, 2))])
def test_margin_of_a_region_is_shared_by_its_sequences(inside, outside):
    """Against the mean over all orders of joining of what each sequence adds to the margin."""
    image = 2 * torch.rand(3, *SHAPE, generator=torch.Generator().manual_seed(1))
    network, target = TissueNetwork(), Target("margin", inside, outside)

    def margin(present) -> torch.Tensor:
        logits = network((image * torch.tensor(present).view(-1, 1, 1, 1))[None])[0]
        winner = [torch.stack([logits[k] for k in side]).amax(0) for side in (inside, outside)]
        return winner[0] - winner[1]

    expected = torch.zeros_like(image)
    for order in permutations(range(3)):
        present = [0, 0, 0]
        for sequence in order:
            before = margin(present)
            present[sequence] = 1
            expected[sequence] += (margin(present) - before) / 6
    measurement = measure_shapley(
        patient_of(image), predictor_of(network), target, Sampling(40, seed=3)
    )
    found = target.of_sides(measurement.shapley.transpose(0, 1))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    shapley, _ = measurement_tables(measurement, patient_of(image), target, 0.1)
    own = shapley[shapley["region"] == "tumour"]["relevance_pooled"].to_numpy()
    sums = expected[:, torch.from_numpy(MASK)].sum(1)
    np.testing.assert_allclose(own, sums / sums.sum(), rtol=1e-4)
