"""Graphs of networks, each exported once for every size of image."""

import torch
from torch import Tensor, nn

from mrelevance.lrp.engine.export import export_graph
from mrelevance.lrp.engine.graph import Graph
from mrelevance.lrp.engine.images import type_and_device


class Graphs:
    """Exports networks when they are first needed; mirrored members share that of their network.

    An exported network may be fixed to one size, so there is a graph for each. A network may have a
    method `function_for(size)`, whose results are equal if two networks compute the same for images
    of a size (D, H, W); these share a graph. Networks must not be freed in the meantime.
    Activations of the graphs have the type `dtype`.
    """

    def __init__(self, dtype: torch.dtype):
        self._dtype = dtype
        self._graphs: dict[tuple, Graph] = {}

    @property
    def all(self) -> list[Graph]:
        """The graphs in the order in which they were exported."""
        return list(self._graphs.values())

    @property
    def first(self) -> Graph:
        """The graph that was exported first."""
        return self.all[0]

    def of(self, network: nn.Module, image: Tensor) -> Graph:
        """Graph of a network for images of the size of this one, (1, C, D, H, W)."""
        function_for = getattr(network, "function_for", lambda _: id(network))
        key = (function_for(tuple(image.shape[2:])), *image.shape)
        if key not in self._graphs:
            own_type, _ = type_and_device(network, image)
            self._graphs[key] = export_graph(network, image.to(own_type), self._dtype)
        return self._graphs[key]
