"""The network around one image: a chain of linear maps, with a pass in either direction."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from mrelevance.lrp.engine.graph import Graph, Operation
from mrelevance.lrp.engine.input_rules import build_input_layer
from mrelevance.lrp.engine.linear_map import LinearMap, apply_each
from mrelevance.lrp.engine.operations import BUILDERS, builder_of
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.engine.passing import check_rule, inputs_with_relevance
from mrelevance.lrp.rules import InputRule, Rule
from mrelevance.runtime.errors import InputError

RuleOf = Callable[[Operation], Rule]


@dataclass(frozen=True)
class Trace:
    """The maps of all operations that carry relevance, around one image.

    Attributes
    ----------
    graph
        The network with one output channel, the target.
    maps, input_maps
        By name of the operation; `input_maps` are those under an input rule.
    change
        The image (1, C, D, H, W), minus the baseline if there is one.
    outputs
        The explained logit (1, 1, D, H, W), and that of the baseline. With frozen statistics the
        baseline is normalised by those of the image.
    values
        All activations by name; None unless they were kept.
    """

    graph: Graph
    maps: dict[str, LinearMap]
    input_maps: dict[str, LinearMap]
    change: Tensor
    outputs: Pair
    values: dict[str, Pair] | None

    @property
    def with_baseline(self) -> bool:
        """Whether relevance explains a change from a baseline."""
        return self.outputs.baseline is not None

    @property
    def output(self) -> Tensor:
        """The explained logit (1, 1, D, H, W)."""
        return self.outputs.image

    @property
    def output_change(self) -> Tensor:
        """What relevance can add up to, (1, 1, D, H, W): y, or `y(x) - y(x0)`."""
        return self.outputs.change

    @property
    def baseline_contrast(self) -> float | None:
        """Smallest contrast of the baseline at a live normalisation, see `LinearMap.contrast`."""
        return smallest_contrast([built.contrast for built in self.maps.values()])

    def forward_mode(self, weightings: list[Tensor]) -> list[Tensor]:
        """`y * (L^T v)`, (1, 1, D, H, W), for each weighting v of the image.

        Weightings are (1, C, D, H, W), or (1, C, 1, 1, 1) if they are constant in space.
        """
        return [self._forward_pass(weights) for weights in weightings]

    def sequence_parts(self) -> Tensor:
        """Part of `y` that stems from each sequence, (C, 1, D, H, W)."""
        return torch.cat(self.forward_mode(one_per_sequence(self.change)))

    def chains_for(self, multiplier: Tensor) -> Iterator[tuple["Trace", Tensor]]:
        """The only chain, with the multiplier of its output; other traces have several."""
        yield self, multiplier

    def _forward_pass(self, weights: Tensor) -> Tensor:
        if not self.input_maps and not (self.change * weights).any():
            return torch.zeros_like(self.output)
        parts = {self.graph.image: self.change * weights}
        left = self.graph.readers()
        for operation in self.graph.operations:
            if operation.name in self.input_maps:
                parts[operation.name] = self.input_maps[operation.name].forward(weights)
            elif operation.name in self.maps:
                inputs = [parts.get(name) for name in operation.inputs]
                parts[operation.name] = self.maps[operation.name].forward(*inputs)
            forget_read(parts, left, operation)
        return parts[self.graph.output]

    def reverse_mode(
        self,
        multiplier: Tensor,
        observe: Callable[[Operation, Tensor, tuple, bool], None] | None = None,
    ) -> Tensor:
        """Relevance (1, C, D, H, W) of the image for `output * multiplier`.

        `observe` is called for each operation with the multiplier of its output, the multipliers
        of its inputs, and False. Under an input rule these multipliers are relevances, and the
        last argument is True.
        """
        multipliers = {self.graph.output: multiplier}
        relevance = torch.zeros_like(self.change)
        for operation in reversed(self.graph.operations):
            m = multipliers.pop(operation.name, None)
            if m is None:
                continue
            if operation.name in self.input_maps:
                (direct,) = self.input_maps[operation.name].reverse(m)
                relevance = relevance + direct
                if observe:
                    observe(operation, m, (direct,), True)
                continue
            passed = self.maps[operation.name].reverse(m)
            if observe:
                observe(operation, m, passed, False)
            for name, part in zip(operation.inputs, passed, strict=True):
                if part is not None:
                    present = multipliers.get(name)
                    multipliers[name] = part if present is None else present + part
                    del present
            del m, passed, part
        at_image = multipliers.get(self.graph.image)
        return relevance if at_image is None else relevance + self.change * at_image


def smallest_contrast(contrasts: list[Tensor | None]) -> float | None:
    """Smallest of the contrasts of several maps, see `LinearMap.contrast`; None without any."""
    known = [contrast for contrast in contrasts if contrast is not None]
    return float(torch.stack(known).min()) if known else None


def one_per_sequence(image: Tensor) -> list[Tensor]:
    """Weightings (1, C, 1, 1, 1) of an image (1, C, ...): one in one sequence, zero elsewhere."""
    space = [1] * (image.ndim - 2)
    return [row.view(1, -1, *space) for row in torch.eye(image.shape[1]).to(image)]


def trace_image(
    graph: Graph,
    image: Pair,
    rule_of: RuleOf,
    input_rule: InputRule | None = None,
    *,
    live: bool,
    keep_values: bool = False,
) -> Trace:
    """Run the network on an image (1, C, D, H, W) and a baseline, and build every map.

    If `live`, normalisation follows the statistics of its input; otherwise those of the image are
    frozen.

    Raises
    ------
    InputError
        An operation that carries relevance has no rule, or it reads the image and is not a
        convolution although an input rule is given.
    """
    carrying = operations_carrying_relevance(graph, rule_of, image.baseline is not None)
    maps, input_maps = {}, {}
    kept = {graph.image: image}
    outputs = image

    def build(operation: Operation, inputs: list[Pair]) -> tuple[Pair, LinearMap | None]:
        if operation.name not in carrying and operation.normalisation is None:
            return apply_each(operation, inputs), None
        return builder_of(operation, live)(operation, inputs, rule_of(operation))

    for operation, inputs, output, built in run(graph, image, build):
        if operation.name in carrying:
            maps[operation.name] = built
            if input_rule and graph.image in operation.inputs:
                if operation.kind != "convolution":
                    raise InputError(
                        f"input rule {input_rule.name!r} is for convolutions, but {operation} "
                        "reads the image; explain this network without input_rule"
                    )
                input_maps[operation.name] = build_input_layer(operation, inputs, input_rule)
        if keep_values:
            kept[operation.name] = output
        if operation.name == graph.output:
            outputs = output
        del inputs, output, built  # free them before the next map is built
    return Trace(graph, maps, input_maps, image.change, outputs, kept if keep_values else None)


def run(
    graph: Graph,
    image: Pair,
    build: Callable[[Operation, list[Pair]], tuple[Pair, LinearMap | None]],
) -> Iterator[tuple[Operation, list[Pair], Pair, LinearMap | None]]:
    """Compute the operations one by one: each with its inputs, its output and its map.

    Operations that have no rule have no map. Activations are freed after their last reader: then
    only what is yielded still holds them, and the caller frees them by forgetting it.
    """
    values = {graph.image: image}
    left = graph.readers()

    def computed(operation: Operation) -> tuple[Operation, list[Pair], Pair, LinearMap | None]:
        inputs = [values[name] for name in operation.inputs]
        if operation.kind in BUILDERS:
            output, built = build(operation, inputs)
        else:
            output, built = apply_each(operation, inputs), None
        values[operation.name] = output
        forget_read(values, left, operation)
        return operation, inputs, output, built

    for operation in graph.operations:
        yield computed(operation)


def operations_carrying_relevance(graph: Graph, rule_of: RuleOf, with_baseline: bool) -> set[str]:
    """Names of the operations that relevance passes from the output to the image.

    Raises
    ------
    InputError
        One of them has no rule; the message names operation and layer.
    """
    carrying = {graph.output}
    for operation in reversed(graph.operations):
        if operation.name not in carrying:
            continue
        if with_baseline:
            check_rule(operation)
            carrying.update(operation.inputs)
        else:
            carrying.update(inputs_with_relevance(operation, rule_of(operation)))
    return carrying


def forget_read(values: dict, left: dict[str, int], operation: Operation) -> None:
    """Free the activations that no later operation reads."""
    for name in set(operation.inputs):
        left[name] -= 1
        if not left[name]:
            values.pop(name, None)
