"""Which factor of a product is a weight of the other: a gate, an attention matrix, a deviation.

Without a baseline, relevance passes a product through its signal alone (Arras et al. 2019), and
attention through the values alone (CP-LRP, Ali et al. 2022). The weight is recognised by where it
comes from: a bounded function, a softmax or a statistic, and nothing after it but what keeps it
such, as reshaping, resizing, shifting and scaling.
"""

from dataclasses import replace

import torch

from mrelevance.lrp.engine.graph import Activation, Graph, Operation
from mrelevance.lrp.engine.masks import COMPARISONS

WEIGHTS = {
    "sigmoid", "hardsigmoid", "softmax", "_softmax", "tanh", "erf", "hardtanh", "exp",
    "var", "std", "linalg_vector_norm", "rsqrt", "sqrt", "reciprocal", *COMPARISONS,
}  # fmt: skip
"""Functions whose results are weights of what they multiply."""

KEEPING = {
    "reshape", "permute", "transpose", "t", "slice", "select", "narrow", "unsqueeze", "squeeze",
    "expand", "repeat", "repeat_interleave", "flatten", "unflatten", "split", "cat", "stack",
    "roll", "flip", "index", "pad", "constant_pad_nd", "neg", "scaled", "pixel_shuffle",
    "upsample_nearest3d", "upsample_nearest2d", "upsample_trilinear3d", "upsample_bilinear2d",
    "avg_pool3d", "avg_pool2d", "mean", "sum", "amax", "add", "sub", "rsub", "clamp", "clamp_min",
    "clamp_max", "pow", "product", "where",
}  # fmt: skip
"""Kinds whose result is a weight if all that they read are weights."""


def with_factors_named(graph: Graph) -> Graph:
    """Name products `scaled`, `product`, `quotient` or `matmul`, and find their weights."""
    operations: dict[str, Operation] = {}
    weights: set[str] = set()
    for operation in graph.operations:
        for named in _named(operation, operations):
            inputs = named.inputs
            if named.kind in ("quotient", "max_unpool2d", "max_unpool3d"):
                named = replace(named, weight=1)
            elif named.kind == "where" and isinstance(named.arguments[0], Activation):
                named = replace(named, weight=0)
            elif named.kind in ("product", "matmul"):
                found = [index for index in (1, 0) if inputs[index] in weights]
                named = replace(named, weight=found[0] if found else None)
            operations[named.name] = named
            kept = inputs[:1] if named.kind == "quotient" else inputs
            passes = named.kind in KEEPING or named.kind == "quotient"
            if named.kind in WEIGHTS or (passes and weights.issuperset(kept)):
                weights.add(named.name)
    return replace(graph, operations=tuple(operations.values()))


def _named(operation: Operation, operations: dict[str, Operation]) -> list[Operation]:
    """The operation under the name of what it multiplies, after any that it needs."""
    if operation.kind == "div":
        if len(operation.arguments) > 2 or operation.keywords.get("rounding_mode"):
            return [operation]
        if len(operation.inputs) == 2:
            return [replace(operation, kind="quotient")]
        by_constant = isinstance(operation.arguments[0], Activation)
        return [replace(operation, kind="scaled" if by_constant else "reciprocal")]
    if operation.kind not in ("mul", "multiply"):
        return [operation]
    if len(operation.inputs) == 1:
        return [replace(operation, kind="scaled")]
    for signal, factor in (operation.arguments, operation.arguments[::-1]):
        needed, divisor = _divisor(operations.get(factor.name), operation.name)
        if divisor:
            divide = torch.ops.aten.div.Tensor
            quotient = replace(operation, kind="quotient", call=divide, arguments=(signal, divisor))
            return [*needed, quotient]
    return [replace(operation, kind="product")]


def _divisor(factor: Operation | None, name: str) -> tuple[list[Operation], Activation | None]:
    """What a product with this factor divides by, if anything, and the operation that gives it.

    The quotient `u / sqrt(v)` is numerically sound where `u * rsqrt(v)` is not: its slopes stay
    bounded for baselines of little contrast (see `live_normalisation`).
    """
    if factor is None or len(factor.inputs) != 1:
        return [], None
    source = Activation(factor.inputs[0])
    power = factor.arguments[1] if factor.kind == "pow" else None
    if factor.kind == "rsqrt" or power == -0.5:
        call = torch.ops.aten.sqrt.default
        name = f"{name}_divisor"
        root = replace(factor, name=name, kind="sqrt", call=call, arguments=(source,))
        return [root], Activation(name)
    if (factor.kind == "reciprocal" and len(factor.arguments) == 1) or power == -1:
        return [], source
    return [], None
