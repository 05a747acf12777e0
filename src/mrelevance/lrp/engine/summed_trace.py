"""A sum of traces, with the activations of one at a time in memory."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mrelevance.lrp.engine.shapley_trace import ShapleyTrace
from mrelevance.lrp.engine.tiles import Box
from mrelevance.lrp.engine.trace import Trace, one_per_sequence
from mrelevance.runtime.errors import InputError


@dataclass(frozen=True)
class Part:
    """One addend of the explained output: a window of the image, and what is explained there.

    Attributes
    ----------
    box
        Of the window, in the image.
    blend
        Weight (D, H, W) of the window in the blended logits of its voxels.
    change
        Number of the change that is explained.
    weight
        Of that change.
    """

    box: Box
    blend: Tensor
    change: int = 0
    weight: float = 1.0


@dataclass(frozen=True)
class SummedTrace:
    """Presents several parts as one `Trace`.

    Blending is one more linear layer, so each pass of the sum is the sum of the parts' passes.
    Each pass traces the parts again, one at a time: the memory is that of the largest part.

    Attributes
    ----------
    size
        Of the image, (C, D, H, W).
    parts
        The addends.
    trace_of
        Traces the window of a part.
    progress
        Wraps the list of parts, for a progress bar.
    output, output_change, with_baseline, baseline_contrast
        As in `Trace`; (1, 1, D, H, W).
    known_parts
        For each change, the part of `y` that stems from each sequence, (C, 1, D, H, W), where the
        first pass gives it; otherwise none.
    """

    size: torch.Size
    parts: list[Part]
    trace_of: Callable[[Part], Trace | ShapleyTrace]
    progress: Callable
    output: Tensor
    output_change: Tensor
    with_baseline: bool
    baseline_contrast: float | None
    known_parts: list[Tensor]

    def sequence_parts(self) -> Tensor:
        """Part of `y` that stems from each sequence, (C, 1, D, H, W)."""
        if self.known_parts:
            return torch.stack(self.known_parts).mean(0)
        like = self.output.new_zeros(1, *self.size)
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
        sums = [torch.zeros_like(self.output) for _ in weightings]
        for part in self.progress(self.parts):
            trace = self.trace_of(part)
            # A weighting that is constant in space is the same in every box.
            cut = [v[:, :, *part.box] if v.shape[2:] == self.size[1:] else v for v in weightings]
            for total, q in zip(sums, trace.forward_mode(cut), strict=True):
                total[:, :, *part.box] += part.weight * part.blend * q
        return sums

    def reverse_mode(self, multiplier: Tensor) -> Tensor:
        """Reverse mode, see `Trace.reverse_mode`; parts with a multiplier of zero are skipped."""
        relevance = multiplier.new_zeros(1, *self.size)
        touched = [part for part in self.parts if multiplier[:, :, *part.box].any()]
        for part in self.progress(touched):
            m = part.weight * part.blend * multiplier[:, :, *part.box]
            relevance[:, :, *part.box] += self.trace_of(part).reverse_mode(m)
        return relevance


def sum_traces(
    image: Tensor,
    parts: list[Part],
    trace_of: Callable[[Part], Trace | ShapleyTrace],
    progress: Callable = iter,
) -> SummedTrace:
    """Trace every part of an image (1, C, D, H, W) once to compute the output of their sum.

    Raises
    ------
    InputError
        The logits of a window are not on the grid of the window.
    """
    output = image.new_zeros(1, 1, *image.shape[2:])
    change = torch.zeros_like(output)
    known: dict[int, Tensor] = {}
    contrasts = []
    for part in progress(parts):
        trace = trace_of(part)
        if trace.output.shape[2:] != part.blend.shape:
            raise InputError(
                f"a window of {tuple(part.blend.shape)} voxels gives logits of "
                f"{tuple(trace.output.shape[2:])} voxels; blending needs the same grid for both"
            )
        contrasts.append(trace.baseline_contrast)
        change[:, :, *part.box] += part.weight * part.blend * trace.output_change
        if part.change == 0:  # each window's logits once
            output[:, :, *part.box] += part.blend * trace.output
        if isinstance(trace, ShapleyTrace):
            empty = output.new_zeros(image.shape[1], *output.shape[1:])
            total = known.setdefault(part.change, empty)
            total[:, :, *part.box] += part.blend * trace.sequence_parts()
    contrast = min((one for one in contrasts if one is not None), default=None)
    return SummedTrace(
        image.shape[1:], parts, trace_of, progress, output, change, trace.with_baseline,
        contrast, list(known.values()),
    )  # fmt: skip
