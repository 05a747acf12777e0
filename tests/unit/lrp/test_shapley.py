"""Shapley values of activations: against all orders of joining, neuron by neuron."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from helpers.dense_deepshap import deepshap_parts
from helpers.small_networks import SEQUENCES, SIZE, image_of, randomised, step_network
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.lrp.changes import Plan
from mrelevance.lrp.engine.graph import Activation, Operation
from mrelevance.lrp.engine.shapley import shapley_slopes
from mrelevance.runtime.errors import InputError

BASELINE = image_of(seed=7)
TARGET = (1, 0)
aten = torch.ops.aten
ACTIVATIONS = {
    "relu": (aten.relu.default, ()),
    "leaky_relu": (aten.leaky_relu.default, (0.1,)),
    "prelu": (aten.prelu.default, (torch.tensor([0.3, -0.2, 1.5], dtype=torch.float64),)),
    "elu": (aten.elu.default, (0.7,)),
    "gelu": (aten.gelu.default, ()),
    "tanh": (aten.tanh.default, ()),
}


def operation_of(kind: str) -> Operation:
    call, parameters = ACTIVATIONS[kind]
    return Operation("f", kind, call, (Activation("z"), *parameters))


def values_by_orders(function, baseline, parts):
    """Shapley value of each part: what it adds, averaged over all orders of joining."""
    totals = [np.zeros(baseline.shape) for _ in parts]
    orders = list(permutations(range(len(parts))))
    for order in orders:
        present = baseline.copy()
        for player in order:
            before = function(present)
            present = present + parts[player]
            totals[player] += function(present) - before
    return [total / len(orders) for total in totals]


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_slope_times_part_is_the_mean_over_all_orders_of_joining(kind):
    operation = operation_of(kind)
    baseline, parts = image_of(seed=3), list(image_of(sequences=4 * SEQUENCES, seed=4).split(3, 1))
    parts[1][:, :, :2] = 0
    slopes = shapley_slopes(operation, baseline, parts, orders=None)
    expected = values_by_orders(
        lambda z: operation.apply({"z": torch.from_numpy(z)}).numpy(),
        baseline.numpy(),
        [part.numpy() for part in parts],
    )
    for slope, part, value in zip(slopes, parts, expected, strict=True):
        np.testing.assert_allclose((slope * part).numpy(), value, rtol=0, atol=1e-7)


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "prelu"])
def test_slopes_of_rectifiers_stay_between_their_two_slopes(kind):
    """Also where a part is tiny, in single precision."""
    operation = operation_of(kind)
    below = {"relu": 0.0, "leaky_relu": 0.1}.get(kind, ACTIVATIONS["prelu"][1])
    if kind == "prelu":
        below = below[0].float().view(1, 3, 1, 1, 1)
        operation = Operation("f", kind, aten.prelu.default, (Activation("z"), below.flatten()))
    low, high = (torch.minimum, torch.maximum)
    below = torch.as_tensor(below, dtype=torch.float32)
    generator = torch.Generator().manual_seed(0)
    baseline = torch.randn(1, 3, 4, 6, 4, generator=generator)
    parts = [
        torch.randn(baseline.shape, generator=generator) * scale for scale in (1, 1e-7, 1e-20, 0)
    ]
    for slope in shapley_slopes(operation, baseline, parts, orders=None):
        assert bool((slope >= low(below, torch.ones(())) - 1e-6).all())
        assert bool((slope <= high(below, torch.ones(())) + 1e-6).all())


@pytest.mark.parametrize("name", ["plain", "normalised", "residual"])
def test_parts_and_maps_are_those_of_a_slow_pass_neuron_by_neuron(name):
    network, image = step_network(name), image_of()
    explainer = Explainer(network, image, "deepshap", baseline=BASELINE, statistics="frozen")
    explanation = explainer.explain(image, TARGET)
    expected = deepshap_parts(network, image, BASELINE, TARGET)
    for sequence in range(SEQUENCES):
        np.testing.assert_allclose(
            explanation.sequence_parts[sequence].flatten().numpy(), expected[sequence], atol=1e-7
        )
    for voxel in [(0, 0, 0), (2, 3, 1)]:
        number = np.ravel_multi_index(voxel, SIZE)
        sums = explanation.voxel(voxel).sum((1, 2, 3)).numpy()
        np.testing.assert_allclose(sums, [part[number] for part in expected], atol=1e-7)


@pytest.mark.parametrize("name", ["plain", "normalised", "residual"])
def test_forward_and_reverse_mode_are_transposes(name):
    network, image = step_network(name), image_of()
    explanation = Explainer(network, image, "deepshap", baseline=BASELINE).explain(image, TARGET)
    weights, multiplier = image_of(seed=5)[0], image_of(sequences=1, seed=6)[0, 0]
    forward = (explanation.input_weighted(weights) * multiplier).sum()
    reverse = (explanation.weighted_map(multiplier) * weights).sum()
    assert abs(float(forward)) > 1e-3
    torch.testing.assert_close(forward, reverse, rtol=1e-10, atol=0)


def test_chains_one_at_a_time_give_the_same_map(monkeypatch):
    network, image = step_network("normalised"), image_of()
    explainer = Explainer(network, image, "deepshap", baseline=BASELINE)
    region = torch.ones(SIZE, dtype=torch.bool)
    expected = explainer.explain(image, TARGET).weighted_map(region)
    monkeypatch.setattr("mrelevance.lrp.engine.shapley_trace.KEPT_BYTES", 0)
    relevance = explainer.explain(image, TARGET).weighted_map(region)
    torch.testing.assert_close(relevance, expected, rtol=0, atol=0)


def test_relevance_that_enters_a_layer_leaves_it():
    image = image_of()
    explainer = Explainer(step_network("normalised"), image, "deepshap", baseline=BASELINE)
    explanation = explainer.explain(image, TARGET, keep_values=True)
    rows = explanation.conservation_by_layer(torch.ones(SIZE, dtype=torch.bool))
    total = float(explanation.change.sum())
    assert {row["operation"] for row in rows} >= {"instance_norm", "elu", "cat", "convolution"}
    for row in rows:
        assert abs(row["absorbed"]) < 1e-6 * abs(total)
    assert abs(rows[-1]["remaining"] - total) < 1e-6 * abs(total)


def test_one_sequence_takes_what_deeplift_gives_it():
    network = randomised(
        nn.Sequential(nn.Conv3d(1, 4, 3, padding=1), nn.GELU(), nn.Conv3d(4, 2, 1))
    )
    image, baseline = image_of(sequences=1), image_of(sequences=1, seed=7)
    of = {
        composite: Explainer(network, image, composite, baseline=baseline).voxel(image, (1, 2, 3))
        for composite in ("deeplift", "deepshap")
    }
    torch.testing.assert_close(of["deepshap"], of["deeplift"], rtol=0, atol=1e-9)


def test_a_linear_network_needs_no_game():
    network = randomised(nn.Sequential(nn.Conv3d(3, 4, 3, padding=1), nn.Conv3d(4, 2, 3)))
    image = image_of()
    of = {
        composite: Explainer(network, image, composite, baseline=BASELINE).shares(image, TARGET)
        for composite in ("deeplift", "deepshap")
    }
    torch.testing.assert_close(of["deepshap"], of["deeplift"], rtol=0, atol=1e-12)


def test_one_layer_of_activations_gives_the_exact_shapley_values_of_the_network():
    network = randomised(
        nn.Sequential(nn.Conv3d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv3d(8, 2, 1))
    )
    image = image_of()

    def margin(voxels: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            background, tumour = network(torch.from_numpy(voxels))[0]
        return (tumour - background).numpy()

    parts = []
    for sequence in range(SEQUENCES):
        part = torch.zeros_like(image)
        part[:, sequence] = (image - BASELINE)[:, sequence]
        parts.append(part.numpy())
    expected = [np.zeros(SIZE) for _ in parts]
    for order in permutations(range(SEQUENCES)):
        present = BASELINE.numpy()
        for player in order:
            expected[player] += (margin(present + parts[player]) - margin(present)) / 6
            present = present + parts[player]
    explainer = Explainer(network, image, "deepshap", baseline=BASELINE)
    found = explainer.explain(image, TARGET).sequence_parts
    np.testing.assert_allclose(found.numpy(), np.stack(expected), atol=1e-10)


def test_many_sequences_are_sampled_with_an_error_that_covers_the_truth():
    torch.manual_seed(0)
    layers = [nn.Conv3d(9, 6, 3, padding=1), nn.ReLU(), nn.Conv3d(6, 6, 3, padding=1), nn.ELU()]
    network = randomised(nn.Sequential(*layers, nn.Conv3d(6, 2, 1)))
    image, baseline = image_of(sequences=9), image_of(sequences=9, seed=7)
    exact = Explainer(network, image, "deepshap", baseline=baseline)
    exact._method = replace(exact._method, plan=Plan(shapley=True))  # all 512 subsets
    expected = exact.explain(image, TARGET).sequence_parts
    errors = {}
    for orders in (8, 128):
        explainer = Explainer(network, image, "deepshap", baseline=baseline, orders=orders, seed=3)
        explanation = explainer.explain(image, TARGET)
        torch.testing.assert_close(explanation.normalisers, explanation.change, rtol=0, atol=1e-8)
        deviation = (explanation.sequence_parts - expected).square().mean().sqrt()
        stated = explanation.standard_error.square().mean().sqrt()
        assert 0.5 < float(stated / deviation) < 2
        errors[orders] = float(deviation)
    assert errors[128] < errors[8] / 2
    assert (
        Explainer(network, image, "deepshap", baseline=baseline)
        .explain(image, TARGET)
        .standard_error
        is not None
    )


def test_up_to_eight_sequences_have_no_sampling_error():
    image = image_of()
    explainer = Explainer(step_network("plain"), image, "deepshap", baseline=BASELINE)
    assert explainer.explain(image, TARGET).standard_error is None


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_slopes_do_not_depend_on_the_memory_format(kind):
    operation = operation_of(kind)
    baseline, parts = image_of(seed=3), list(image_of(sequences=2 * SEQUENCES, seed=4).split(3, 1))
    expected = shapley_slopes(operation, baseline, parts, orders=None)

    def laid_out(values: torch.Tensor) -> torch.Tensor:
        return values.contiguous(memory_format=torch.channels_last_3d)

    slopes = shapley_slopes(
        operation, laid_out(baseline), [laid_out(part) for part in parts], orders=None
    )
    for slope, usual in zip(slopes, expected, strict=True):
        torch.testing.assert_close(slope, usual)


@pytest.mark.parametrize("orders", [6, 65, 4.5])
def test_a_number_of_orders_that_two_samples_cannot_share_is_refused(orders):
    network, image = step_network("plain"), image_of()
    with pytest.raises(InputError, match=f"composite 'deepshap': orders={orders} must be a "):
        Explainer(network, image, "deepshap", baseline=torch.zeros_like, orders=orders)
