"""The interface: explain any segmentation network."""

import copy
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from mrelevance.lrp.composites import Composite
from mrelevance.lrp.engine.export import export_graph
from mrelevance.lrp.engine.folding import with_folded_normalisation
from mrelevance.lrp.engine.graph import Graph, Operation, Target
from mrelevance.lrp.engine.images import prepared_image, spatial_axes
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.engine.shapley_trace import ShapleyTrace, trace_shapley
from mrelevance.lrp.engine.summed_trace import Part, sum_traces
from mrelevance.lrp.engine.trace import Trace, trace_image
from mrelevance.lrp.explanation import Explanation
from mrelevance.lrp.method import Baseline, chosen_method
from mrelevance.lrp.rules import InputRule
from mrelevance.lrp.windows import Windows
from mrelevance.runtime.errors import InputError

LOW_CONTRAST = 0.1
"""Below this contrast of the baseline on a normalising network, a warning tells."""


class Explainer:
    """Layer-wise relevance propagation for one network, exact for regions of any size.

    Parameters
    ----------
    network
        A network in evaluation mode that turns one image (1, C, D, H, W) into logits of it, or
        (1, C, H, W) for networks in 2D. All other shapes then lack D as well.
    example_input
        An image for the network, with or without the first axis; other sizes are accepted later.
    composite
        Name of a composite, or a function that gives each operation its rule.
    input_rule
        `z_box`, `flat`, `w_square` or an `InputRule` for the layers that read the image; None: the
        composite's rule.
    baseline
        For composites that explain a change: an image, or a function from image to baseline.
    statistics
        With a baseline, of normalisation layers that take theirs from the image: `live` follows
        those of image and baseline, and explains the network as it is; `frozen` keeps those of the
        image for both.
    windows
        Explain the blended logits of these windows; None: those of the whole image.
    dtype
        Compute in this type, on a copy of the network, instead of the network's own.
    progress
        Wraps the list of windows in each pass over them, such as `tqdm`.
    parameters
        Parameters of the composite, such as `epsilon=0.25`.

    Examples
    --------
    >>> explainer = Explainer(network, image, composite="alpha2_beta1")
    >>> shares = explainer.shares(image, target=(1, 0))      # tumour rather than background
    >>> relevance = explainer.region(image, tumour_mask, target=(1, 0))
    """

    def __init__(
        self,
        network: nn.Module,
        example_input: Tensor,
        composite: str | Composite = "alpha2_beta1",
        *,
        input_rule: str | InputRule | None = None,
        baseline: Baseline | None = None,
        statistics: str = "live",
        windows: Windows | None = None,
        dtype: torch.dtype | None = None,
        progress: Callable = iter,
        **parameters: float,
    ):
        if dtype is not None:
            network = copy.deepcopy(network).to(dtype)
        self._network = network
        self._parameter = next(network.parameters())
        self._graphs: dict[tuple[int, ...], Graph] = {}
        self._axes = spatial_axes(network, example_input)
        self._sequences = example_input.shape[-self._axes - 1]
        self._windows = windows
        self._progress = progress
        self._method = chosen_method(
            composite, self._sequences, input_rule, baseline, statistics, parameters
        )
        example = self._prepared(example_input)
        first = self._windows_of(example).boxes(example.shape[2:])[0]
        self._graph(example[:, :, *first])

    def with_composite(
        self,
        composite: str | Composite,
        *,
        input_rule: str | InputRule | None = None,
        baseline: Baseline | None = None,
        statistics: str = "live",
        **parameters: float,
    ) -> "Explainer":
        """Explain the same network under another composite, without exporting it again."""
        other = copy.copy(self)
        other._method = chosen_method(
            composite, self._sequences, input_rule, baseline, statistics, parameters
        )
        return other

    def explain(self, image: Tensor, target: Target = 1, keep_values: bool = False) -> Explanation:
        """Trace one image; all other methods use this one.

        Parameters
        ----------
        image
            (C, D, H, W) or (1, C, D, H, W).
        target
            A class, or a pair `(positive, negative)` for the margin between two classes or groups
            of classes, such as `((1, 2), (0, 3))`, whose winners are compared.
        keep_values
            Keep all activations, which `Explanation.conservation_by_layer` needs.

        Raises
        ------
        InputError
            The image does not suit the network, there is no such target, or an operation has no
            rule.
        """
        method = self._method
        image = self._prepared(image)
        pair = Pair(image, self._baseline_of(image))
        grid, windows = image.shape[2:], self._windows_of(image)
        boxes, blends = windows.boxes(grid), windows.blending(grid, image)
        parts = [
            Part(box, blend, number, change.weight)
            for box, blend in zip(boxes, blends, strict=True)
            for number, change in enumerate(method.plan.changes)
        ]

        def trace_of(part: Part) -> Trace | ShapleyTrace:
            change = method.plan.changes[part.change]
            window = change.of(pair.each(lambda side: side[:, :, *part.box]))
            graph = self._folded(self._graph(window.image).with_target(target))
            if method.plan.shapley:
                orders = None if change.draw is None else method.plan.orders[change.draw]
                return trace_shapley(
                    graph, window, method.rule_of, live=method.live, orders=orders,
                    keep_values=keep_values,
                )  # fmt: skip
            return trace_image(
                graph, window, method.rule_of, method.input_rule, live=method.live,
                keep_values=keep_values,
            )  # fmt: skip

        with torch.no_grad():
            if len(parts) == 1:
                trace = trace_of(parts[0])
            else:
                trace = sum_traces(image, parts, trace_of, self._progress)
        contrast = trace.baseline_contrast
        if contrast is not None and contrast < LOW_CONTRAST:
            warnings.warn(
                f"the contrast of the baseline is {contrast:.2g} times that of the image where the "
                "network normalises each image by itself, so it magnifies what little the baseline "
                "holds; choose a baseline that resembles an image, such as the image inpainted",
                stacklevel=2,
            )
        return Explanation(image, trace)

    @torch.no_grad()
    def shares(self, image: Tensor, target: Target = 1) -> Tensor:
        """Fraction of the relevance of each output voxel from each sequence, (C, D, H, W)."""
        return self.explain(image, target).shares

    @torch.no_grad()
    def normalisers(self, image: Tensor, target: Target = 1) -> Tensor:
        """`N_a`, the sum of the relevance map of each output voxel, (D, H, W)."""
        return self.explain(image, target).normalisers

    @torch.no_grad()
    def input_weighted(self, image: Tensor, weights: Tensor, target: Target = 1) -> Tensor:
        """`y * (L^T v)`, (D, H, W), for weights v (C, D, H, W) of the image's voxels.

        Several weightings (K, C, D, H, W), such as indicators of places, give (K, D, H, W).
        """
        explanation = self.explain(image, target)
        size = tuple(explanation.image.shape[1:])
        if weights.ndim - len(size) not in (0, 1) or tuple(weights.shape[-len(size) :]) != size:
            raise InputError(
                f"the weights have shape {tuple(weights.shape)}, the image {size}; give one weight "
                "per voxel of the image"
            )
        return explanation.input_weighted(weights.to(self._parameter))

    @torch.no_grad()
    def voxel(self, image: Tensor, index: tuple[int, ...], target: Target = 1) -> Tensor:
        """`M_a`, the relevance map of the output voxel at an index (d, h, w), (C, D, H, W).

        Raises
        ------
        InputError
            The voxel lies outside the output.
        """
        return self.explain(image, target).voxel(index)

    @torch.no_grad()
    def region(self, image: Tensor, region: Tensor, target: Target = 1, tau: float = 0.1) -> Tensor:
        """`M_A`, the sum of the normalised maps of a region's voxels, (C, D, H, W).

        Voxels whose normaliser is below `tau` times their logit leave the region. A warning tells
        how many.

        Raises
        ------
        InputError
            The region is empty, is not on the output's grid, or loses all of its voxels.
        """
        explanation = self.explain(image, target)
        if region.shape != explanation.logit.shape or region.dtype != torch.bool:
            raise InputError(
                f"the region is {region.dtype} of shape {tuple(region.shape)}; it must be bool "
                f"of shape {tuple(explanation.logit.shape)}"
            )
        region = region.to(explanation.logit.device)
        relevance = explanation.region(region, tau)
        excluded = int((region & ~explanation.included(region, tau)).sum())
        if excluded:
            warnings.warn(
                f"{excluded} of {int(region.sum())} voxels left the region: normaliser below "
                f"tau={tau:g} times the logit",
                stacklevel=2,
            )
        return relevance

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Operations of the network in order of computation, with normalisation folded."""
        return self._folded(next(iter(self._graphs.values()))).operations

    def summary(self) -> str:
        """Table of the layers and their rules."""
        graph = next(iter(self._graphs.values()))
        lines = [f"{'layer':<60} {'operation':<24} rule"]
        for operation in self.operations:
            kind = operation.kind
            if operation.normalisation:
                kind += f" + {operation.normalisation.kind}"
            reads_image = self._method.input_rule and operation.inputs[0] == graph.image
            at_image = reads_image and operation.kind == "convolution"
            rule = self._method.input_rule if at_image else self._method.rule_of(operation)
            lines.append(f"{operation.path:<60} {kind:<24} {rule.name}")
        return "\n".join(lines)

    def _folded(self, graph: Graph) -> Graph:
        return with_folded_normalisation(graph, self._method.live)

    def _prepared(self, image: Tensor) -> Tensor:
        return prepared_image(image.detach().to(self._parameter), self._axes, self._sequences)

    def _windows_of(self, image: Tensor) -> Windows:
        return self._windows or Windows(tuple(image.shape[2:]))

    def _baseline_of(self, image: Tensor) -> Tensor | None:
        given = self._method.baseline
        if given is None:
            return None
        given = given(image) if callable(given) else given
        baseline = self._prepared(given)
        if baseline.shape != image.shape:
            raise InputError(
                f"the baseline has shape {tuple(baseline.shape)}, the image "
                f"{tuple(image.shape)}; give a baseline of the image's shape"
            )
        return baseline

    def _graph(self, image: Tensor) -> Graph:
        """Graph for images of this size, as an exported network may be fixed to one size."""
        size = tuple(image.shape)
        if size not in self._graphs:
            self._graphs[size] = export_graph(self._network, image)
        return self._graphs[size]
