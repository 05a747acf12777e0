"""Compact maps: gains in blocks, values freed as soon as read, convolutions that skip zeros."""

from dataclasses import replace
from weakref import ref

import pytest
import torch
from helpers.small_networks import image_of, step_network

from mrelevance.lrp import Explainer, Rule
from mrelevance.lrp.engine import linear
from mrelevance.lrp.engine.convolution import Convolution
from mrelevance.lrp.engine.export import export_graph
from mrelevance.lrp.engine.linear_map import apply_each
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.engine.trace import run

SIZE = (6, 8, 10)


def results(composite) -> tuple[torch.Tensor, torch.Tensor]:
    network, image = step_network("residual"), image_of(SIZE)
    explanation = Explainer(network, image, composite).explain(image, (1, 0))
    region = torch.zeros(SIZE, dtype=torch.bool)
    region[2:4, 3:6, 4:7] = True
    return explanation.sequence_parts, explanation.weighted_map(region)


@pytest.mark.parametrize("composite", ["alpha2_beta1", "gamma"])
def test_gains_in_blocks_of_channels_are_the_same_bit_for_bit(composite, monkeypatch):
    whole = results(composite)
    monkeypatch.setattr(linear, "BLOCK", 1)  # one channel at a time
    for found, expected in zip(results(composite), whole, strict=True):
        assert torch.equal(found, expected)


def test_rules_that_do_not_say_that_they_are_elementwise_see_the_whole_layer(monkeypatch):
    channels = []

    def gains(positive, negative, output):
        channels.append(output.shape[1])
        return torch.ones_like(output), torch.ones_like(output)

    monkeypatch.setattr(linear, "BLOCK", 1)
    rule = Rule("counting", gains=gains)
    results(lambda operation: rule)
    assert max(channels) > 1


def test_run_keeps_no_activation_after_its_last_reader():
    network, image = step_network("plain"), image_of(SIZE)
    graph = export_graph(network, image)
    before: list[ref] = []
    checked = 0
    for operation, inputs, output, _ in run(
        graph, Pair(image.clone()), lambda operation, values: (apply_each(operation, values), None)
    ):
        assert [value() for value in before if value() is not None] == []
        checked += len(before)
        later = graph.operations[graph.operations.index(operation) + 1 :]
        read_later = {graph.image, *(name for other in later for name in other.inputs)}
        before = [
            ref(value.image)
            for name, value in zip(operation.inputs, inputs, strict=True)
            if name not in read_later
        ]
        del inputs, output
    assert checked > 2


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("box", ["corner", "middle", "far corner", "nothing", "all"])
def test_sparse_convolution_is_the_convolution(stride, padding, dilation, box):
    torch.manual_seed(0)
    weight = torch.randn(4, 3, 3, 3, 3, dtype=torch.float64)
    geometry = ((stride,) * 3, (padding,) * 3, (0,) * 3, (dilation,) * 3)
    dense = Convolution(weight, None, *geometry, groups=1, transposed=False)
    x = torch.zeros(1, 3, 12, 14, 13, dtype=torch.float64)
    places = {
        "corner": (slice(0, 2), slice(0, 1), slice(0, 3)),
        "middle": (slice(5, 7), slice(6, 9), slice(4, 6)),
        "far corner": (slice(11, 12), slice(12, 14), slice(10, 13)),
        "nothing": (slice(0, 0),) * 3,
        "all": (slice(None),) * 3,
    }
    x[:, :, *places[box]] = torch.randn(x[:, :, *places[box]].shape, dtype=torch.float64)
    found, expected = replace(dense, sparse=True).linear(x), dense.linear(x)
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
