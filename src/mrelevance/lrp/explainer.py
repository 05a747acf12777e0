"""The interface: explain any segmentation network."""

import copy
import warnings
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from mrelevance.lrp.composites import Composite
from mrelevance.lrp.engine.decision import decide
from mrelevance.lrp.engine.folding import with_folded_normalisation
from mrelevance.lrp.engine.graph import Graph, Operation, Target, has_winners
from mrelevance.lrp.engine.images import (
    checked_region,
    checked_tensor,
    checked_weights,
    of_same_shape,
    prepared_image,
    shared_type_and_device,
    spatial_axes,
)
from mrelevance.lrp.engine.mirrored_trace import MirroredTrace
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.engine.passing import warn_of_probabilities
from mrelevance.lrp.engine.summed_trace import Part, Sum, SummedTrace, WindowTrace, sum_traces
from mrelevance.lrp.ensemble import Ensemble, as_ensemble
from mrelevance.lrp.explanation import Explanation
from mrelevance.lrp.graphs import Graphs
from mrelevance.lrp.method import Baseline, chosen_method
from mrelevance.lrp.precision import relative_difference, warn_of_rounding
from mrelevance.lrp.rules import InputRule
from mrelevance.lrp.summary import summary_of
from mrelevance.lrp.tracing import trace_window
from mrelevance.lrp.windows import Windows

LOW_CONTRAST = 0.1
"""Below this contrast of the baseline on a normalising network, a warning tells."""


class Explainer:
    """Layer-wise relevance propagation for a network or ensemble, exact for regions of any size.

    Parameters
    ----------
    network
        A network in evaluation mode that turns one image (1, C, D, H, W) into logits of it, or
        (1, C, H, W) for networks in 2D. All other shapes then lack D as well. Or an `Ensemble`, or
        an object that has one as its attribute `ensemble`, such as a predictor: the mean of its
        members' blended logits is explained.
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
        Explain the blended logits of these windows; None: those of the whole image. An ensemble
        has its own.
    dtype
        Compute in this type; None: in that of the network's weights, or float32 where they are of
        half precision.
    progress
        Wraps the list of windows of all members in each pass over them, such as `tqdm`.
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
        network: nn.Module | Ensemble | object,
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
        example_input = checked_tensor(example_input, "example image")
        self._ensemble = as_ensemble(network, windows)
        own_type, device = shared_type_and_device(self._ensemble.networks, example_input)
        if dtype is None:
            dtype = torch.promote_types(own_type, torch.float32)
        self._like = torch.empty(0, dtype=dtype, device=device)
        self._graphs = Graphs(dtype)
        self._axes = spatial_axes(self._ensemble.networks[0], example_input)
        self._sequences = example_input.shape[-self._axes - 1]
        self._progress = progress
        self._method = chosen_method(
            composite, self._sequences, input_rule, baseline, statistics, parameters
        )
        example = self._prepared(example_input)
        first = self._ensemble.windows_of(example).boxes(example.shape[2:])[0]
        for member in self._ensemble.networks:
            self._graphs.of(member, example[:, :, *first])
        for graph in self._graphs.all:
            warn_of_probabilities(graph)

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
        parts = self._parts(image)
        windows = len({(part.member, part.window) for part in parts})
        # Winners are those of the blended logits; until then, all classes are needed.
        decides_last = windows > 1 and has_winners(target)

        def trace_of(part: Part) -> WindowTrace:
            member = self._ensemble.members[part.member]
            change = method.plan.changes[part.change]
            window = change.of(pair.each(lambda side: side[:, :, *part.box]))
            axes = tuple(2 + axis for axis in member.mirrored)
            if axes:
                window = window.each(lambda side: side.flip(axes))
            graph = self._graphs.of(member.network, window.image)
            graph = self._folded(graph if decides_last else graph.with_target(target))
            trace = trace_window(graph, window, method, change.draw, keep_values)
            return MirroredTrace(trace, axes) if axes else trace

        trace: WindowTrace | SummedTrace
        with torch.no_grad():
            if len(parts) == 1:
                trace = trace_of(parts[0])
            else:
                blends = self._ensemble.windows_of(image).blending(image.shape[2:], image)
                addends = Sum(
                    image.shape[1:], parts, blends, trace_of, self._progress, method.plan.shapley
                )
                deciding = partial(decide, target=target, rule_of=method.rule_of)
                trace = sum_traces(image, addends, deciding if decides_last else None)
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
        weights = checked_weights(weights, explanation.image)
        return explanation.input_weighted(weights.to(self._like))

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
        region = checked_region(region, explanation.logit)
        relevance = explanation.region(region, tau)
        excluded = int((region & ~explanation.included(region, tau)).sum())
        if excluded:
            warnings.warn(
                f"{excluded} of {int(region.sum())} voxels left the region: normaliser below "
                f"tau={tau:g} times the logit",
                stacklevel=2,
            )
        if self._method.sensitive and relevance.dtype != torch.float64:
            warn_of_rounding(self.rounding_error(image, relevance, region, target, tau))
        return relevance

    @torch.no_grad()
    def rounding_error(
        self, image: Tensor, relevance: Tensor, region: Tensor, target: Target = 1, tau: float = 0.1
    ) -> float:
        """What rounding did to the map of a region: its relative difference from float64.

        Conservation cannot show it, and neither can comparing forward with reverse mode, because
        both use the same rounded gains: only the whole computation in double precision can.
        """
        double = copy.copy(self)
        double._like, double._graphs = self._like.double(), Graphs(torch.float64)
        return relative_difference(relevance, double.explain(image, target).region(region, tau))

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Operations of the network in order of computation, with normalisation folded.

        Of an ensemble, those of the first network.
        """
        return self._folded(self._graphs.first).operations

    def summary(self) -> str:
        """Table of the layers and their rules; with a baseline, of what stands for a rule."""
        return summary_of(self.operations, self._graphs.first.image, self._method)

    def _parts(self, image: Tensor) -> list[Part]:
        """All that is summed: every change in every window of every member."""
        count = len(self._ensemble.members)
        boxes = self._ensemble.windows_of(image).boxes(image.shape[2:])
        return [
            Part(box, window, member, number, 1 / count, change.weight)
            for member in range(count)
            for window, box in enumerate(boxes)
            for number, change in enumerate(self._method.plan.changes)
        ]

    def _folded(self, graph: Graph) -> Graph:
        return with_folded_normalisation(graph, self._method.live)

    def _prepared(self, image: Tensor, what: str = "image") -> Tensor:
        image = checked_tensor(image, what).detach().to(self._like)
        return prepared_image(image, self._axes, self._sequences)

    def _baseline_of(self, image: Tensor) -> Tensor | None:
        given = self._method.baseline
        if given is None:
            return None
        given = given(image) if callable(given) else given
        return of_same_shape(self._prepared(given, "baseline"), image)
