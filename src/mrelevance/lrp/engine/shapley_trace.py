"""The network around one image, with a chain of linear maps for each sequence.

Every activation function shares its change among the sequences' parts by their Shapley values, so
each sequence has slopes of its own. All other operations act on every part alike, as in DeepLIFT.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Graph, Operation
from mrelevance.lrp.engine.linear_map import LinearMap, apply_each, scaling_map
from mrelevance.lrp.engine.operations import ACTIVATIONS, builder_of
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.engine.shapley import shapley_slopes
from mrelevance.lrp.engine.trace import (
    RuleOf,
    Trace,
    forget_read,
    one_per_sequence,
    operations_carrying_relevance,
    run,
    smallest_contrast,
)

KEPT_BYTES = 2 * 2**30
"""The chains of all sequences are kept for further passes if their slopes take no more memory."""


@dataclass(frozen=True)
class Parts:
    """What one pass with the parts of all sequences gives.

    Attributes
    ----------
    outputs
        The explained logit (1, 1, D, H, W) of the image and of the baseline.
    of_output
        The part of each sequence in their difference, C times (1, 1, D, H, W).
    chains
        The chains of the wanted sequences.
    slopes_bytes
        What the slopes of one sequence take in memory.
    contrast
        See `Trace.baseline_contrast`.
    """

    outputs: Pair
    of_output: list[Tensor]
    chains: list[Trace]
    slopes_bytes: int
    contrast: float | None


@dataclass(frozen=True)
class ShapleyTrace:
    """Presents the chains of all sequences as one `Trace`.

    Attributes
    ----------
    change
        The image (1, C, D, H, W) minus the baseline.
    parts
        Of the first pass, without chains.
    pass_again
        Repeats the pass to get the chains of some sequences.
    """

    change: Tensor
    parts: Parts
    pass_again: Callable[[list[int]], Parts]

    with_baseline = True

    @property
    def outputs(self) -> Pair:
        """The explained logit (1, 1, D, H, W) of the image and of the baseline."""
        return self.parts.outputs

    @property
    def output(self) -> Tensor:
        """The explained logit (1, 1, D, H, W)."""
        return self.parts.outputs.image

    @property
    def output_change(self) -> Tensor:
        """`y(x) - y(x0)`, (1, 1, D, H, W)."""
        return self.parts.outputs.change

    @property
    def baseline_contrast(self) -> float | None:
        """See `Trace.baseline_contrast`."""
        return self.parts.contrast

    def chain(self, sequence: int) -> Trace:
        """The chain of one sequence, computed anew where all of them take much memory."""
        if self.parts.slopes_bytes * self.change.shape[1] > KEPT_BYTES:
            return self.pass_again([sequence]).chains[0]
        return self._kept_chains[sequence]

    def chains_for(self, multiplier: Tensor) -> Iterator[tuple[Trace, Tensor]]:
        """The chain of every sequence, one after the other, with the multiplier of its output."""
        return ((self.chain(sequence), multiplier) for sequence in range(self.change.shape[1]))

    @cached_property
    def _kept_chains(self) -> list[Trace]:
        return self.pass_again(list(range(self.change.shape[1]))).chains

    def sequence_parts(self) -> Tensor:
        """Part of the output's change that stems from each sequence, (C, 1, D, H, W)."""
        return torch.cat(self.parts.of_output)

    def forward_mode(self, weightings: list[Tensor]) -> list[Tensor]:
        """`y * (L^T v)`, see `Trace.forward_mode`; chain c passes on the weights of sequence c."""
        sums = [torch.zeros_like(self.output) for _ in weightings]
        for sequence, only in enumerate(one_per_sequence(self.change)):
            passed = self.chain(sequence).forward_mode([only * weights for weights in weightings])
            for total, q in zip(sums, passed, strict=True):
                total += q
        return sums

    def reverse_mode(self, multiplier: Tensor) -> Tensor:
        """Relevance (1, C, D, H, W), see `Trace.reverse_mode`; channel c is that of chain c."""
        maps = [
            self.chain(sequence).reverse_mode(multiplier)[:, sequence : sequence + 1]
            for sequence in range(self.change.shape[1])
        ]
        return torch.cat(maps, dim=1)


