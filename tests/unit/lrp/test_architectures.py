"""Operations of transformers and of other published architectures: complete, conserving, named."""

from functools import cache

import numpy as np
import pytest
import torch
from helpers import architectures
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.runtime.errors import InputError

SIZE = (4, 4, 6)


def built(kind) -> nn.Module:
    torch.manual_seed(0)
    return kind().double().eval()


@cache
def explainer_of(kind) -> Explainer:
    """For other composites, take `with_composite`: exporting takes longest."""
    return Explainer(built(kind), images()[0])


def images():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, 1, 2, *SIZE, generator=generator, dtype=torch.float64)


def margin(network, image):
    with torch.no_grad():
        logits = network(image)[0]
    return logits[1] - logits[0]


@pytest.mark.parametrize("kind", architectures.ARCHITECTURES)
def test_changes_from_a_baseline_are_complete(kind):
    """`N_a = y(x) - y(x0)` for every voxel, and maps sum to the parts: reverse is the transpose."""
    network, (image, baseline) = built(kind), images()
    change = margin(network, image) - margin(network, baseline)
    scale = float(change.abs().max())
    explainer = explainer_of(kind).with_composite("deeplift", baseline=baseline)
    shapley = explainer.with_composite("deepshap", baseline=baseline)
    weights = torch.randn(SIZE, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    for one in (explainer, shapley):
        explanation = one.explain(image, (1, 0))
        parts = explanation.sequence_parts
        torch.testing.assert_close(parts.sum(0), change, rtol=0, atol=1e-12 * scale)
        maps = explanation.weighted_map(weights).sum((1, 2, 3))
        expected = (weights * parts).sum((1, 2, 3))
        torch.testing.assert_close(maps, expected, rtol=0, atol=1e-11 * scale)


@pytest.mark.parametrize("kind", architectures.ARCHITECTURES)
def test_rules_without_a_baseline(kind):
    """Signed rules conserve; reverse mode is the transpose of forward mode; regions add up."""
    network, (image, _) = built(kind), images()
    explainer = explainer_of(kind).with_composite("alpha2_beta1")
    if kind in architectures.NEED_A_BASELINE:
        with pytest.raises(InputError, match=r"operation \w+ in layer '.*baseline"):
            explainer.explain(image, (1, 0))
        return
    composites = ["alpha1_beta0", "alpha2_beta1", "gamma", "epsilon", "attn_lrp"]
    if kind is architectures.HandWrittenSoftmax:  # AttnLRP's derivatives are those of softmax
        attn_lrp = explainer.with_composite(composites.pop())
        with pytest.raises(InputError, match="operation exp in layer 'network'"):
            attn_lrp.explain(image, (1, 0))
    for composite in composites:
        explanation = explainer.with_composite(composite).explain(image, (1, 0))
        torch.testing.assert_close(explanation.logit, margin(network, image))
        if composite not in ("epsilon", "attn_lrp"):
            ratio = explanation.normalisers / explanation.logit
            torch.testing.assert_close(ratio, torch.ones_like(ratio), rtol=1e-9, atol=0)
        weights = torch.randn(SIZE, dtype=torch.float64)
        maps = explanation.weighted_map(weights)
        parts = explanation.sequence_parts
        error = (maps.sum((1, 2, 3)) - (weights * parts).sum((1, 2, 3))).abs().max()
        assert float(error) < 1e-11 * float((weights * parts).abs().sum())


@pytest.mark.parametrize("composite", ["deeplift", "alpha2_beta1", "attn_lrp"])
def test_region_of_an_attending_network_is_the_literal_sum(composite):
    image, baseline = images()
    options = {"baseline": baseline} if composite == "deeplift" else {}
    explainer = explainer_of(architectures.WindowedAttention).with_composite(composite, **options)
    explanation = explainer.explain(image, (1, 0))
    region = torch.zeros(SIZE, dtype=torch.bool)
    region[1:3, 1, 2:4] = True
    included = explanation.included(region, 0.01).nonzero().tolist()
    literal = sum(explanation.voxel(tuple(a)) / explanation.voxel(tuple(a)).sum() for a in included)
    torch.testing.assert_close(explanation.region(region, 0.01), literal, rtol=1e-9, atol=1e-12)


def test_single_precision_is_complete_with_sharp_attention():
    """Scores of several hundred: exp times reciprocal would overflow."""
    network, (image, baseline) = built(architectures.WindowedAttention), images()
    with torch.no_grad():
        network.qkv.weight *= 12
    change = margin(network, image) - margin(network, baseline)
    explainer = Explainer(network, image, "deeplift", baseline=baseline, dtype=torch.float32)
    parts = explainer.explain(image, (1, 0)).sequence_parts
    scale = float(change.abs().max())
    torch.testing.assert_close(parts.sum(0).double(), change, rtol=0, atol=2e-5 * scale)


def test_attention_is_held_fixed_without_a_baseline():
    """CP-LRP: with the attention matrix as a constant, LRP-0 is gradient times input."""

    class Values(nn.Module):
        def __init__(self):
            super().__init__()
            self.score = nn.Conv3d(2, 3, 1, bias=False)

        def forward(self, image, fixed=None):
            t = image.flatten(2)
            q = self.score(image).flatten(2)
            attention = torch.softmax(q.transpose(1, 2) @ q, -1)
            attention = attention if fixed is None else fixed
            return (t @ attention).view(image.shape), attention

    class Logits(Values):
        def forward(self, image):
            return super().forward(image)[0]

    network, (image, _) = built(Logits), images()
    with torch.no_grad():
        attention = Values.forward(network, image)[1]
    leaf = image.clone().requires_grad_()
    logits = Values.forward(network, leaf, attention)[0]
    logits[0, 1].sum().backward()
    relevance = Explainer(network, image, "zero").explain(image, 1)
    expected = (leaf.grad * image)[0]
    torch.testing.assert_close(relevance.weighted_map(torch.ones(SIZE)), expected)


def test_attn_lrp_is_its_formula():
    """Achtibat et al. 2024: softmax by its derivatives, half to either factor of a product."""

    class Attending(nn.Module):
        def __init__(self):
            super().__init__()
            self.score = nn.Conv3d(2, 2, 1, bias=False)

        def forward(self, image):
            t = image.flatten(2)
            scores = self.score(image).flatten(2)
            return (t @ torch.softmax(scores.transpose(1, 2) @ t, -1)).view(image.shape)

    network, (image, _) = built(Attending), images()
    t, weight = image.flatten(2)[0], network.score.weight[:, :, 0, 0, 0].detach()
    scores = (weight @ t).T @ t
    attention = scores.softmax(-1)
    m = torch.zeros_like(t)
    m[1] = 1
    of_values, of_attention = m @ attention.T / 2, t.T @ m / 2
    of_scores = attention * (of_attention - (attention * of_attention).sum(-1, keepdim=True))
    of_queries, of_keys = t @ of_scores.T / 2, (weight @ t) @ of_scores / 2
    expected = t * (of_values + of_keys + weight.T @ of_queries)
    explanation = Explainer(network, image, "attn_lrp", epsilon=1e-12).explain(image, 1)
    relevance = explanation.weighted_map(torch.ones(SIZE))
    torch.testing.assert_close(relevance.flatten(1), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize(
    "composite",
    ["zero", "epsilon", "gamma", "alpha2_beta1", "epsilon_plus", "attn_lrp", "deeplift"],
)
def test_networks_of_half_precision_are_explained_in_single(dtype, composite):
    network, (image, baseline) = built(architectures.GridAttention).to(dtype), images()
    options = {"baseline": baseline} if composite == "deeplift" else {}
    explanation = Explainer(network, image, composite, **options).explain(image, (1, 0))
    assert explanation.sequence_parts.dtype == torch.float32
    expected = margin(network.float(), image.float())
    torch.testing.assert_close(explanation.logit, expected, rtol=1e-4, atol=1e-4)
    if composite == "deeplift":
        change = expected - margin(network, baseline.float())
        torch.testing.assert_close(explanation.normalisers, change, rtol=1e-4, atol=1e-4)


def test_autocast_inside_a_network_does_not_change_the_type():
    class Autocast(architectures.PixelShuffle):
        def forward(self, image):
            with torch.autocast("cpu", torch.bfloat16):
                logits = super().forward(image)
            return logits.float()

    torch.manual_seed(0)
    network, (image, baseline) = Autocast().eval(), images().float()
    for dtype in (torch.float32, torch.float64):
        explainer = Explainer(network, image, "deeplift", baseline=baseline, dtype=dtype)
        explanation = explainer.explain(image, (1, 0))
        assert explanation.change.dtype == dtype
        torch.testing.assert_close(
            explanation.logit.float(), margin(network, image), rtol=0, atol=0.03
        )
        torch.testing.assert_close(explanation.normalisers, explanation.change, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "name"),
    [(nn.RReLU(), "RReLU"), (nn.Dropout(), "Dropout"), (nn.BatchNorm3d(2), "BatchNorm3d")],
)
def test_a_layer_left_in_training_mode_is_named(layer, name):
    network = nn.Sequential(nn.Conv3d(2, 2, 1), layer, nn.Conv3d(2, 2, 1)).double().eval()
    layer.train()
    with pytest.raises(InputError, match=rf"layer '1' \({name}\) is in training mode"):
        Explainer(network, images()[0])


def test_random_operations_are_named():
    class Random(architectures.Between):
        def middle(self, x):
            return nn.functional.dropout(x)

    network, (image, _) = built(Random), images()
    with pytest.raises(InputError, match=r"operation \w+ in layer 'network' is random"):
        Explainer(network, image).explain(image)


@pytest.mark.parametrize("end", [nn.Softmax(1), nn.Sigmoid(), nn.LogSoftmax(1)])
def test_networks_that_end_with_probabilities_are_warned_of(end):
    network, (image, baseline) = nn.Sequential(nn.Conv3d(2, 2, 1), end).double().eval(), images()
    with pytest.warns(UserWarning, match="explain the logits"):
        explainer = Explainer(network, image, "deeplift", baseline=baseline)
    explanation = explainer.explain(image, (1, 0))
    torch.testing.assert_close(explanation.normalisers, explanation.change)


def test_what_is_no_tensor_is_said():
    network, (image, _) = built(architectures.PixelShuffle), images()
    with pytest.raises(InputError, match=r"example image is a ndarray.*torch.from_numpy"):
        Explainer(network, image.numpy())
    with pytest.raises(InputError, match=r"example image is a list.*torch.tensor"):
        Explainer(network, image.tolist())
    explainer = Explainer(network, image)
    with pytest.raises(InputError, match="the image is a ndarray"):
        explainer.shares(image.numpy())
    with pytest.raises(InputError, match="the region is a ndarray"):
        explainer.region(image, np.ones(SIZE, bool))
    with pytest.raises(InputError, match="the network is a function"):
        Explainer(margin, image)


def test_a_network_without_parameters():
    class Difference(nn.Module):
        def forward(self, image):
            return torch.cat([image[:, :1] - image[:, 1:], image[:, 1:]], 1)

    image = images()[0]
    explanation = Explainer(Difference().eval(), image, "zero").explain(image, 0)
    torch.testing.assert_close(explanation.sequence_parts, torch.stack([image[0, 0], -image[0, 1]]))


def test_a_computation_that_cannot_be_exported_is_said():
    class Deciding(architectures.Between):
        def middle(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(InputError, match="cannot be exported for an image of shape"):
        Explainer(built(Deciding), images()[0])
    with pytest.raises(InputError, match=r"cannot be exported.*shape"):
        Explainer(built(architectures.GridAttention), torch.randn(1, 3, *SIZE))


def test_complex_and_positional_operations_are_named():
    class Fourier(architectures.Between):
        def middle(self, x):
            return torch.fft.fftn(x).real

    class Sorted(architectures.Between):
        def middle(self, x):
            return x.gather(1, x.argsort(1))

    image, baseline = images()
    for kind, name in ((Fourier, "view_as_real"), (Sorted, "gather at computed positions")):
        explainer = Explainer(built(kind), image, "deeplift", baseline=baseline)
        with pytest.raises(InputError, match=rf"{name} in layer 'network' has no rule"):
            explainer.explain(image)


def test_region_warns_of_rounding_with_small_gamma():
    torch.manual_seed(0)
    layers = [nn.Conv3d(2, 16, 3, padding=1)]
    for _ in range(10):
        layers += [nn.LeakyReLU(0.01), nn.Conv3d(16, 16, 3, padding=1)]
    network = nn.Sequential(*layers, nn.LeakyReLU(0.01), nn.Conv3d(16, 2, 1)).eval()
    for layer in network:
        if isinstance(layer, nn.Conv3d):
            nn.init.normal_(layer.weight, std=layer.weight[0].numel() ** -0.5)
            nn.init.normal_(layer.bias, std=0.3)
    image, region = images()[0].float(), torch.ones(SIZE, dtype=torch.bool)
    explainer = Explainer(network, image, "gamma", gamma=0.01)
    with pytest.warns(UserWarning, match=r"rounding changes this map by .*dtype=torch.float64"):
        relevance = explainer.region(image, region, tau=0.0)
    double = explainer.with_composite("gamma", gamma=0.01)
    assert double.rounding_error(image, relevance, region, tau=0.0) > 1e-3
