"""DeepLIFT along the path: complete with any number of segments, integrated gradients with many."""

import pytest
import torch
from captum.attr import IntegratedGradients
from helpers.small_networks import SEQUENCES, image_of, randomised, step_network
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.runtime.errors import InputError

BASELINE = image_of(seed=7)
TARGET = (1, 0)


def explained(network, **parameters):
    explainer = Explainer(
        network, image_of(), "deeplift_along_path", baseline=BASELINE, **parameters
    )
    return explainer.explain(image_of(), TARGET)


def margin(network, image) -> torch.Tensor:
    background, tumour = network(image)[0]
    return tumour - background


def smooth() -> nn.Module:
    layers = [nn.Conv3d(SEQUENCES, 4, 3, padding=1), nn.SiLU(), nn.Conv3d(4, 3, 3, padding=1)]
    return randomised(nn.Sequential(*layers, nn.Tanh(), nn.Conv3d(3, 2, 1)))


def test_one_segment_is_deeplift():
    network = step_network("residual")
    once = Explainer(network, image_of(), "deeplift", baseline=BASELINE)
    parts = once.explain(image_of(), TARGET).sequence_parts
    assert torch.equal(explained(network, segments=1).sequence_parts, parts)


@pytest.mark.parametrize("segments", [2, 3, 8])
def test_complete_with_any_number_of_segments(segments):
    network = step_network("plain")
    explanation = explained(network, segments=segments)
    with torch.no_grad():
        logit, change = margin(network, image_of()), margin(network, BASELINE)
    change = logit - change
    torch.testing.assert_close(explanation.logit, logit, rtol=0, atol=1e-10)
    torch.testing.assert_close(explanation.change, change, rtol=0, atol=1e-10)
    torch.testing.assert_close(explanation.sequence_parts.sum(0), change, rtol=0, atol=1e-10)


@pytest.mark.parametrize("voxel", [(0, 0, 0), (2, 3, 1)])
def test_many_segments_are_integrated_gradients(voxel):
    network = smooth()
    gradients = IntegratedGradients(lambda given: margin(network, given)[voxel][None])
    expected = gradients.attribute(
        image_of().requires_grad_(),
        BASELINE,
        n_steps=64,
        method="gausslegendre",
        internal_batch_size=1,
    )[0].detach()
    distances = [
        float((explained(network, segments=segments).voxel(voxel) - expected).abs().max())
        for segments in (1, 8, 32)
    ]
    assert distances[2] < 1e-3 * expected.abs().max() < distances[0]
    assert distances[2] < distances[1] / 8, "the error falls with the square of the step"


def test_no_segments_are_an_error():
    with pytest.raises(InputError, match="segments=0 must be a whole number, 1 or more"):
        explained(step_network("plain"), segments=0)