def trace_shapley(
    graph: Graph, image: Pair, rule_of: RuleOf, *, live: bool, orders: Tensor | None,
    keep_values: bool = False,
) -> ShapleyTrace:  # fmt: skip
    """Run the network on an image (1, C, D, H, W) and its baseline, with the parts of sequences.

    `orders` are sampled orders of joining, (orders, C); None for exact Shapley values.

    Raises
    ------
    InputError
        An operation that carries relevance has no rule.
    """

    def pass_with(wanted: list[int]) -> Parts:
        return pass_parts(graph, image, rule_of, live, orders, wanted, keep_values)

    return ShapleyTrace(image.change, pass_with([]), pass_with)


def pass_parts(
    graph: Graph, image: Pair, rule_of: RuleOf, live: bool, orders: Tensor | None,
    wanted: list[int], keep_values: bool,
) -> Parts:  # fmt: skip
    """Pass the parts of all sequences through the network; keep the chains of those wanted."""
    graph = _with_sparse_convolutions(graph)
    carrying = operations_carrying_relevance(graph, rule_of, with_baseline=True)
    parts = {graph.image: [image.change * only for only in one_per_sequence(image.image)]}
    values = {sequence: {graph.image: Pair(parts[graph.image][sequence])} for sequence in wanted}
    maps: dict[int, dict[str, LinearMap]] = {sequence: {} for sequence in wanted}
    left = graph.readers()
    outputs, slopes_bytes, contrasts = image, 0, []

    def build(operation: Operation, inputs: list[Pair]) -> tuple[Pair, LinearMap | None]:
        if operation.kind in ACTIVATIONS:
            return apply_each(operation, inputs), None
        return builder_of(operation, live)(operation, inputs, rule_of(operation))

    for operation, inputs, output, built in run(graph, image, build):
        if operation.name not in carrying:
            continue
        if built:
            contrasts.append(built.contrast)
        maps_of = [built] * image.image.shape[1]
        if operation.kind in ACTIVATIONS:
            baseline, inputs = inputs[0].baseline, None
            slopes = shapley_slopes(operation, baseline, parts[operation.inputs[0]], orders)
            slopes_bytes += slopes[0].nbytes
            maps_of = [scaling_map(slope) for slope in slopes]
            slopes = baseline = None
        inputs = None
        for sequence in wanted:
            maps[sequence][operation.name] = maps_of[sequence]
        read = [parts[name] for name in operation.inputs]
        read_last = [parts[name] for name in set(operation.inputs) if left[name] == 1]
        parts[operation.name] = _pass_each(maps_of, read, read_last)
        if keep_values:
            for sequence in wanted:
                values[sequence][operation.name] = Pair(parts[operation.name][sequence])
        if operation.name == graph.output:
            outputs = output
        forget_read(parts, left, operation)
        output = built = maps_of = None  # free them before the next operation
    chains = [
        Trace(graph, maps[s], {}, image.change, outputs, values[s] if keep_values else None)
        for s in wanted
    ]
    return Parts(outputs, parts[graph.output], chains, slopes_bytes, smallest_contrast(contrasts))


def _pass_each(
    maps: list[LinearMap], read: list[list[Tensor]], read_last: list[list[Tensor]]
) -> list[Tensor]:
    """Pass on the parts of every sequence; `read` has those of each input.

    Maps, and parts that no later operation reads, are freed as soon as they have been applied.
    """
    passed = []
    for sequence in range(len(maps)):
        passed.append(maps[sequence].forward(*(parts[sequence] for parts in read)))
        maps[sequence] = None
        for parts in read_last:
            parts[sequence] = None
    return passed


def _with_sparse_convolutions(graph: Graph) -> Graph:
    """Let convolutions skip what is zero; a baseline may differ in one place only."""

    def sparse(operation: Operation) -> Operation:
        if operation.kind != "convolution":
            return operation
        source, convolution = operation.arguments
        return replace(operation, arguments=(source, replace(convolution, sparse=True)))

    return replace(graph, operations=tuple(map(sparse, graph.operations)))
