"""The value of an activation for the image and, if there is one, for the baseline."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Pair:
    """An activation computed from the image, and the same from the baseline or None."""

    image: Tensor
    baseline: Tensor | None = None

    @property
    def change(self) -> Tensor:
        """What relevance is a part of: the activation, minus that of the baseline if any."""
        return self.image if self.baseline is None else self.image - self.baseline

    def each(self, function: Callable[[Tensor], Tensor]) -> "Pair":
        """Apply a function to the image's value and to the baseline's."""
        baseline = None if self.baseline is None else function(self.baseline)
        return Pair(function(self.image), baseline)
