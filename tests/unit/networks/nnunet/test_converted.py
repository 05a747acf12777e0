"""A network of this workflow as an nnU-Net: the same layers give the same explanations."""

import copy

import pytest
import torch
from helpers.blobs import CONFIGURATION, SEQUENCES
from helpers.models import write_model
from helpers.nnunet_form import as_nnunet

from mrelevance.lrp import Explainer
from mrelevance.networks import load
from mrelevance.networks.loading import load_network

PATCH = (8, 12, 16)


@pytest.mark.parametrize("norm", ["BATCH", "INSTANCE"])
def test_logits_and_shares_are_those_of_the_network(norm, tmp_path):
    settings = copy.deepcopy(CONFIGURATION["network"])
    settings["arguments"]["norm_name"] = [norm, {"affine": True}]
    model = write_model(tmp_path / "model", network=settings)
    predictor = load(as_nnunet(model, tmp_path / "nnunet", PATCH))
    own = load_network(model, SEQUENCES)
    assert predictor.deployment.channels == tuple(SEQUENCES)
    image = torch.randn(len(SEQUENCES), *PATCH, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = own(image[None])[0]
    torch.testing.assert_close(predictor.logits(image), expected, rtol=0, atol=1e-6)
    assert expected.std() > 0.01
    shares, of_margin = [], expected[1] - expected[0]
    for network in (own, predictor):
        explainer = Explainer(network, image, "deeplift", baseline=torch.zeros_like(image))
        shares.append(explainer.shares(image, (1, 0)) * explainer.normalisers(image, (1, 0)))
    scale = float(of_margin.abs().max())
    torch.testing.assert_close(shares[1], shares[0], rtol=0, atol=1e-6 * scale, equal_nan=True)
