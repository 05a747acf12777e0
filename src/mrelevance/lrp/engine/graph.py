"""A network as a list of operations in order of computation."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from mrelevance.runtime.errors import InputError

Classes = int | tuple[int, ...]
Target = int | tuple[Classes, Classes]
"""What is explained: the logit of a class, or the margin between two.

Where a side of the margin is several classes, it is the largest of their logits: the margin
`((1, 2), (0, 3))` is positive where the network decides for class 1 or 2.
"""


@dataclass(frozen=True)
class Activation:
    """A value computed from the image; its name is that of the operation that computes it."""

    name: str


@dataclass(frozen=True)
class Operation:
    """One ATen operation.

    Attributes
    ----------
    name
        Of its output, unique in the graph.
    kind
        What it computes, such as `convolution` or `leaky_relu`; decides how it is explained.
    call, arguments, keywords
        The function and what it is called with; activations stand where their values go.
    path
        Of the layer in the network, such as `model.0.conv`.
    normalisation
        The normalisation folded into this convolution, if any.
    weight
        Number of the input that is a weight of the others: without a baseline it takes no
        relevance, see `mrelevance.lrp.engine.factors`.
    """

    name: str
    kind: str
    call: Callable
    arguments: tuple
    keywords: dict = field(default_factory=dict)
    path: str = ""
    normalisation: "Operation | None" = None
    weight: int | None = None

    @property
    def inputs(self) -> list[str]:
        """Names of the activations that it reads, in the order of its arguments."""
        return [activation.name for activation in activations_in((self.arguments, self.keywords))]

    def __str__(self) -> str:
        """Kind and layer, as error messages name an operation."""
        return f"operation {self.kind} in layer '{self.path or 'network'}'"

    def apply(self, values: dict[str, Tensor]) -> Tensor:
        """Compute the operation from the activations, without the folded normalisation."""
        arguments = _substitute(self.arguments, lambda activation: values[activation.name])
        keywords = _substitute(self.keywords, lambda activation: values[activation.name])
        result = self.call(*arguments, **keywords)
        return result[0] if isinstance(result, tuple) else result

    def apply_to(self, values: Sequence[Tensor]) -> Tensor:
        """Compute the operation from the values of its inputs, in their order."""
        left = iter(values)
        arguments = _substitute(self.arguments, lambda activation: next(left))
        keywords = _substitute(self.keywords, lambda activation: next(left))
        return self.call(*arguments, **keywords)


@dataclass(frozen=True)
class Graph:
    """Operations in order of computation, from the activation `image` to `output`.

    `classes` is the number of channels of the output.
    """

    operations: tuple[Operation, ...]
    image: str
    output: str
    classes: int

    def readers(self) -> Counter:
        """How many operations read each activation; the caller counts as a reader of the output."""
        count = Counter(name for operation in self.operations for name in set(operation.inputs))
        count[self.output] += 1
        return count

    def with_target(self, target: Target) -> "Graph":
        """Graph with one output channel: a class logit, or a margin `positive - negative`.

        Where the logits come from a convolution, the choice is folded into its weights.

        Raises
        ------
        InputError
            The network has no such class, or a class is on both sides.
        """
        sides = self._sides(target)
        last = self._operation_before_crops()
        alone = self.readers()[last.name] == 1
        single = all(len(side) == 1 for side in sides)
        if single and alone and last.kind == "convolution" and not last.normalisation:
            source, convolution = last.arguments
            if convolution.groups == 1:
                classes = [side[0] for side in sides]
                folded = replace(last, arguments=(source, convolution.with_target(classes)))
                operations = (folded if o.name == last.name else o for o in self.operations)
                return replace(self, operations=tuple(operations))
        return self._with_selected_target(sides)

    def _sides(self, target: Target) -> list[tuple[int, ...]]:
        """Classes of a target: of its one side, or of both."""
        sides = [target] if isinstance(target, int) else list(target)
        sides = [(side,) if isinstance(side, int) else tuple(side) for side in sides]
        classes = [index for side in sides for index in side]
        if (
            len(sides) not in (1, 2)
            or not all(sides)
            or len(set(classes)) != len(classes)
            or not all(0 <= index < self.classes for index in classes)
        ):
            raise InputError(
                f"target {target} is neither a class, nor two different classes or groups of "
                f"classes; the network has {self.classes} classes, counted from 0"
            )
        return sides

    def _operation_before_crops(self) -> Operation:
        """Operation that computes the logits before they are cropped in space."""
        by_name = {operation.name: operation for operation in self.operations}
        last = by_name[self.output]
        while last.kind == "slice" and last.arguments[1] >= 2 and last.inputs[0] in by_name:
            last = by_name[last.inputs[0]]
        return last

    def _with_selected_target(self, sides: list[tuple[int, ...]]) -> "Graph":
        added: list[Operation] = []

        def add(name: str, kind: str, call: Callable, *arguments: Any) -> Activation:
            added.append(Operation(name, kind, call, arguments, path="target"))
            return Activation(name)

        aten, logits = torch.ops.aten, Activation(self.output)
        winners = []
        for number, classes in enumerate(sides):
            chosen = [
                add(f"target_{index}", "narrow", aten.narrow.default, logits, 1, index, 1)
                for index in classes
            ]
            winner = chosen[0]
            if len(chosen) > 1:
                side = add(f"target_side_{number}", "cat", aten.cat.default, chosen, 1)
                winner = add(f"target_winner_{number}", "amax", aten.amax.default, side, [1], True)
            winners.append(winner)
        if len(winners) == 2:
            add("margin", "sub", aten.sub.Tensor, *winners)
        operations = (*self.operations, *added)
        return replace(self, operations=operations, output=added[-1].name, classes=1)


def graph_of_target(target: Target, classes: int) -> Graph:
    """Graph from logits (1, classes, D, H, W) to a target.

    Raises
    ------
    InputError
        See `Graph.with_target`.
    """
    plain = Graph((), "logits", "logits", classes)
    return plain._with_selected_target(plain._sides(target))


def has_winners(target: Target) -> bool:
    """Whether a side of the target is several classes, of which the winner counts."""
    return isinstance(target, tuple | list) and not all(
        isinstance(side, int) or len(side) == 1 for side in target
    )


def activations_in(arguments: Any) -> Iterator[Activation]:
    """Activations among the arguments of an operation, in order, however nested."""
    if isinstance(arguments, Activation):
        yield arguments
    elif isinstance(arguments, list | tuple):
        for argument in arguments:
            yield from activations_in(argument)
    elif isinstance(arguments, dict):
        yield from activations_in(list(arguments.values()))


def _substitute(arguments: Any, value: Callable[[Activation], Any]) -> Any:
    if isinstance(arguments, Activation):
        return value(arguments)
    if isinstance(arguments, list | tuple):
        return type(arguments)(_substitute(argument, value) for argument in arguments)
    if isinstance(arguments, dict):
        return {key: _substitute(argument, value) for key, argument in arguments.items()}
    return arguments
