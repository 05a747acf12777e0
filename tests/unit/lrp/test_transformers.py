"""MONAI's transformers: complete and conserving in double precision, close in single."""

import pytest
import torch
from monai.networks import nets
from monai.networks.nets.swin_unetr import BasicLayer
from torch import nn

from mrelevance.lrp import Explainer


class SwinLayer(nn.Module):
    """Two Swin blocks, the second with shifted windows, whose size does not divide the image."""

    def __init__(self, window):
        super().__init__()
        self.first, self.last = nn.Conv3d(2, 4, 1), nn.Conv3d(4, 2, 1)
        self.layer = BasicLayer(4, 2, 2, (window,) * 3, [0.0, 0.0], qkv_bias=True)

    def forward(self, image):
        return self.last(self.layer(self.first(image)))


NETWORKS = {
    "Swin layer, window 2": (lambda: SwinLayer(2), (4, 4, 6)),
    "Swin layer, window 3": (lambda: SwinLayer(3), (4, 4, 7)),
    "SwinUNETR v2": (
        lambda: nets.SwinUNETR(
            2, 2, feature_size=12, depths=(1, 1, 1, 1), num_heads=(1, 1, 1, 1), window_size=2,
            norm_name="batch", use_v2=True,
        ),
        (32, 32, 32),
    ),
    "UNETR": (
        lambda: nets.UNETR(2, 2, (16, 16, 16), 2, hidden_size=8, mlp_dim=8, num_heads=2),
        (16, 16, 16),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_monais_transformers(name):
    build, size = NETWORKS[name]
    torch.manual_seed(0)
    network = build().double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    image, baseline = torch.randn(2, 1, 2, *size, dtype=torch.float64)
    with torch.no_grad():
        (positive, negative), (positive0, negative0) = (
            (logits[0, 1], logits[0, 0]) for logits in (network(image), network(baseline))
        )
    change = positive - negative - (positive0 - negative0)
    scale = float(change.abs().max())
    double = Explainer(network, image, "deeplift", baseline=baseline)
    explanation = double.explain(image, (1, 0))
    parts = explanation.sequence_parts
    torch.testing.assert_close(parts.sum(0), change, rtol=0, atol=1e-12 * scale)
    weights = torch.randn(size, dtype=torch.float64)
    sums, expected = explanation.weighted_map(weights).sum((1, 2, 3)), weights * parts
    torch.testing.assert_close(sums, expected.sum((1, 2, 3)), rtol=0, atol=1e-10 * scale)

    single = Explainer(network, image, "deeplift", baseline=baseline, dtype=torch.float32)
    normalisers = single.explain(image, (1, 0)).normalisers.double()
    torch.testing.assert_close(normalisers, change, rtol=0, atol=2e-5 * scale)

    if name.startswith("Swin layer"):
        shapley = double.with_composite("deepshap", baseline=baseline).explain(image, (1, 0))
        torch.testing.assert_close(shapley.normalisers, change, rtol=0, atol=1e-12 * scale)
    if name == "Swin layer, window 2":  # no token of zeros pads a window, whose biases are lost
        signed = double.with_composite("alpha1_beta0").explain(image, (1, 0))
        torch.testing.assert_close(signed.normalisers, signed.logit, rtol=1e-7, atol=1e-9)
