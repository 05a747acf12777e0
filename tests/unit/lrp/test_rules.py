"""Each rule against its dense formula."""

import numpy as np
import pytest
import torch
from helpers import dense as dense
from helpers.small_networks import SIZE, STEP_NETWORKS, image_of, step_explainer, step_network

RULES = {
    "zero": (dense.fractions_zero, None, {}),
    "epsilon": (dense.fractions_epsilon(0.25), dense.fractions_zero, {"epsilon": 0.25}),
    "gamma": (dense.fractions_gamma(0.5), None, {"gamma": 0.5}),
    "alpha1_beta0": (dense.fractions_alpha_beta(1, 0), None, {}),
    "alpha2_beta1": (dense.fractions_alpha_beta(2, 1), None, {}),
}
VOXELS = [(0, 0, 0), (1, 3, 2)]
NETWORKS = pytest.mark.parametrize("name", STEP_NETWORKS)
TARGETS = {"plain": 1, "normalised": (1, 0), "residual": 0}


def assert_same(relevance: torch.Tensor, expected: np.ndarray):
    assert np.abs(expected).max() > 1e-6
    np.testing.assert_allclose(
        relevance.numpy(), expected, rtol=0, atol=1e-9 * np.abs(expected).max()
    )


@NETWORKS
@pytest.mark.parametrize("composite", RULES)
def test_map_of_a_voxel_is_that_of_the_dense_formula(name, composite):
    network, image, target = step_network(name), image_of(), TARGETS[name]
    rule, elsewhere, parameters = RULES[composite]
    explainer = step_explainer(name).with_composite(composite, **parameters)
    for voxel in VOXELS:
        number = np.ravel_multi_index(voxel, SIZE)
        expected = dense.relevance_map(network, image, number, target, rule, elsewhere)
        assert_same(explainer.voxel(image, voxel, target), expected)


@NETWORKS
@pytest.mark.parametrize("input_rule", ["z_box", "flat", "w_square"])
def test_input_rule_is_the_dense_formula_at_every_layer_that_reads_the_image(name, input_rule):
    network, image = step_network(name), image_of()
    image[:, 0] = image[:, 0].abs() + 1  # one sequence is never negative: its lower bound is 0
    explainer = step_explainer(name).with_composite("gamma", input_rule=input_rule)
    rule = dense.fractions_gamma(0.25)
    for voxel in VOXELS:
        number = np.ravel_multi_index(voxel, SIZE)
        expected = dense.relevance_map(network, image, number, 1, rule, input_rule=input_rule)
        assert_same(explainer.voxel(image, voxel), expected)


@NETWORKS
def test_deeplift_is_the_dense_rescale_rule(name):
    network, image, baseline = step_network(name), image_of(), image_of(seed=2)
    target = TARGETS[name]
    explainer = step_explainer(name).with_composite(
        "deeplift", baseline=baseline, statistics="frozen"
    )
    for voxel in VOXELS:
        number = np.ravel_multi_index(voxel, SIZE)
        expected = dense.deeplift_map(network, image, baseline, number, target)
        assert_same(explainer.voxel(image, voxel, target), expected)


def test_composites_by_kernel_mix_the_rules():
    """`plain` ends in a 1x1x1 convolution: epsilon there, z+ or gamma before it."""
    network, image = step_network("plain"), image_of()
    for composite, rule in [
        ("epsilon_plus", dense.fractions_alpha_beta(1, 0)),
        ("epsilon_gamma", dense.fractions_gamma(0.25)),
    ]:
        by_step = dense.relevance_map(
            network, image, 40, 1, rule, rule_of={"e": dense.fractions_epsilon(0.1)}
        )
        explainer = step_explainer("plain").with_composite(composite, epsilon=0.1)
        assert_same(explainer.voxel(image, np.unravel_index(40, SIZE)), by_step)
