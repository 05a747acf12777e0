"""A sum of explanations that reads like one, with the activations of one at a time in memory."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mrelevance.lrp.tiles import Box
from mrelevance.lrp.trace import Trace
from mrelevance.runtime.errors import InputError


@dataclass(frozen=True)
class Part:
    """A window of the image, and what it contributes to the explained output.

    `blend` (D, H, W) is the window's share in the logits of its voxels; `sequence` is the one that
    the baseline replaces, None for all or where there is no baseline; `segment` is the stretch of
    the straight path to the baseline that is explained, 0 the one that begins at the image.
    """

    box: Box
    blend: Tensor
    sequence: int | None = None
    segment: int = 0


@dataclass(frozen=True)
class SummedTrace:
    """Parts that answer together like the `Trace` of one network.

    Blending is one more linear layer, in which each window hands on the relevance of the logits
    that it contributed, so both passes of the sum are the sums of the parts' passes. Each pass
    traces the parts anew, one by one: memory is that of the largest, whatever their number.

    Attributes
    ----------
    size
        Of the image, (C, D, H, W).
    parts
        What is summed.
    trace_of
        Traces the window of a part.
    progress
        Wraps the list of parts, for a progress bar.
    output, output_change, with_baseline
        As in `Trace`; (1, 1, D, H, W).
    """

    size: torch.Size
    parts: list[Part]
    trace_of: Callable[[Part], Trace]
    progress: Callable
    output: Tensor
    output_change: Tensor
    with_baseline: bool

    def tangents(self, weightings: list[Tensor]) -> list[Tensor]:
        """Adjoint pass of several weightings of the image, see `Trace.tangents`."""
        sums = [torch.zeros_like(self.output) for _ in weightings]
        for part in self.progress(self.parts):
            trace = self.trace_of(part)
            # A weighting that is constant in space has no box to cut.
            cut = [v[:, :, *part.box] if v.shape[2:] == self.size[1:] else v for v in weightings]
            for total, q in zip(sums, trace.tangents(cut), strict=True):
                total[:, :, *part.box] += part.blend * q
        return sums

    def adjoint(self, multiplier: Tensor) -> Tensor:
        """Relevance pass, see `Trace.adjoint`; parts that the multiplier spares are left out."""
        relevance = multiplier.new_zeros(1, *self.size)
        touched = [part for part in self.parts if multiplier[:, :, *part.box].any()]
        for part in self.progress(touched):
            m = part.blend * multiplier[:, :, *part.box]
            relevance[:, :, *part.box] += self.trace_of(part).adjoint(m)
        return relevance


def sum_traces(
    image: Tensor, parts: list[Part], trace_of: Callable[[Part], Trace], progress: Callable = iter
) -> SummedTrace:
    """Trace every part of an image (1, C, D, H, W) once, for the output of their sum.

    Raises
    ------
    InputError
        The network's logits are not on the grid of what it was given.
    """
    output = image.new_zeros(1, 1, *image.shape[2:])
    change = torch.zeros_like(output)
    for part in progress(parts):
        trace = trace_of(part)
        if trace.output.shape[2:] != part.blend.shape:
            raise InputError(
                f"a window of {tuple(part.blend.shape)} voxels gives logits of "
                f"{tuple(trace.output.shape[2:])}; blending needs logits on the window's grid"
            )
        change[:, :, *part.box] += part.blend * trace.output_change
        if not part.sequence and not part.segment:  # each window's logits once
            output[:, :, *part.box] += part.blend * trace.output
    return SummedTrace(
        image.shape[1:], parts, trace_of, progress, output, change, trace.with_baseline
    )
