"""Explain a small network with nothing but PyTorch; prints what was imported, as JSON."""

import json
import sys

import torch
from torch import nn

from mrelevance.lrp import Explainer


def main() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv3d(2, 4, 3, padding=1), nn.InstanceNorm3d(4, affine=True), nn.LeakyReLU(0.1),
        nn.Conv3d(4, 2, 1),
    ).eval()  # fmt: skip
    image = torch.randn(2, 4, 6, 5)
    region = torch.zeros(4, 6, 5, dtype=torch.bool)
    region[1:3, 2:4, 1:3] = True
    explainer = Explainer(network, image, "alpha2_beta1")
    shares = explainer.shares(image, target=(1, 0))
    torch.testing.assert_close(shares.sum(0), torch.ones(4, 6, 5), rtol=1e-3, atol=1e-3)
    relevance = explainer.region(image, region, target=(1, 0))
    expected = shares[:, region].sum(1)
    torch.testing.assert_close(relevance.sum((1, 2, 3)), expected, rtol=1e-3, atol=1e-3)
    deeplift = explainer.with_composite("deeplift", baseline=torch.zeros_like(image))
    explanation = deeplift.explain(image, target=1)
    torch.testing.assert_close(explanation.normalisers, explanation.change, rtol=1e-3, atol=1e-4)
    print(json.dumps(sorted(sys.modules)))


main()
