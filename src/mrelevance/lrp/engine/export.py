"""The graph of a network, whatever modules and functions it was written with."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from mrelevance.lrp.engine.convolution import CONVOLUTIONS, convolution_from_arguments, convolve
from mrelevance.lrp.engine.factors import with_factors_named
from mrelevance.lrp.engine.graph import Activation, Graph, Operation, activations_in
from mrelevance.lrp.engine.masks import with_numbers_for_masks
from mrelevance.lrp.engine.program import exported_program
from mrelevance.runtime.errors import InputError

IDENTITIES = {"clone", "alias", "detach", "contiguous", "lift_fresh_copy"}
CASTS = {"to", "_to_copy"}
VIEWS = {"view", "_unsafe_view"}
FILLED = {
    "zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full",
    "new_empty",
}  # fmt: skip
"""They read the shape of an activation, not its values."""

SPLITS = {
    "split", "split_with_sizes", "chunk", "unbind", "tensor_split", "unsafe_split",
    "unsafe_chunk", "unsafe_split_with_sizes",
}  # fmt: skip
OUTPUTS = {
    ("max_pool2d_with_indices", 0): "max_pool2d",
    ("max_pool3d_with_indices", 0): "max_pool3d",
    ("max_pool2d_with_indices", 1): "max_pool2d_index",
    ("max_pool3d_with_indices", 1): "max_pool3d_index",
    ("var_mean", 0): "var",
    ("std_mean", 0): "std",
    ("var_mean", 1): "mean",
    ("std_mean", 1): "mean",
    ("max", 0): "amax",
    ("min", 0): "amin",
}
"""Kinds of single outputs of operations that have several."""

DENSE = {"linear", "matmul", "mm", "bmm", "mv", "einsum", "dot"}
POSITIONS = {
    "index", "gather", "index_select", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d",
    "take_along_dim", "index_put",
}  # fmt: skip


def export_graph(network: nn.Module, image: Tensor, dtype: torch.dtype | None = None) -> Graph:
    """Export a network for images of the size of `image` (1, C, D, H, W) or (1, C, H, W).

    The image has the network's own type. All activations and weights of the graph have the type
    `dtype` (default: that of the image): the network's conversions to other floating types, as by
    autocast, are left out. Masks are numbers, 0 or 1.

    Raises
    ------
    InputError
        The network or a part of it is in training mode, it cannot be exported, or it does not turn
        one image into one tensor of logits (1, classes, D, H, W) or (1, classes, H, W).
    """
    program = exported_program(network, image)
    signature = program.graph_signature
    if len(signature.user_inputs) != 1 or len(signature.user_outputs) != 1:
        raise InputError(
            f"the network has {len(signature.user_inputs)} inputs and "
            f"{len(signature.user_outputs)} outputs; wrap it so that it turns one image into one "
            "tensor of logits"
        )
    output_name = signature.user_outputs[0]
    (logits,) = program.graph.output_node().args[0]
    reader = _Reader(program, dtype or image.dtype)
    for node in program.graph.nodes:
        if node.op == "call_function":
            reader.read(node)
    output = reader.resolve(output_name) if isinstance(output_name, str) else None
    if not isinstance(output, Activation):
        raise InputError("the network's output does not depend on the image")
    shape = tuple(logits.meta["val"].shape)
    if len(shape) != image.ndim:
        raise InputError(
            f"the network's output has shape {shape}; wrap it so that it gives logits "
            f"(1, classes, {', '.join('DHW'[5 - image.ndim :])})"
        )
    graph = Graph(tuple(reader.operations), signature.user_inputs[0], output.name, shape[1])
    return with_factors_named(_without_unread_operations(graph))


class _Reader:
    """Reads the nodes of an exported program in order: into constants, aliases and operations."""

    def __init__(self, program: torch.export.ExportedProgram, dtype: torch.dtype):
        self.dtype = dtype
        self.operations: list[Operation] = []
        self.aliases: dict[str, Any] = {}
        self.several: dict[str, Operation] = {}  # operations with several outputs
        self.constants = {
            name: self._uniform(value) for name, value in _stored_constants(program).items()
        }

    def resolve(self, name: str) -> Any:
        """The constant of that name, or the activation."""
        if name in self.constants:
            return self.constants[name]
        return self.aliases.get(name, Activation(name))

    def read(self, node: torch.fx.Node) -> None:
        """Evaluate, skip or record what one node computes."""
        kind = _kind(node)
        if kind.startswith(("_assert", "sym_")):
            return
        if kind == "getitem" and node.args[0].name in self.several:
            self._add(_output_of(self.several[node.args[0].name], node.name, node.args[1]))
            return
        arguments, keywords = torch.fx.node.map_arg(
            (node.args, node.kwargs), lambda read: self.resolve(read.name)
        )
        arguments, keywords = self._in_one_type(arguments), self._in_one_type(keywords)
        source = arguments[0] if arguments else None
        call = node.target
        if kind in VIEWS and not isinstance(arguments[1], torch.dtype):
            kind, call = "reshape", torch.ops.aten.reshape.default  # copies may have been left out
        if kind in IDENTITIES or (kind in CASTS and self._keeps_numbers(node)):
            self._alias(node.name, source)
        elif kind in FILLED and isinstance(source, Activation):
            like = torch.empty(node.args[0].meta["val"].shape, dtype=self.dtype)
            self._evaluate(node.name, call, (like, *arguments[1:]), keywords)
        elif kind == "copy":  # an assignment: what is assigned, in the shape of its place
            self._read_assigned(node, arguments[1])
        elif not any(activations_in((arguments, keywords))):
            self._evaluate(node.name, call, arguments, keywords)
        else:
            path = _module_path(node)
            operation = Operation(node.name, kind, call, arguments, keywords, path)
            if isinstance(node.meta.get("val"), list | tuple):
                self.several[node.name] = operation
            else:
                self._add(operation)

    def _read_assigned(self, node: torch.fx.Node, source: Any) -> None:
        arguments = (source, list(node.meta["val"].shape))
        call = torch.ops.aten.expand.default
        if isinstance(source, Activation):
            path = _module_path(node)
            self._add(Operation(node.name, "expand", call, arguments, path=path))
        else:
            self._evaluate(node.name, call, arguments, {})

    def _add(self, operation: Operation) -> None:
        for each in with_numbers_for_masks(_with_call(operation), self.dtype):
            self.operations.append(_with_convolution(each))

    def _alias(self, name: str, source: Any) -> None:
        if isinstance(source, Activation):
            self.aliases[name] = source
        else:
            self.constants[name] = source

    def _evaluate(self, name: str, call: Callable, arguments: tuple, keywords: dict) -> None:
        with torch.no_grad():
            self.constants[name] = self._uniform(call(*arguments, **keywords))

    def _uniform(self, value: Any) -> Any:
        """A constant with its floating type replaced by that of all."""
        if isinstance(value, list | tuple):
            return type(value)(self._uniform(each) for each in value)
        numbers = torch.is_tensor(value) and value.is_floating_point()
        return value.to(self.dtype) if numbers else value

    def _in_one_type(self, argument: Any) -> Any:
        if isinstance(argument, torch.dtype) and argument.is_floating_point:
            return self.dtype
        if isinstance(argument, list | tuple):
            return type(argument)(self._in_one_type(each) for each in argument)
        if isinstance(argument, dict):
            return {key: self._in_one_type(each) for key, each in argument.items()}
        return argument

    @staticmethod
    def _keeps_numbers(node: torch.fx.Node) -> bool:
        """Whether a conversion gives floating numbers, or the same type as before."""
        before, after = node.args[0].meta["val"].dtype, node.meta["val"].dtype
        return after.is_floating_point or after == before or before == torch.bool


def _stored_constants(program: torch.export.ExportedProgram) -> dict[str, Tensor]:
    signature = program.graph_signature
    stored = {**program.state_dict, **program.constants}
    named = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    return {name: stored[key].detach() for name, key in named.items()}


def _kind(node: torch.fx.Node) -> str:
    packet = getattr(node.target, "overloadpacket", None)
    return packet.__name__ if packet else node.target.__name__


def _module_path(node: torch.fx.Node) -> str:
    stack = node.meta.get("nn_module_stack") or {}
    return list(stack.values())[-1][0] if stack else ""


def _output_of(operation: Operation, name: str, index: int) -> Operation:
    """One of the outputs of an operation that has several."""
    call = operation.call

    def output(*arguments: Any, **keywords: Any) -> Tensor:
        return call(*arguments, **keywords)[index]

    kind = "split" if operation.kind in SPLITS else OUTPUTS.get((operation.kind, index))
    if kind is None:
        kind = operation.kind if index == 0 else f"{operation.kind}[{index}]"
    return replace(operation, name=name, kind=kind, call=output)


def _with_call(operation: Operation) -> Operation:
    """Name operations by what they compute, and call what takes activations in any layout."""
    count = len(operation.inputs)
    if operation.kind in DENSE:
        biased = operation.kind == "linear" and len(operation.arguments) > 2
        if count == 1:
            return replace(operation, kind="dense")
        return replace(operation, kind="matmul" if count == 2 and not biased else operation.kind)
    if operation.kind in CONVOLUTIONS and count == 2 and operation.arguments[2:3] in ((), (None,)):
        return replace(operation, kind="matmul")
    if operation.kind in ("maximum", "minimum") and count == 1:
        return replace(operation, kind=f"{operation.kind} with constant")
    if operation.kind in POSITIONS and any(activations_in(_positions(operation))):
        return replace(operation, kind=f"{operation.kind} at computed positions")
    return operation


def _positions(operation: Operation) -> Any:
    """The argument that says which values an operation reads or writes."""
    number = 2 if operation.kind in ("gather", "index_select") else 1
    return operation.arguments[number]


def _with_convolution(operation: Operation) -> Operation:
    """Put the arguments of a convolution with constant weights into one `Convolution`."""
    if operation.kind not in CONVOLUTIONS or len(operation.inputs) != 1 or operation.keywords:
        return operation
    if not isinstance(operation.arguments[0], Activation):
        return operation
    convolution = convolution_from_arguments(operation.kind, operation.arguments[1:])
    return replace(
        operation,
        kind="convolution",
        call=convolve,
        arguments=(operation.arguments[0], convolution),
    )


def _without_unread_operations(graph: Graph) -> Graph:
    needed = {graph.output}
    kept = []
    for operation in reversed(graph.operations):
        if operation.name in needed:
            needed.update(operation.inputs)
            kept.append(operation)
    return replace(graph, operations=tuple(reversed(kept)))
