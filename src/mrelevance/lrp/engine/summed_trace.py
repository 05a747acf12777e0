"""A sum of traces, with the activations of one at a time in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from mrelevance.lrp.engine.decision import Decision
from mrelevance.lrp.engine.mirrored_trace import MirroredTrace
from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.engine.shapley_trace import ShapleyTrace
from mrelevance.lrp.engine.tiles import Box
from mrelevance.lrp.engine.trace import Trace, one_per_sequence
from mrelevance.lrp.windows import Blending
from mrelevance.runtime.errors import InputError

WindowTrace = Trace | ShapleyTrace | MirroredTrace


@dataclass(frozen=True)
class Part:
    """One addend of the explained output: a window, a member, and what is explained there.

    Attributes
    ----------
    box
        Of the window, in the image.
    window, member, change
        Numbers of the window, of the member of the ensemble, and of the change that is explained.
    share
        Weight of the member in the mean.
    weight
        Of the change.
    """

    box: Box
    window: int = 0
    member: int = 0
    change: int = 0
    share: float = 1.0
    weight: float = 1.0


@dataclass(frozen=True)
class Sum:
    """What is summed, and how.

    Attributes
    ----------
    size
        Of the image, (C, D, H, W).
    parts
        The addends.
    blends
        Weight (D, H, W) of each window in the blended logits of its voxels.
    trace_of
        Traces the window of a part.
    progress
        Wraps the list of parts, for a progress bar.
    shapley
        Whether the parts are traced with the Shapley values of activations.
    """

    size: torch.Size
    parts: list[Part]
    blends: Blending
    trace_of: Callable[[Part], WindowTrace]
    progress: Callable
    shapley: bool

    def traced(self) -> Iterator[tuple[Part, WindowTrace]]:
        """Every part with its trace."""
        for part in self.progress(self.parts):
            yield part, self.trace_of(part)


@dataclass(frozen=True)
class SummedTrace:
    """Presents several parts as one `Trace`.

    Blending windows and averaging members are linear layers, so each pass of the sum is the sum of
    the parts' passes. Each pass traces the parts again, one at a time: the memory is that of the
    largest part.

    Attributes
    ----------
    sum
        The parts.
    output, output_change, with_baseline, baseline_contrast
        As in `Trace`; (1, 1, D, H, W).
    known_parts
        For each change, the part of `y` that stems from each sequence, (C, 1, D, H, W), where
        every part tells in its first pass; otherwise none.
    decisions
        For each change, the winners among the blended logits; none where parts have one output.
    """

    sum: Sum
    output: Tensor
    output_change: Tensor
    with_baseline: bool
    baseline_contrast: float | None
    known_parts: list[Tensor]
    decisions: list[Decision]

    def sequence_parts(self) -> Tensor:
        """Part of `y` that stems from each sequence, (C, 1, D, H, W)."""
        if self.known_parts:
            return torch.stack(self.known_parts).mean(0)
        like = self.output.new_zeros(1, *self.sum.size)
        return torch.cat(self.forward_mode(one_per_sequence(like)))

    @property
    def standard_error(self) -> Tensor | None:
        """Of the sequence parts, (C, D, H, W), from two samples; None where nothing is sampled."""
        if len(self.known_parts) != 2:
            return None
        first, second = self.known_parts
        return (first - second).abs()[:, 0] / 2

    def forward_mode(self, weightings: list[Tensor]) -> list[Tensor]:
        """Forward mode of several weightings of the image, see `Trace.forward_mode`."""
        size = self.sum.size
        sums = [torch.zeros_like(self.output) for _ in weightings]
        for part, trace in self.sum.traced():
            # A weighting that is constant in space is the same in every box.
            cut = [v[:, :, *part.box] if v.shape[2:] == size[1:] else v for v in weightings]
            factor = part.share * part.weight * self.sum.blends[part.window]
            for total, q in zip(sums, trace.forward_mode(cut), strict=True):
                total[:, :, *part.box] += factor * decided(q, part, self.decisions)
        return sums

    def reverse_mode(self, multiplier: Tensor) -> Tensor:
        """Reverse mode, see `Trace.reverse_mode`; parts with a multiplier of zero are skipped."""
        relevance = multiplier.new_zeros(1, *self.sum.size)
        touched = self._touched(multiplier)
        for part in self.sum.progress(touched):
            m = self._multiplier_of(part, multiplier)
            relevance[:, :, *part.box] += self.sum.trace_of(part).reverse_mode(m)
        return relevance

    def chains_for(self, multiplier: Tensor) -> Iterator[tuple[Trace, Tensor]]:
        """The chains of all parts, one after the other, each with the multiplier of its output."""
        for part in self._touched(multiplier):
            m = self._multiplier_of(part, multiplier)
            yield from self.sum.trace_of(part).chains_for(m)

    def _touched(self, multiplier: Tensor) -> list[Part]:
        return [part for part in self.sum.parts if multiplier[:, :, *part.box].any()]

    def _multiplier_of(self, part: Part, multiplier: Tensor) -> Tensor:
        """Multiplier (1, outputs, D, H, W) of the logits of a part."""
        blend = self.sum.blends[part.window]
        m = part.share * part.weight * blend * multiplier[:, :, *part.box]
        if self.decisions:
            m = m * self.decisions[part.change].slopes[:, :, *part.box]
        return m


def decided(parts: Tensor, part: Part, decisions: list[Decision]) -> Tensor:
    """Parts (N, 1, D, H, W) of the target, of those of the logits (N, classes, D, H, W)."""
    if not decisions:
        return parts
    return (parts * decisions[part.change].slopes[:, :, *part.box]).sum(1, keepdim=True)


def sum_traces(
    image: Tensor, addends: Sum, decide: Callable[[Pair], Decision] | None = None
) -> SummedTrace:
    """Trace every part of an image (1, C, D, H, W) once to compute the output of their sum.

    With `decide`, the traces of parts have the logits of all classes, and it makes the target of
    the blended logits.

    Raises
    ------
    InputError
        The logits of a window are not on the grid of the window.
    """
    if decide is not None:
        return _sum_before_decision(image, addends, decide)
    output = image.new_zeros(1, 1, *image.shape[2:])
    change = torch.zeros_like(output)
    known: dict[int, Tensor] = {}
    contrasts = []
    for part, trace in addends.traced():
        blend = addends.blends[part.window]
        _check_grid(trace, blend)
        contrasts.append(trace.baseline_contrast)
        change[:, :, *part.box] += part.share * part.weight * blend * trace.output_change
        if part.change == 0:  # each window's logits once
            output[:, :, *part.box] += part.share * blend * trace.output
        if addends.shapley:
            _add_known(known, part, trace, addends, [])
    return SummedTrace(
        addends, output, change, trace.with_baseline, _smallest(contrasts),
        list(known.values()), [],
    )  # fmt: skip


def _sum_before_decision(
    image: Tensor, addends: Sum, decide: Callable[[Pair], Decision]
) -> SummedTrace:
    """Blend the logits of all classes, then decide; see `sum_traces`."""
    blended: dict[int, Pair] = {}
    weights, contrasts = {}, []
    for part, trace in addends.traced():
        factor = part.share * addends.blends[part.window]
        _check_grid(trace, factor)
        contrasts.append(trace.baseline_contrast)
        weights[part.change] = part.weight
        outputs = trace.outputs
        if part.change not in blended:
            empty = image.new_zeros(1, outputs.image.shape[1], *image.shape[2:])
            blended[part.change] = outputs.each(lambda _, empty=empty: empty.clone())
        total = blended[part.change]
        total.image[:, :, *part.box] += factor * outputs.image
        if total.baseline is not None:
            total.baseline[:, :, *part.box] += factor * outputs.baseline
    decisions = [decide(blended.pop(change)) for change in sorted(blended)]
    change = sum(weights[n] * decision.outputs.change for n, decision in enumerate(decisions))
    known: dict[int, Tensor] = {}
    if addends.shapley:
        for part, trace in addends.traced():
            _add_known(known, part, trace, addends, decisions)
    return SummedTrace(
        addends, decisions[0].outputs.image, change, trace.with_baseline, _smallest(contrasts),
        list(known.values()), decisions,
    )  # fmt: skip


def _add_known(
    known: dict[int, Tensor], part: Part, trace: WindowTrace, addends: Sum,
    decisions: list[Decision],
) -> None:  # fmt: skip
    """Add the parts of the sequences in one window to those of the whole image."""
    parts = decided(trace.sequence_parts(), part, decisions)
    if part.change not in known:
        known[part.change] = parts.new_zeros(len(parts), 1, *addends.size[1:])
    blend = addends.blends[part.window]
    known[part.change][:, :, *part.box] += part.share * blend * parts


def _check_grid(trace: WindowTrace, blend: Tensor) -> None:
    if trace.output.shape[2:] != blend.shape:
        raise InputError(
            f"a window of {tuple(blend.shape)} voxels gives logits of "
            f"{tuple(trace.output.shape[2:])} voxels; blending needs the same grid for both"
        )


def _smallest(contrasts: list[float | None]) -> float | None:
    return min((one for one in contrasts if one is not None), default=None)
