"""The interface: a user's own rules and composites, and error messages."""

import pytest
import torch
from helpers.small_networks import SIZE, image_of, randomised, step_network
from torch import nn

from mrelevance.lrp import Explainer, InputRule, Rule
from mrelevance.lrp import rules as builtin
from mrelevance.runtime.errors import InputError


def one(*layers: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return randomised(nn.Sequential(*layers))


class Calling(nn.Module):
    """Calls a function between two convolutions."""

    def __init__(self, function):
        super().__init__()
        self.before, self.after = nn.Conv3d(3, 4, 1), nn.Conv3d(4, 2, 1)
        self.function = function

    def forward(self, image):
        return self.after(self.function(self.before(image)))


def test_a_users_own_rule_is_applied():
    """Gamma written by a user as gains of the positive and the negative contributions."""

    def gains(positive, negative, output):
        same = torch.where(positive + negative >= 0, positive, negative)
        base = output / (positive + negative + 0.25 * same)
        upwards = same == positive
        return torch.where(upwards, 1.25 * base, base), torch.where(upwards, base, 1.25 * base)

    network, image = step_network("residual"), image_of()
    mine = Explainer(network, image, lambda operation: Rule("mine", gains=gains))
    theirs = Explainer(network, image, "gamma", gamma=0.25)
    torch.testing.assert_close(mine.shares(image), theirs.shares(image))
    assert "mine" in mine.summary()


def test_a_users_own_composite_sees_operation_and_layer():
    network, image = step_network("normalised"), image_of()
    seen = []

    def composite(operation):
        seen.append((operation.kind, operation.path))
        return builtin.alpha_beta(1, 0) if operation.path == "layers.a" else builtin.zero

    mixed = Explainer(network, image, composite)
    shares = mixed.shares(image)
    assert ("convolution", "layers.a") in seen and ("convolution", "layers.h") in seen
    for name in ("zero", "alpha1_beta0"):
        assert not torch.allclose(shares, Explainer(network, image, name).shares(image))
    rows = {line.split()[0]: line.split()[-1] for line in mixed.summary().splitlines()}
    assert rows["layers.a"] == "alpha1_beta0" and rows["layers.h"] == "zero"


def test_normalisation_that_something_else_reads_is_not_folded():
    class Read(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.norm = nn.Conv3d(3, 2, 1), nn.BatchNorm3d(2)

        def forward(self, image):
            u = self.layer(image)
            return self.norm(u) + u

    network, image = randomised(Read()), image_of()
    assert "convolution +" not in Explainer(network, image).summary()
    explanation = Explainer(network, image, "alpha1_beta0").explain(image)
    torch.testing.assert_close(explanation.normalisers, explanation.logit)


@pytest.mark.parametrize(
    ("function", "operation"),
    [(torch.sin, "sin"), (lambda x: x * x, "mul"), (torch.exp, "exp"),
     (lambda x: torch.softmax(x, 1), "softmax"), (lambda x: 1 / x, "reciprocal|div")],
)  # fmt: skip
def test_an_operation_without_a_rule_is_named_with_its_layer(function, operation):
    network, image = one(nn.Conv3d(3, 3, 1), Calling(function)), image_of()
    explainer = Explainer(network, image, "epsilon")
    with pytest.raises(InputError, match=rf"operation \w*({operation}|product)\w* in layer '1'"):
        explainer.shares(image)


def test_an_operation_without_a_rule_that_carries_no_relevance_is_no_error():
    """A gate may be computed in any way."""

    def gated(x):
        return x * torch.sigmoid(torch.sin(x))

    network, image = one(Calling(gated)), image_of()
    shares = Explainer(network, image, "epsilon").shares(image)
    torch.testing.assert_close(shares.sum(0), torch.ones(SIZE, dtype=torch.float64))


def test_networks_that_cannot_be_explained():
    image = image_of()
    with pytest.raises(InputError, match=r"training mode; call network.eval\(\)"):
        Explainer(nn.Conv3d(3, 2, 1).double(), image)

    class Two(Calling):
        def forward(self, image):
            return self.before(image), self.before(image)

    with pytest.raises(InputError, match="1 inputs and 2 outputs"):
        Explainer(one(Two(None)), image)

    class Blind(Calling):
        def forward(self, image):
            return self.after(torch.ones(1, 4, *SIZE, dtype=torch.float64))

    with pytest.raises(InputError, match="does not depend on the image"):
        Explainer(one(Blind(None)), image)
    with pytest.raises(InputError, match=r"output has shape \(1, 48\)"):
        Explainer(one(nn.Conv3d(3, 2, 1), nn.MaxPool3d((1, 2, 2)), nn.Flatten()), image)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"composite": "lrp"}, "composite 'lrp' is unknown; choose from zero, epsilon"),
        ({"composite": "epsilon", "gamma": 1.0}, "composite 'epsilon'.*'gamma'"),
        ({"input_rule": "box"}, "input rule 'box' is unknown; choose from z_box, flat, w_square"),
        ({"composite": "deeplift"}, "'deeplift' needs baseline="),
        ({"composite": "epsilon", "baseline": image_of()}, "'epsilon' takes no baseline"),
        (
            {"composite": "deeplift", "baseline": image_of(), "input_rule": "flat"},
            "'deeplift' takes no input rule",
        ),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(InputError, match=message) as error:
        Explainer(step_network("plain"), image_of(), **options)
    assert "\n" not in str(error.value)


