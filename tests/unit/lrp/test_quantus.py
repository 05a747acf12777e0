"""The adapter for Quantus, with the real Quantus."""

import numpy as np
import pytest
import quantus
import torch
from helpers.small_networks import randomised
from torch import nn

from mrelevance.lrp import attribute
from mrelevance.lrp.quantus import explain


@pytest.fixture(scope="module")
def classifier() -> nn.Module:
    return randomised(
        nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(36, 3)
        )
    ).float()


@pytest.fixture(scope="module")
def batch() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.normal(size=(3, 3, 8, 8)).astype(np.float32), np.array([0, 2, 1])


def test_quantus_gets_what_attribute_gives(classifier, batch):
    images, classes = batch
    relevance = explain(classifier, images, classes, baselines=np.zeros_like(images), device="cpu")
    expected = attribute(classifier, torch.from_numpy(images), 0.0, [0, 2, 1])
    assert isinstance(relevance, np.ndarray) and relevance.shape == images.shape
    np.testing.assert_array_equal(relevance, expected.numpy())


def test_a_metric_that_reads_maps_alone(classifier, batch):
    images, classes = batch
    options = {"baselines": 0.0, "composite": "deeplift"}
    metric = quantus.Sparseness(abs=True, normalise=False, disable_warnings=True)
    scores = metric(
        classifier, images, classes, explain_func=explain, explain_func_kwargs=options
    )  # fmt: skip
    maps = np.abs(explain(classifier, images, classes, **options)).reshape(3, -1)
    # The Gini index of the absolute values (Chalasani et al. 2020, eq. 6).
    ranked, size = np.sort(maps), maps.shape[1]
    weights = (size - np.arange(1, size + 1) + 0.5) / size
    expected = 1 - 2 * (ranked * weights).sum(1) / ranked.sum(1)
    # Quantus adds 1e-7 to every value.
    np.testing.assert_allclose(scores, expected, rtol=2e-2)


def test_a_metric_that_changes_images_and_explains_them_again(classifier, batch):
    images, classes = batch
    metric = quantus.MaxSensitivity(
        nr_samples=2, lower_bound=0.1, normalise=False, disable_warnings=True
    )
    scores = metric(
        classifier, images, classes, explain_func=explain, explain_func_kwargs={"baselines": 0.0}
    )
    assert len(scores) == 3 and all(0 < score < 10 for score in scores)
