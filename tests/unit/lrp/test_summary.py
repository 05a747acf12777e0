"""The table of layers and how each passes relevance on."""

import pytest
import torch
from helpers.small_networks import image_of, randomised
from monai.networks.nets import DynUNet
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.lrp import rules as builtin


def one(*layers: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return randomised(nn.Sequential(*layers))


def test_summary_lists_each_layer_with_its_rule():
    torch.manual_seed(0)
    network = DynUNet(
        3, 2, 2, [3, 3, 3], [1, 2, 2], [2, 2], filters=[4, 6, 8], norm_name="INSTANCE"
    ).eval()
    image = image_of((8, 8, 8), sequences=2)
    summary = Explainer(network, image, "epsilon_plus", input_rule="z_box").summary()
    lines = {line.split()[0]: line for line in summary.splitlines()}
    names = {}  # MONAI registers each of these modules under two names
    for name, module in network.named_modules(remove_duplicate=False):
        if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
            names.setdefault(module, []).append(name)
    assert len(names) == 13
    for module, aliases in names.items():
        (line,) = [lines[name] for name in aliases if name in lines]
        first = module.in_channels == 2
        pointwise = module.kernel_size == (1, 1, 1)
        assert line.endswith("z_box" if first else "epsilon 1e-06" if pointwise else "alpha1_beta0")
        assert ("instance_norm" in line) == (isinstance(module, nn.Conv3d) and not pointwise)


@pytest.mark.parametrize(
    ("composite", "statistics", "activation", "normalisation"),
    [
        ("deepshap", "live", "Shapley values", "live statistics"),
        ("deeplift", "live", "secant slope", "live statistics"),
        ("deeplift_halves", "live", "secant slope", "live statistics"),
        # Frozen, it is part of the convolution before it.
        ("deeplift", "frozen", "secant slope", None),
    ],
)
def test_summary_says_what_stands_for_a_rule_where_there_is_a_baseline(
    composite, statistics, activation, normalisation
):
    network = one(
        *(nn.Conv3d(3, 4, 3, padding=1), nn.InstanceNorm3d(4), nn.LeakyReLU()),
        *(nn.MaxPool3d(2), nn.Softmax(1), nn.Conv3d(4, 2, 1)),
    )
    image = image_of()
    explainer = Explainer(
        network, image, composite, baseline=torch.zeros_like, statistics=statistics
    )
    rows = [line.split(maxsplit=1) for line in explainer.summary().splitlines()[1:]]
    rules = {layer: line.split("  ")[-1].strip() for layer, line in rows}
    expected = {
        **{"0": "plain weights", "1": normalisation, "2": activation, "3": "cross maximum"},
        **{"4": "logarithmic mean", "5": "plain weights"},
    }
    assert rules == {layer: rule for layer, rule in expected.items() if rule}


def test_summary_names_a_users_rule_where_there_is_a_baseline():
    network, image = one(nn.Conv3d(3, 4, 1), nn.ReLU(), nn.Conv3d(4, 2, 1)), image_of()
    mine = Explainer(
        network, image, lambda operation: builtin.gamma(0.25), baseline=torch.zeros_like
    )
    rows = [line.split(maxsplit=2) for line in mine.summary().splitlines()[1:]]
    assert [rule for *_, rule in rows] == ["gamma 0.25", "secant slope", "gamma 0.25"]


def test_summary_says_that_activations_pass_relevance_unchanged_without_a_baseline():
    network, image = one(nn.Conv3d(3, 4, 1), nn.ReLU(), nn.Conv3d(4, 2, 1)), image_of()
    lines = Explainer(network, image, "alpha1_beta0").summary().splitlines()[1:]
    assert [line.split()[-1] for line in lines] == ["alpha1_beta0", "unchanged", "alpha1_beta0"]
