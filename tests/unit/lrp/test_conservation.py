"""Relevance is conserved, or its loss is reported: biases, stabilisers, dead neurons."""

import pytest
import torch
from helpers import dense as dense
from helpers.small_networks import SIZE, image_of, randomised, step_explainer, step_network
from torch import nn
from torch.nn import functional

from mrelevance.lrp import Explainer


class Residual(nn.Module):
    """Normalised residual units with biases: sums of both signs, pre-activations of both."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv3d(2, 6, 3, padding=1)
        self.units = nn.ModuleList(nn.Conv3d(6, 6, 3, padding=1) for _ in range(2))
        self.norms = nn.ModuleList(nn.InstanceNorm3d(6, affine=True) for _ in range(2))
        self.last = nn.Conv3d(6, 2, 1)

    def forward(self, image):
        x = functional.leaky_relu(self.first(image))
        for unit, norm in zip(self.units, self.norms, strict=True):
            x = functional.leaky_relu(x + norm(unit(x)))
        return self.last(x)


@pytest.fixture(scope="module")
def trained():
    """A network trained to find where the first sequence is bright and the second is not."""
    torch.manual_seed(0)
    network = Residual()
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(60):
        images = torch.randn(2, 2, 8, 8, 8)
        smooth = functional.avg_pool3d(images, 3, 1, 1)
        truth = (smooth[:, 0] - smooth[:, 1] > 0.3).long()
        optimiser.zero_grad()
        functional.cross_entropy(network(images), truth).backward()
        optimiser.step()
    assert float(functional.cross_entropy(network(images), truth)) < 0.3
    image = images[:1].double()
    return Explainer(network.double().eval(), image), image


@pytest.mark.parametrize("composite", ["alpha1_beta0", "alpha2_beta1", "gamma"])
def test_signed_rules_conserve_on_a_trained_network(trained, composite):
    explainer, image = trained[0].with_composite(composite), trained[1]
    for target in (0, 1, (1, 0)):
        explanation = explainer.explain(image, target)
        assert bool((explanation.logit < -1).any()) and bool((explanation.logit > 1).any())
        ratio = explanation.normalisers / explanation.logit
        torch.testing.assert_close(ratio, torch.ones_like(ratio), rtol=1e-8, atol=0)


def absorbed(rows: list[dict]) -> float:
    return sum(row["absorbed"] for row in rows)


@pytest.mark.parametrize("name", ["plain", "normalised", "residual"])
@pytest.mark.parametrize(
    ("composite", "options"),
    [
        ("zero", {}),
        ("epsilon", {"epsilon": 0.25}),
        ("alpha2_beta1", {}),
        ("deeplift", {"baseline": torch.zeros(3, *SIZE)}),
    ],
)
def test_layers_absorb_what_the_map_lacks(name, composite, options):
    explainer = step_explainer(name).with_composite(composite, **options)
    explanation = explainer.explain(image_of(), (1, 0), keep_values=True)
    region = torch.zeros(SIZE, dtype=torch.bool)
    region[1:3, 1:3, 1:3] = True
    rows = explanation.conservation_by_layer(region)
    start = float(explanation.change[region].sum())
    arrived = float(explanation.weighted_map(region).sum())
    assert rows[0]["received"] == pytest.approx(start, rel=1e-10)
    assert absorbed(rows) == pytest.approx(start - arrived, abs=1e-10 * abs(start))
    assert rows[-1]["remaining"] == pytest.approx(arrived, abs=1e-10 * abs(start))
    left = start
    for row in rows:
        assert row["absorbed"] == pytest.approx(row["received"] - row["passed"], rel=1e-12)
        left -= row["absorbed"]
        assert row["remaining"] == pytest.approx(left, abs=1e-10 * abs(start))
    if composite in ("alpha2_beta1", "deeplift"):
        for row in rows:
            assert row["passed"] == pytest.approx(row["received"], rel=1e-8)


def test_a_bias_absorbs_its_part_of_the_logit():
    """One voxel of `plain`: the last layer passes on the logit minus its bias."""
    network, image = step_network("plain"), image_of()
    explanation = Explainer(network, image, "zero").explain(image, 1, keep_values=True)
    region = torch.zeros(SIZE, dtype=torch.bool)
    region[2, 2, 2] = True
    rows = explanation.conservation_by_layer(region)
    last = network.layers["e"]
    assert rows[0]["layer"] == "layers.e"
    assert absorbed(rows[:1]) == pytest.approx(float(last.bias[1]), rel=1e-10)
    for row in rows:
        if row["operation"] != "convolution":
            assert row["passed"] == pytest.approx(row["received"], rel=1e-10)


def test_loss_at_neurons_without_contributions_is_reported():
    """After dead rectifiers no rule has anything to distribute."""
    network, image = step_network("plain"), image_of()
    with torch.no_grad():
        network.layers["a"].bias.fill_(-100)
    explanation = Explainer(network, image, "alpha1_beta0").explain(image, 1, keep_values=True)
    assert not explanation.normalisers.any() and bool(explanation.logit.any())
    region = torch.ones(SIZE, dtype=torch.bool)
    rows = {row["layer"]: row for row in explanation.conservation_by_layer(region)}
    middle = rows["layers.c"]
    assert middle["passed"] == 0
    assert middle["received"] == pytest.approx(float(explanation.logit.sum()), rel=1e-10)
    assert not explanation.included(region, tau=0.1).any()


def test_epsilon_tends_to_zero_rule_and_absorbs_more_with_more_epsilon():
    network = step_network("plain")
    for layer in network.layers.values():
        if getattr(layer, "bias", None) is not None:
            nn.init.zeros_(layer.bias)
    image = image_of()
    ratios = []
    for epsilon in (1e-9, 0.1, 1.0):
        explanation = Explainer(network, image, "epsilon", epsilon=epsilon).explain(image)
        expected = dense.relevance_map(
            network, image, 30, 1, dense.fractions_epsilon(epsilon), dense.fractions_zero
        )
        ratios.append(expected.sum() / float(explanation.logit.flatten()[30]))
        measured = explanation.normalisers.flatten()[30] / explanation.logit.flatten()[30]
        assert float(measured) == pytest.approx(ratios[-1], rel=1e-9)
    assert ratios[0] == pytest.approx(1, rel=1e-6)
    assert 1 > ratios[1] > ratios[2] > 0


@pytest.mark.parametrize("input_rule", ["z_box", "flat", "w_square"])
def test_input_rules_conserve(input_rule):
    """Also where the image is zero; rules by contribution give no relevance there."""
    torch.manual_seed(0)
    network, image = randomised(Residual()), image_of(sequences=2)
    image[:, :, 1] = 0
    explanation = Explainer(network, image, "alpha1_beta0", input_rule=input_rule).explain(image)
    ratio = explanation.normalisers / explanation.logit
    torch.testing.assert_close(ratio, torch.ones_like(ratio), rtol=1e-8, atol=0)
    assert bool(explanation.voxel((1, 2, 2))[:, 1].any())


@pytest.mark.parametrize("input_rule", ["z_box", "flat", "w_square"])
@pytest.mark.parametrize("composite", ["zero", "alpha1_beta0"])
def test_layers_with_an_input_rule_are_reported_too(composite, input_rule):
    explainer = step_explainer("residual").with_composite(composite, input_rule=input_rule)
    explanation = explainer.explain(image_of(), keep_values=True)
    region = torch.ones(SIZE, dtype=torch.bool)
    rows = explanation.conservation_by_layer(region)
    at_image = [row for row in rows if row["layer"] in ("layers.a", "layers.shortcut")]
    assert len(at_image) == 2
    arrived = float(explanation.weighted_map(region).sum())
    assert rows[-1]["remaining"] == pytest.approx(arrived, rel=1e-9)
    if composite == "alpha1_beta0":
        for row in rows:
            assert row["passed"] == pytest.approx(row["received"], rel=1e-8)
