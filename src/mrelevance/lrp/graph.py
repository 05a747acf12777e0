"""A network as a list of operations, whatever modules and functions it was written with."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from mrelevance.lrp.convolution import CONVOLUTIONS, convolution_from_arguments, convolve
from mrelevance.runtime.errors import InputError

IDENTITIES = {"clone", "alias", "detach", "contiguous", "to", "_to_copy", "lift_fresh_copy"}
GATES = {"sigmoid", "softmax", "_softmax", "hardsigmoid"}
NORMALISATIONS = {
    "instance_norm",
    "group_norm",
    "batch_norm",
    "_native_batch_norm_legit_no_training",
}


@dataclass(frozen=True)
class Activation:
    """A value computed from the image, named by the operation that computes it."""

    name: str


@dataclass(frozen=True)
class Operation:
    """One ATen operation; `normalisation` is the one folded into this convolution, if any."""

    name: str
    kind: str
    call: Callable
    arguments: tuple
    keywords: dict = field(default_factory=dict)
    path: str = ""
    normalisation: "Operation | None" = None

    @property
    def inputs(self) -> list[str]:
        """Names of the activations it reads, in the order of its arguments."""
        return [activation.name for activation in _activations((self.arguments, self.keywords))]

    def __str__(self) -> str:
        """Name it as errors do: what it computes, and where in the network."""
        return f"operation {self.kind} in layer '{self.path or 'network'}'"

    def apply(self, values: dict[str, Tensor]) -> Tensor:
        """Compute the operation, without its folded normalisation, from the activations."""
        arguments = _substitute(self.arguments, lambda activation: values[activation.name])
        keywords = _substitute(self.keywords, lambda activation: values[activation.name])
        result = self.call(*arguments, **keywords)
        return result[0] if isinstance(result, tuple) else result


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
        """How many operations read each activation; the output counts as one reader."""
        count = Counter(name for operation in self.operations for name in set(operation.inputs))
        count[self.output] += 1
        return count

    def with_target(self, target: int | tuple[int, int]) -> "Graph":
        """Graph with one output channel: a class logit, or a margin `positive - negative`.

        Where the logits come from a convolution, the choice is folded into its weights.

        Raises
        ------
        InputError
            There is no such class, or the two are the same.
        """
        chosen = {target} if isinstance(target, int) else set(target)
        asked = 1 if isinstance(target, int) else 2
        if len(chosen) != asked or not all(0 <= index < self.classes for index in chosen):
            raise InputError(
                f"target {target} is no class, or pair of different classes, of the network's "
                f"{self.classes} classes, counted from 0"
            )
        last = self._operation_before_crops()
        alone = self.readers()[last.name] == 1
        if alone and last.kind == "convolution" and not last.normalisation:
            source, convolution = last.arguments
            if convolution.groups == 1:
                folded = replace(last, arguments=(source, convolution.with_target(target)))
                operations = (folded if o.name == last.name else o for o in self.operations)
                return replace(self, operations=tuple(operations))
        return self._with_selected_target(target)

    def _operation_before_crops(self) -> Operation:
        """Operation that computes the logits before they are cropped in space."""
        by_name = {operation.name: operation for operation in self.operations}
        last = by_name[self.output]
        while last.kind == "slice" and last.arguments[1] >= 2 and last.inputs[0] in by_name:
            last = by_name[last.inputs[0]]
        return last

    def _with_selected_target(self, target: int | tuple[int, int]) -> "Graph":
        logits = Activation(self.output)
        narrow = torch.ops.aten.narrow.default
        classes = [target] if isinstance(target, int) else list(target)
        chosen = tuple(
            Operation(f"target_{index}", "narrow", narrow, (logits, 1, index, 1), path="target")
            for index in classes
        )
        if len(chosen) == 2:
            addends = tuple(Activation(operation.name) for operation in chosen)
            margin = Operation("margin", "sub", torch.ops.aten.sub.Tensor, addends, path="target")
            chosen = (*chosen, margin)
        operations = (*self.operations, *chosen)
        return replace(self, operations=operations, output=chosen[-1].name, classes=1)


def export_graph(network: nn.Module, image: Tensor) -> Graph:
    """Export a network for images like `image` (1, C, D, H, W) and fold its normalisation.

    Each normalisation that alone reads a convolution becomes part of it.

    Raises
    ------
    InputError
        The network is in training mode, or has not one image in and one tensor of logits
        (1, classes, D, H, W) out.
    """
    if network.training:
        raise InputError("the network is in training mode; call network.eval() before explaining")
    with torch.no_grad():
        program = torch.export.export(network, (image,), strict=False).run_decompositions({})
    signature = program.graph_signature
    if len(signature.user_inputs) != 1 or len(signature.user_outputs) != 1:
        raise InputError(
            f"the network has {len(signature.user_inputs)} inputs and "
            f"{len(signature.user_outputs)} outputs; wrap it so that one image gives one tensor"
        )
    constants = _constants(program)
    aliases = {}
    operations = []
    kinds: dict[str, str] = {}
    for node in program.graph.nodes:
        if node.op != "call_function":
            continue
        arguments = torch.fx.node.map_arg(
            (node.args, node.kwargs), lambda read: _resolve(read.name, aliases, constants)
        )
        source = arguments[0][0] if arguments[0] else None
        kind = _kind(node)
        if kind == "getitem" and isinstance(source, Activation) and arguments[0][1] == 0:
            aliases[node.name] = source
        elif kind in IDENTITIES and isinstance(source, Activation):
            aliases[node.name] = source
        elif any(_activations(arguments)):
            operation = Operation(node.name, kind, node.target, *arguments, path=_module_path(node))
            operations.append(_with_product_named(_with_convolution(operation), kinds))
            kinds[node.name] = operations[-1].kind
        elif not kind.startswith(("_assert", "sym_")):
            with torch.no_grad():
                constants[node.name] = node.target(*arguments[0], **arguments[1])
    output = _resolve(signature.user_outputs[0], aliases, constants)
    if not isinstance(output, Activation):
        raise InputError("the network's output does not depend on the image")
    (logits,) = program.graph.output_node().args[0]
    shape = tuple(logits.meta["val"].shape)
    if len(shape) != image.ndim:
        raise InputError(
            f"the network's output has shape {shape}; wrap it so that it gives logits "
            "(1, classes, D, H, W)"
        )
    graph = Graph(tuple(operations), signature.user_inputs[0], output.name, shape[1])
    return _with_folded_normalisation(_without_unread_operations(graph))


def _constants(program: torch.export.ExportedProgram) -> dict[str, Any]:
    signature = program.graph_signature
    stored = {**program.state_dict, **program.constants}
    named = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    return {name: stored[key].detach() for name, key in named.items()}


def _resolve(name: str, aliases: dict, constants: dict) -> Any:
    if name in constants:
        return constants[name]
    return aliases.get(name, Activation(name))


def _kind(node: torch.fx.Node) -> str:
    packet = getattr(node.target, "overloadpacket", None)
    return packet.__name__ if packet else node.target.__name__


def _module_path(node: torch.fx.Node) -> str:
    stack = node.meta.get("nn_module_stack") or {}
    return list(stack.values())[-1][0] if stack else ""


def _with_convolution(operation: Operation) -> Operation:
    """Gather the arguments of a convolution with constant weights in one object."""
    if operation.kind not in CONVOLUTIONS or len(operation.inputs) != 1 or operation.keywords:
        return operation
    convolution = convolution_from_arguments(operation.kind, operation.arguments[1:])
    return replace(
        operation,
        kind="convolution",
        call=convolve,
        arguments=(operation.arguments[0], convolution),
    )


def _with_product_named(operation: Operation, kinds: dict[str, str]) -> Operation:
    """Tell products by what they multiply: `scaled`, `gated` (signal, gate), or `product`."""
    if operation.kind == "div" and isinstance(operation.arguments[0], Activation):
        constant = not isinstance(operation.arguments[1], Activation)
        return replace(operation, kind="scaled") if constant else operation
    if operation.kind != "mul":
        return operation
    if len(operation.inputs) == 1:
        return replace(operation, kind="scaled")
    first, second = operation.arguments
    if kinds.get(second.name) in GATES:
        return replace(operation, kind="gated")
    if kinds.get(first.name) in GATES:
        return replace(operation, kind="gated", arguments=(second, first))
    return replace(operation, kind="product")


def _without_unread_operations(graph: Graph) -> Graph:
    needed = {graph.output}
    kept = []
    for operation in reversed(graph.operations):
        if operation.name in needed:
            needed.update(operation.inputs)
            kept.append(operation)
    return replace(graph, operations=tuple(reversed(kept)))


def _with_folded_normalisation(graph: Graph) -> Graph:
    """Merge each normalisation into the convolution that it alone reads."""
    readers = graph.readers()
    operations: dict[str, Operation] = {}
    for operation in graph.operations:
        source = operations.get(operation.inputs[0])
        alone = source is not None and readers[source.name] == 1
        if (
            operation.kind in NORMALISATIONS
            and alone
            and source.kind == "convolution"
            and source.normalisation is None
        ):
            del operations[source.name]
            operation = replace(source, name=operation.name, normalisation=operation)
        operations[operation.name] = operation
    return replace(graph, operations=tuple(operations.values()))


def _activations(arguments: Any) -> Iterator[Activation]:
    if isinstance(arguments, Activation):
        yield arguments
    elif isinstance(arguments, list | tuple):
        for argument in arguments:
            yield from _activations(argument)
    elif isinstance(arguments, dict):
        yield from _activations(list(arguments.values()))


def _substitute(arguments: Any, value: Callable[[Activation], Any]) -> Any:
    if isinstance(arguments, Activation):
        return value(arguments)
    if isinstance(arguments, list | tuple):
        return type(arguments)(_substitute(argument, value) for argument in arguments)
    if isinstance(arguments, dict):
        return {key: _substitute(argument, value) for key, argument in arguments.items()}
    return arguments
