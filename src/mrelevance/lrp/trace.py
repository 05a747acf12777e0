"""One image seen through the network: a chain of linear maps, to be run in both directions."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mrelevance.lrp.graph import Graph, Operation
from mrelevance.lrp.input_rules import build_input_layer
from mrelevance.lrp.maps import BUILDERS, LinearMap
from mrelevance.lrp.rules import InputRule, Rule
from mrelevance.runtime.errors import InputError

RuleOf = Callable[[Operation], Rule]


@dataclass(frozen=True)
class Trace:
    """The maps of all operations that carry relevance, around one image.

    `change` is the image (1, C, D, H, W), less the baseline if there is one; `output` the
    explained logit (1, 1, D, H, W), `baseline_output` that of the baseline with the
    normalisation statistics of the image. `values`, if kept, are all activations.
    """

    graph: Graph
    maps: dict[str, LinearMap]
    input_maps: dict[str, LinearMap]
    change: Tensor
    output: Tensor
    baseline_output: Tensor | None
    values: dict[str, Tensor] | None

    @property
    def with_baseline(self) -> bool:
        """Whether relevance explains a change from a baseline."""
        return self.baseline_output is not None

    @property
    def output_change(self) -> Tensor:
        """What relevance can add up to, (1, 1, D, H, W): y, or `y(x) - y(x0)`."""
        return self.output if self.baseline_output is None else self.output - self.baseline_output

    def tangents(self, weightings: list[Tensor]) -> list[Tensor]:
        """Adjoint pass `y * (L^T v)` of several weightings of the image.

        Weights v are (1, C, D, H, W), or (1, C, 1, 1, 1) where they are constant in space; each
        gives (1, 1, D, H, W).
        """
        return [self._tangent(weights) for weights in weightings]

    def _tangent(self, weights: Tensor) -> Tensor:
        if not self.input_maps and not (self.change * weights).any():
            return torch.zeros_like(self.output)
        parts = {self.graph.image: self.change * weights}
        left = self.graph.readers()
        for operation in self.graph.operations:
            if operation.name in self.input_maps:
                parts[operation.name] = self.input_maps[operation.name].tangent(weights)
            elif operation.name in self.maps:
                inputs = [parts.get(name) for name in operation.inputs]
                parts[operation.name] = self.maps[operation.name].tangent(*inputs)
            _forget_read(parts, left, operation)
        return parts[self.graph.output]

    def adjoint(
        self,
        multiplier: Tensor,
        observe: Callable[[Operation, Tensor, tuple, bool], None] | None = None,
    ) -> Tensor:
        """Relevance pass: relevance (1, C, D, H, W) of the image for `output * multiplier`.

        `observe` sees each operation with the multipliers of its output and of its inputs; where
        an input rule gives the image's relevance itself, not its multiplier, the last is True.
        """
        multipliers = {self.graph.output: multiplier}
        relevance = torch.zeros_like(self.change)
        for operation in reversed(self.graph.operations):
            m = multipliers.pop(operation.name, None)
            if m is None:
                continue
            if operation.name in self.input_maps:
                (direct,) = self.input_maps[operation.name].adjoint(m)
                relevance = relevance + direct
                if observe:
                    observe(operation, m, (direct,), True)
                continue
            passed = self.maps[operation.name].adjoint(m)
            if observe:
                observe(operation, m, passed, False)
            for name, part in zip(operation.inputs, passed, strict=True):
                if part is not None:
                    present = multipliers.get(name)
                    multipliers[name] = part if present is None else present + part
        at_image = multipliers.get(self.graph.image)
        return relevance if at_image is None else relevance + self.change * at_image


def trace_image(
    graph: Graph,
    image: Tensor,
    baseline: Tensor | None,
    rule_of: RuleOf,
    input_rule: InputRule | None = None,
    keep_values: bool = False,
) -> Trace:
    """Run the network on an image (1, C, D, H, W), and on a baseline, and fix every rule.

    Raises
    ------
    InputError
        An operation that carries relevance has no rule, or reads the image and cannot follow
        the input rule.
    """
    carrying = operations_carrying_relevance(graph, with_baseline=baseline is not None)
    values = {graph.image: image if baseline is None else torch.cat([image, baseline])}
    left = graph.readers()
    maps, input_maps = {}, {}
    for operation in graph.operations:
        inputs = [values[name] for name in operation.inputs]
        if operation.kind not in BUILDERS:
            values[operation.name] = operation.apply(values)
        else:
            output, built = BUILDERS[operation.kind](operation, inputs, rule_of(operation))
            values[operation.name] = output
            if operation.name in carrying:
                maps[operation.name] = built
            if input_rule and operation.name in carrying and graph.image in operation.inputs:
                if operation.kind != "convolution":
                    raise InputError(
                        f"input rule {input_rule.name!r} holds for convolutions, but {operation} "
                        "reads the image; leave input_rule out for this network"
                    )
                input_maps[operation.name] = build_input_layer(operation, inputs, input_rule)
        if not keep_values:
            _forget_read(values, left, operation)
    outputs = values[graph.output]
    with_baseline = baseline is not None
    return Trace(
        graph=graph,
        maps=maps,
        input_maps=input_maps,
        change=image - baseline if with_baseline else image,
        output=outputs[:1],
        baseline_output=outputs[1:] if with_baseline else None,
        values=values if keep_values else None,
    )


def operations_carrying_relevance(graph: Graph, with_baseline: bool) -> set[str]:
    """Names of the operations that relevance passes on its way from the output to the image.

    Raises
    ------
    InputError
        One of them has no rule; the message names operation and layer.
    """
    carrying = {graph.output}
    for operation in reversed(graph.operations):
        if operation.name not in carrying:
            continue
        if operation.kind == "product" and not with_baseline:
            raise InputError(
                f"{operation} multiplies two activations and neither is a gate (sigmoid or "
                "softmax); only the composite deeplift has a rule for that"
            )
        if operation.kind not in BUILDERS:
            raise InputError(
                f"{operation} has no rule; register one in mrelevance.lrp.maps.BUILDERS or "
                "replace the layer by one that has"
            )
        gated = operation.kind == "gated" and not with_baseline
        carrying.update(operation.inputs[:1] if gated else operation.inputs)
    return carrying


def _forget_read(values: dict[str, Tensor], left: dict[str, int], operation: Operation) -> None:
    """Free the activations that no later operation reads."""
    for name in set(operation.inputs):
        left[name] -= 1
        if not left[name]:
            values.pop(name, None)
