"""Normalisation with fixed statistics, folded into the convolution before it."""

from dataclasses import replace

from mrelevance.lrp.engine.graph import Graph, Operation
from mrelevance.lrp.engine.normalisation import FOLDABLE, has_live_statistics


def with_folded_normalisation(graph: Graph, live: bool) -> Graph:
    """Merge each normalisation into the convolution before it if nothing else reads that one.

    If `live`, those that take their statistics from the image stay operations of their own.
    """
    readers = graph.readers()
    operations: dict[str, Operation] = {}
    for operation in graph.operations:
        source = operations.get(operation.inputs[0])
        if (
            operation.kind in FOLDABLE
            and not (live and has_live_statistics(operation))
            and source is not None
            and readers[source.name] == 1
            and source.kind == "convolution"
            and source.normalisation is None
        ):
            del operations[source.name]
            operation = replace(source, name=operation.name, normalisation=operation)
        operations[operation.name] = operation
    return replace(graph, operations=tuple(operations.values()))
