"""Two passes equal the literal definition: regions, shares, both modes, permuted sequences."""

import pytest
import torch
from helpers.dense import Step, StepNetwork
from helpers.small_networks import SIZE, STEP_NETWORKS, image_of, step_explainer, step_network
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.runtime.errors import InputError

COMPOSITES = [
    ("zero", {}),
    ("epsilon", {"epsilon": 0.25}),
    ("gamma", {}),
    ("alpha1_beta0", {}),
    ("alpha2_beta1", {}),
    ("epsilon_plus", {}),
    ("epsilon_gamma", {}),
    ("deeplift", {"baseline": torch.zeros(3, *SIZE)}),
    ("deeplift_by_sequence", {"baseline": torch.zeros(3, *SIZE)}),
    ("deeplift_along_path", {"baseline": torch.zeros(3, *SIZE), "segments": 2}),
    ("gamma", {"input_rule": "z_box"}),
    ("alpha1_beta0", {"input_rule": "flat"}),
    ("epsilon", {"input_rule": "w_square"}),
]
ORDER = [2, 0, 1]
EVERY_NETWORK = pytest.mark.parametrize("name", STEP_NETWORKS)
EVERY_COMPOSITE = pytest.mark.parametrize(("composite", "options"), COMPOSITES)
SOME_COMPOSITES = pytest.mark.parametrize(
    ("composite", "options"), [COMPOSITES[4], COMPOSITES[7], COMPOSITES[8], COMPOSITES[9]]
)


def box(size=SIZE) -> torch.Tensor:
    region = torch.zeros(size, dtype=torch.bool)
    region[1:3, 2:4, 1:4] = True
    return region


def distance(relevance, expected) -> float:
    return float((relevance - expected).abs().max() / expected.abs().max())


@EVERY_NETWORK
@EVERY_COMPOSITE
def test_region_and_shares_are_sums_of_one_voxel_maps(name, composite, options):
    """And `<u, L w> = <L^T u, w>`, for any weights of the image and of the output."""
    image = image_of()
    explainer = step_explainer(name).with_composite(composite, **options)
    explanation = explainer.explain(image, (1, 0))
    included = explanation.included(box(), tau=0.1)
    assert included.any()
    shares, parts, normalisers = (
        explanation.shares, explanation.sequence_parts, explanation.normalisers
    )  # fmt: skip
    expected = torch.zeros_like(image[0])
    for voxel in included.nonzero().tolist():
        voxel_map = explanation.voxel(voxel)
        normaliser = voxel_map.sum()
        expected += voxel_map / normaliser
        at = (slice(None), *voxel)
        assert float(normalisers[at[1:]]) == pytest.approx(float(normaliser), rel=1e-8)
        assert distance(parts[at], voxel_map.sum((1, 2, 3))) < 1e-8
        assert distance(shares[at], voxel_map.sum((1, 2, 3)) / normaliser) < 1e-8
    region = explanation.region(box(), tau=0.1)
    assert distance(region, expected) < 1e-8
    mean_share = shares[:, included].mean(1)
    assert distance(region.sum((1, 2, 3)) / included.sum(), mean_share) < 1e-8
    assert float(mean_share.sum()) == pytest.approx(1)

    generator = torch.Generator().manual_seed(3)
    u = torch.randn(image.shape[1:], generator=generator, dtype=image.dtype)
    w = torch.randn(SIZE, generator=generator, dtype=image.dtype)
    backwards, forwards = u * explanation.weighted_map(w), explanation.input_weighted(u) * w
    scale = max(float(backwards.abs().sum()), float(forwards.abs().sum()))
    assert abs(float(backwards.sum() - forwards.sum())) < 1e-12 * scale


@pytest.fixture(scope="module")
def of_permuted() -> Explainer:
    """Of the residual network with its sequences in the order ORDER."""
    permuted = step_network("residual")
    with torch.no_grad():
        for step in permuted.steps:
            if step.inputs == ("image",):
                step.module.weight.copy_(step.module.weight[:, ORDER].clone())
    return Explainer(permuted, image_of())


@SOME_COMPOSITES
def test_permuting_the_sequences_permutes_maps_and_shares(of_permuted, composite, options):
    image = image_of()
    one = step_explainer("residual").with_composite(composite, **options)
    other = of_permuted.with_composite(composite, **options)
    assert distance(other.shares(image[:, ORDER]), one.shares(image)[ORDER]) < 1e-8
    voxel = (2, 3, 1)
    assert distance(other.voxel(image[:, ORDER], voxel), one.voxel(image, voxel)[ORDER]) < 1e-8


