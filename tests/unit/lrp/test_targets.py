"""Targets: class logits, margins between two classes, and between groups of classes."""

from functools import cache

import pytest
import torch
from helpers.small_networks import image_of, randomised
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.runtime.errors import InputError

BASELINE = image_of(seed=7)
INSIDE, OUTSIDE = (1, 2), (0, 3)


def network_of_four_classes() -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv3d(3, 6, 3, padding=1), nn.LeakyReLU(0.1), nn.Conv3d(6, 4, 1)]
    return randomised(nn.Sequential(*layers))


@cache
def explainer_of_four_classes() -> Explainer:
    return Explainer(network_of_four_classes(), image_of())


@cache
def explainer_without_folding() -> Explainer:
    """Of a network whose two logits are computed before their difference is taken.

    A following identity keeps the choice of classes out of the last convolution.
    """
    apart = nn.Sequential(network_of_four_classes(), nn.LeakyReLU(1.0)).eval()
    return Explainer(apart, image_of())


def winners_margin(network, image) -> torch.Tensor:
    with torch.no_grad():
        logits = network(image)[0]
    return logits[list(INSIDE)].amax(0) - logits[list(OUTSIDE)].amax(0)


@pytest.mark.parametrize("composite", ["deeplift", "deepshap"])
def test_with_a_baseline_the_margin_of_groups_is_complete(composite):
    network, image = network_of_four_classes(), image_of()
    explainer = explainer_of_four_classes().with_composite(composite, baseline=BASELINE)
    explanation = explainer.explain(image, (INSIDE, OUTSIDE))
    expected = winners_margin(network, image)
    torch.testing.assert_close(explanation.logit, expected, rtol=0, atol=1e-12)
    change = expected - winners_margin(network, BASELINE)
    torch.testing.assert_close(explanation.normalisers, change, rtol=0, atol=1e-10)
    for voxel in [(0, 0, 0), (3, 5, 2)]:
        total = explanation.voxel(voxel).sum()
        torch.testing.assert_close(total, change[voxel], rtol=0, atol=1e-10)


@pytest.mark.parametrize("composite", ["alpha2_beta1", "epsilon", "gamma"])
def test_without_a_baseline_relevance_follows_the_winners(composite):
    """At every voxel the shares are those of the margin between the two classes that win there."""
    network, image = network_of_four_classes(), image_of()
    explainer = explainer_of_four_classes().with_composite(composite)
    unfolded = explainer_without_folding().with_composite(composite)
    found = explainer.explain(image, (INSIDE, OUTSIDE)).sequence_parts
    with torch.no_grad():
        logits = network(image)[0]
    expected = torch.zeros_like(found)
    for a in INSIDE:
        for b in OUTSIDE:
            here = (logits[list(INSIDE)].amax(0) == logits[a]) & (
                logits[list(OUTSIDE)].amax(0) == logits[b]
            )
            own = unfolded.explain(image, (a, b)).sequence_parts
            expected[:, here] = own[:, here]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


def test_groups_of_one_class_are_the_margin_between_two():
    image = image_of()
    explainer = explainer_of_four_classes().with_composite("deeplift", baseline=BASELINE)
    pair, groups = (explainer.shares(image, target) for target in ((1, 0), ((1,), (0,))))
    torch.testing.assert_close(groups, pair, rtol=0, atol=0)


@pytest.mark.parametrize(
    "target", [4, (1, 1), ((1, 2), (2, 0)), ((), (1,)), ((1,), (7,)), (1, 2, 3)]
)
def test_impossible_targets_are_named(target):
    image = image_of()
    explainer = explainer_of_four_classes()
    with pytest.raises(InputError, match="the network has 4 classes, counted from 0"):
        explainer.shares(image, target)


def test_halves_are_the_mean_of_taking_out_and_putting_in():
    network, image = network_of_four_classes(), image_of()
    explainer = explainer_of_four_classes().with_composite("deeplift_halves", baseline=BASELINE)
    explanation = explainer.explain(image, (INSIDE, OUTSIDE))
    for sequence in range(3):
        without, alone = image.clone(), BASELINE.clone()
        without[:, sequence] = BASELINE[:, sequence]
        alone[:, sequence] = image[:, sequence]
        lost = winners_margin(network, image) - winners_margin(network, without)
        gained = winners_margin(network, alone) - winners_margin(network, BASELINE)
        part = explanation.sequence_parts[sequence]
        torch.testing.assert_close(part, (lost + gained) / 2, rtol=0, atol=1e-10)
        total = explanation.voxel((1, 2, 3))[sequence].sum()
        torch.testing.assert_close(total, part[1, 2, 3], rtol=0, atol=1e-10)
    expected = winners_margin(network, image)
    torch.testing.assert_close(explanation.logit, expected, rtol=0, atol=1e-12)
