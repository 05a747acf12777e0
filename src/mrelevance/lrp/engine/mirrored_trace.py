"""The trace of a mirrored window, presented as that of the window itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from mrelevance.lrp.engine.pair import Pair
from mrelevance.lrp.engine.shapley_trace import ShapleyTrace
from mrelevance.lrp.engine.trace import Trace


@dataclass(frozen=True)
class MirroredTrace:
    """Flips what goes into the trace of a flipped window, and what comes out of it.

    Flipping moves values and changes none, so all passes stay exact.

    Attributes
    ----------
    trace
        Of the flipped window.
    axes
        That are flipped, of tensors (1, C, D, H, W).
    """

    trace: Trace | ShapleyTrace
    axes: tuple[int, ...]

    @property
    def with_baseline(self) -> bool:
        """See `Trace.with_baseline`."""
        return self.trace.with_baseline

    @property
    def baseline_contrast(self) -> float | None:
        """See `Trace.baseline_contrast`."""
        return self.trace.baseline_contrast

    @property
    def outputs(self) -> Pair:
        """The explained output of the window, and that of the baseline."""
        return self.trace.outputs.each(self._flipped)

    @property
    def output(self) -> Tensor:
        """The explained output of the window."""
        return self._flipped(self.trace.output)

    @property
    def output_change(self) -> Tensor:
        """See `Trace.output_change`."""
        return self._flipped(self.trace.output_change)

    def sequence_parts(self) -> Tensor:
        """Part of the output that stems from each sequence."""
        return self._flipped(self.trace.sequence_parts())

    def forward_mode(self, weightings: list[Tensor]) -> list[Tensor]:
        """See `Trace.forward_mode`."""
        passed = self.trace.forward_mode([self._flipped(weights) for weights in weightings])
        return [self._flipped(q) for q in passed]

    def reverse_mode(self, multiplier: Tensor) -> Tensor:
        """See `Trace.reverse_mode`."""
        return self._flipped(self.trace.reverse_mode(self._flipped(multiplier)))

    def chains_for(self, multiplier: Tensor) -> Iterator[tuple[Trace, Tensor]]:
        """The chains of the flipped window, each with the multiplier of its output."""
        return self.trace.chains_for(self._flipped(multiplier))

    def _flipped(self, values: Tensor) -> Tensor:
        return values.flip(self.axes)