@pytest.fixture(scope="module")
def explainer():
    return Explainer(step_network("plain"), image_of())


def test_wrong_images_are_refused(explainer):
    for shape in [(4, 6, 4), (2, 3, 4, 6, 4)]:
        with pytest.raises(InputError, match=r"give one image \(C, D, H, W\)"):
            explainer.shares(torch.zeros(shape))
    with pytest.raises(InputError, match="has 2 sequences, the example image had 3"):
        explainer.shares(torch.zeros(2, *SIZE))
    spoilt = image_of()
    for value in (float("nan"), float("inf")):
        spoilt[0, 1, 2, 3, 1] = value
        with pytest.raises(InputError, match="NaN or infinite"):
            explainer.shares(spoilt)


def test_wrong_targets_are_refused(explainer):
    for target in (2, -1, (1, 2), (1, 1)):
        with pytest.raises(InputError, match=r"target .* 2 classes"):
            explainer.shares(image_of(), target)


def test_wrong_regions_voxels_and_weights_are_refused(explainer):
    image = image_of()
    for region in (
        torch.ones(SIZE),
        torch.ones(4, 6, 5, dtype=torch.bool),
        torch.ones(1, *SIZE, dtype=torch.bool),
    ):
        with pytest.raises(InputError, match=r"must be bool of shape \(4, 6, 4\)"):
            explainer.region(image, region)
    with pytest.raises(InputError, match="region is empty"):
        explainer.region(image, torch.zeros(SIZE, dtype=torch.bool))
    for voxel in [(4, 0, 0), (0, -1, 0)]:
        with pytest.raises(InputError, match="lies outside the output of"):
            explainer.voxel(image, voxel)
    with pytest.raises(InputError, match=r"weights have shape \(2, 4, 6, 4\)"):
        explainer.input_weighted(image, torch.ones(2, *SIZE))


def test_wrong_baselines_are_refused():
    network, image = step_network("plain"), image_of()
    shifted = Explainer(network, image, "deeplift", baseline=lambda x: x[..., 1:])
    with pytest.raises(InputError, match=r"baseline has shape \(1, 3, 4, 6, 3\), the image"):
        shifted.shares(image)


def test_an_input_rule_that_no_layer_can_follow_is_refused():
    network = one(nn.InstanceNorm3d(3, affine=True), nn.Conv3d(3, 2, 1))
    with pytest.raises(InputError, match=r"'flat'.*instance_norm in layer '0'"):
        Explainer(network, image_of(), input_rule="flat").shares(image_of())


def test_a_users_own_input_rule_is_applied():
    """Weights' magnitudes instead of their squares."""
    magnitude = InputRule("magnitude", lambda weight: [("one", weight.abs())])
    network, image = one(nn.Conv3d(3, 2, 1)), image_of()
    relevance = Explainer(network, image, input_rule=magnitude).voxel(image, (1, 1, 1), 0)
    weight = network[0].weight[0, :, 0, 0, 0].abs()
    expected = network(image)[0, 0, 1, 1, 1] * weight / weight.sum()
    torch.testing.assert_close(relevance[:, 1, 1, 1], expected.detach())


def test_another_composite_is_another_explainer_without_another_export(monkeypatch):
    network, image = step_network("normalised"), image_of()
    baseline = torch.zeros_like(image)
    fresh = {
        "epsilon": Explainer(network, image, "epsilon", epsilon=0.25).shares(image),
        "deeplift": Explainer(network, image, "deeplift", baseline=baseline).shares(image),
    }
    first = Explainer(network, image, "alpha1_beta0")
    before = first.shares(image)
    monkeypatch.setattr("mrelevance.lrp.graphs.export_graph", None)
    epsilon = first.with_composite("epsilon", epsilon=0.25).shares(image)
    deeplift = first.with_composite("deeplift", baseline=baseline).shares(image)
    assert torch.equal(epsilon, fresh["epsilon"]) and torch.equal(deeplift, fresh["deeplift"])
    assert torch.equal(first.shares(image), before)
    with pytest.raises(InputError, match="needs baseline="):
        first.with_composite("deeplift")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
@pytest.mark.parametrize("composite", ["epsilon", "alpha2_beta1", "deeplift"])
def test_a_gpu_gives_what_the_processor_gives(composite):
    network, image = step_network("normalised"), image_of()
    options = {"baseline": torch.zeros_like(image)} if composite == "deeplift" else {}
    region = torch.ones(image.shape[2:], dtype=torch.bool)
    expected = Explainer(network, image, composite, **options).region(image, region)
    on_gpu = Explainer(network.cuda(), image.cuda(), composite, **options)
    torch.testing.assert_close(on_gpu.region(image, region).cpu(), expected, rtol=1e-8, atol=1e-10)
