"""The deployed network: what segments and what is explained."""

import pytest
import torch
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.networks.inference import predict_logits
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv3d(3, 6, 3, stride=2, padding=1),
        nn.LeakyReLU(0.1),
        nn.ConvTranspose3d(6, 2, 2, stride=2),
    ).eval()


@pytest.fixture
def image() -> torch.Tensor:
    return torch.randn(3, 7, 6, 5, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("window", [(6, 6, 8), (4, 6, 4)])
def test_logits_are_those_of_the_windows_and_of_the_explained_network(network, image, window):
    predictor = Predictor(network, window, 0.5, divisor=2)
    logits = predictor.logits(image, "P1")
    with torch.no_grad():
        expected = predict_logits(network, image, window, 0.5, 2)
    torch.testing.assert_close(logits, expected, rtol=0, atol=0)
    assert not logits.requires_grad
    explainer = Explainer(predictor.padded, image, windows=predictor.windows)
    margin = explainer.explain(image, (1, 0)).logit
    torch.testing.assert_close(margin, logits[1] - logits[0])


def test_gradients_pass_through_the_windows(network, image):
    predictor = Predictor(network, (4, 6, 4), 0.5, divisor=2)
    given = image.clone().requires_grad_()
    predictor.apply(given).sum().backward()
    assert bool(given.grad.any())


def test_precision_is_that_of_the_forward_pass(network, image):
    exact, coarse = (
        Predictor(network, (6, 6, 8), 0.5, 2, precision=precision).logits(image, "P1")
        for precision in ("float32", "bfloat16")
    )
    assert coarse.dtype == torch.float32
    assert not torch.equal(coarse, exact)
    torch.testing.assert_close(coarse, exact, rtol=0.05, atol=0.05)


def test_memory_is_found_once_for_images_of_one_shape(network, image):
    predictor = Predictor(network, (6, 6, 8), 0.5, divisor=2)
    memory = predictor.memory(tuple(image.shape), "P1")
    assert predictor.memory(image.shape, "P1") is memory
    assert predictor.memory(tuple(image.shape), "P2") is not memory


def test_a_window_that_does_not_fit_the_network_is_refused(network):
    with pytest.raises(InputError, match=r"not multiples of network\.divisor = 2"):
        Predictor(network, (6, 6, 7), 0.5, divisor=2)
