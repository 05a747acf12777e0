"""Export a network as a graph of operations, whatever modules and functions it was written with."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from mrelevance.lrp.engine.convolution import CONVOLUTIONS, convolution_from_arguments, convolve
from mrelevance.lrp.engine.graph import Activation, Graph, Operation, activations_in
from mrelevance.runtime.errors import InputError

IDENTITIES = {"clone", "alias", "detach", "contiguous", "to", "_to_copy", "lift_fresh_copy"}
GATES = {"sigmoid", "softmax", "_softmax", "hardsigmoid"}


def export_graph(network: nn.Module, image: Tensor) -> Graph:
    """Export a network for images of the size of `image` (1, C, D, H, W) or (1, C, H, W).

    Raises
    ------
    InputError
        The network is in training mode, or does not turn one image into one tensor of logits
        (1, classes, D, H, W) or (1, classes, H, W).
    """
    if network.training:
        raise InputError("the network is in training mode; call network.eval() before explaining")
    with torch.no_grad():
        program = torch.export.export(network, (image,), strict=False).run_decompositions({})
    signature = program.graph_signature
    if len(signature.user_inputs) != 1 or len(signature.user_outputs) != 1:
        raise InputError(
            f"the network has {len(signature.user_inputs)} inputs and "
            f"{len(signature.user_outputs)} outputs; wrap it so that it turns one image into one "
            "tensor of logits"
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
        elif any(activations_in(arguments)):
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
            f"(1, classes, {', '.join('DHW'[5 - image.ndim :])})"
        )
    graph = Graph(tuple(operations), signature.user_inputs[0], output.name, shape[1])
    return _without_unread_operations(graph)


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
    """Put the arguments of a convolution with constant weights into one `Convolution`."""
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
    """Name products by what they multiply: `scaled`, `gated` (signal, gate) or `product`."""
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
