"""DeepLIFT by sequence: each sequence's map sums to the effect of replacing that sequence."""

import pytest
import torch
from helpers.small_networks import SEQUENCES, image_of, step_network

from mrelevance.lrp import Explainer

BASELINE = image_of(seed=7)
TARGET = (1, 0)


def explained(name: str):
    network, image = step_network(name), image_of()
    explainer = Explainer(network, image, "deeplift_by_sequence", baseline=BASELINE)
    return network, image, explainer.explain(image, TARGET)


def margin(network, image) -> torch.Tensor:
    with torch.no_grad():
        background, tumour = network(image)[0]
    return tumour - background


def test_parts_are_the_effects_of_replacing_one_sequence():
    # Without instance and group norm: DeepLIFT freezes their statistics, the measurement does not.
    network, image, explanation = explained("plain")
    total = torch.zeros_like(explanation.logit)
    for sequence in range(SEQUENCES):
        replaced = image.clone()
        replaced[:, sequence] = BASELINE[:, sequence]
        expected = margin(network, image) - margin(network, replaced)
        part = explanation.sequence_parts[sequence]
        torch.testing.assert_close(part, expected, rtol=0, atol=1e-10)
        total += expected
    torch.testing.assert_close(explanation.change, total, rtol=0, atol=1e-10)
    torch.testing.assert_close(explanation.logit, margin(network, image), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["plain", "normalised", "residual"])
def test_the_map_of_each_sequence_sums_to_its_part(name):
    _, _, explanation = explained(name)
    for voxel in [(0, 0, 0), (2, 3, 1)]:
        sums = explanation.voxel(voxel).sum((1, 2, 3))
        parts = explanation.sequence_parts[:, *voxel]
        torch.testing.assert_close(sums, parts, rtol=0, atol=1e-10)
    normalisers = explanation.change
    torch.testing.assert_close(explanation.normalisers, normalisers, rtol=0, atol=1e-10)


def test_a_sequence_equal_to_its_baseline_takes_nothing():
    image = image_of()
    baseline = BASELINE.clone()
    baseline[:, 1] = image[:, 1]
    explainer = Explainer(step_network("plain"), image, "deeplift_by_sequence", baseline=baseline)
    shares = explainer.shares(image, TARGET)
    assert not shares[1].any()
    torch.testing.assert_close(shares.sum(0), torch.ones_like(shares[0]))