@pytest.fixture(scope="module")
def of_margin() -> Explainer:
    """Of the residual network with one output, the difference of the two."""
    network = step_network("residual")
    final = network.steps[-1].module
    difference = nn.Conv3d(4, 1, 3, padding=1).double()
    with torch.no_grad():
        difference.weight.copy_(final.weight[1:] - final.weight[:1])
        difference.bias.copy_(final.bias[1:] - final.bias[:1])
    steps = [*network.steps[:-1], Step("m", "linear", ("l",), difference)]
    return Explainer(StepNetwork(steps).eval(), image_of())


@SOME_COMPOSITES
def test_margin_is_a_network_whose_output_is_the_difference(of_margin, composite, options):
    image, explainer = image_of(), step_explainer("residual")
    expected = of_margin.with_composite(composite, **options).explain(image, 0)
    explained = explainer.with_composite(composite, **options).explain(image, (1, 0))
    torch.testing.assert_close(explained.logit, expected.logit)
    assert distance(explained.shares, expected.shares) < 1e-8
    assert distance(explained.voxel((1, 1, 1)), expected.voxel((1, 1, 1))) < 1e-8


def test_margin_of_outputs_that_no_convolution_computes():
    """The difference is then a layer of its own: LRP-0 of a margin is the difference of maps."""

    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = step_network("plain")

        def forward(self, image):
            return nn.functional.leaky_relu(self.network(image), 0.5)

    image = image_of()
    explainer = Explainer(Scaled().eval(), image, "zero")
    expected = explainer.voxel(image, (1, 1, 1), 1) - explainer.voxel(image, (1, 1, 1), 0)
    assert distance(explainer.voxel(image, (1, 1, 1), (1, 0)), expected) < 1e-10


def test_input_weights_in_space_tell_where_relevance_comes_from():
    """A voxel sees no further than the network's receptive field, here two voxels."""
    network, image = step_network("plain"), image_of((9, 5, 5))
    explainer = Explainer(network, image, "alpha1_beta0")
    near = torch.zeros_like(image[0])
    near[:, 2:7] = 1
    of_near = explainer.input_weighted(image, near)
    torch.testing.assert_close(of_near[4], explainer.normalisers(image)[4])
    assert float((of_near - explainer.normalisers(image))[0].abs().min()) > 1e-6


class Doubtful(nn.Module):
    """One weight and a bias per class: y = 2 x + b; LRP-0 has `N_a = 2 x` exactly."""

    def __init__(self, bias: float):
        super().__init__()
        self.layer = nn.Conv3d(1, 2, 1).double()
        nn.init.constant_(self.layer.weight, 2)
        nn.init.constant_(self.layer.bias, bias)

    def forward(self, image):
        return self.layer(image)


def test_voxels_with_a_small_normaliser_leave_the_region_and_are_counted():
    image = torch.ones(1, 1, 2, 3, 4, dtype=torch.float64)
    image[..., 0, 0, 0] = 1e-9  # N_a almost zero, the logit almost the bias
    image[..., 0, 0, 1] = -0.1  # N_a of the wrong sign
    explainer = Explainer(Doubtful(1.0).eval(), image, "zero")
    region = torch.ones(2, 3, 4, dtype=torch.bool)
    with pytest.warns(UserWarning, match="2 of 24 voxels left the region"):
        relevance = explainer.region(image, region)
    expected = torch.ones_like(image[0])
    expected[0, 0, 0, :2] = 0
    torch.testing.assert_close(relevance, expected)

    region[:] = False
    region[0, 0, :2] = True
    with pytest.raises(InputError, match=r"none of the 2 voxels .* above tau=0.1"):
        explainer.region(image, region)


def test_tau_decides_which_voxels_stay():
    image = torch.ones(1, 1, 2, 2, 2, dtype=torch.float64)
    explanation = Explainer(Doubtful(8.0).eval(), image, "zero").explain(image)  # N_a / y = .2
    region = torch.ones(2, 2, 2, dtype=torch.bool)
    assert explanation.included(region, tau=0.19).all()
    assert not explanation.included(region, tau=0.21).any()
    with pytest.raises(InputError, match=r"none of the 8 voxels .* above tau=0.21"):
        explanation.region(region, tau=0.21)
    with pytest.raises(InputError, match="the region is empty"):
        explanation.region(torch.zeros_like(region), tau=0.19)


@SOME_COMPOSITES
def test_several_weightings_at_once_are_each_of_them(composite, options):
    image, explainer = image_of(), step_explainer("residual").with_composite(composite, **options)
    generator = torch.Generator().manual_seed(5)
    weights = torch.rand((4, *image.shape[1:]), generator=generator, dtype=image.dtype)
    together = explainer.input_weighted(image, weights)
    assert together.shape == (4, *SIZE)
    for one, of_one in zip(weights, together, strict=True):
        torch.testing.assert_close(explainer.input_weighted(image, one), of_one)
    with pytest.raises(InputError, match="the weights have shape"):
        explainer.input_weighted(image, weights[None])
