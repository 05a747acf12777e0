"""Which output of the network is explained."""

from dataclasses import dataclass

import torch

from mrelevance.networks.margin import region_margin, region_sides
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.segmentation import Region

MARGIN = "margin"


@dataclass(frozen=True)
class Target:
    """The explained output of a region.

    Attributes
    ----------
    name
        As in the configuration and in tables: `margin`, the winner's logit inside minus the
        winner's outside, or `tumour`, the logit of the region's only class.
    inside, outside
        Numbers of the classes, see `Region`. None are outside where the region is an output of its
        own, whose sign decides: then the margin is its logit.

    Raises
    ------
    InputError
        The region is not one output, and no class is outside.
    """

    name: str
    inside: tuple[int, ...] = (1,)
    outside: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        """Check that there is something to compare, or a sign that decides."""
        if not self.outside and len(self.inside) != 1:
            raise InputError(
                f"the outputs {list(self.inside)} make no region together, as each is decided by "
                "its own sign; explain one of them"
            )

    @classmethod
    def of_region(cls, name: str, region: Region) -> "Target":
        """Target of this name for a region."""
        return cls(name, region.inside, region.outside)

    @property
    def classes(self) -> int | tuple:
        """The target for `mrelevance.lrp`: a class, a pair, or a pair of tuples of classes."""
        if self.name != MARGIN or not self.outside:
            return self.inside[0]
        if len(self.inside) == len(self.outside) == 1:
            return self.inside[0], self.outside[0]
        return self.inside, self.outside

    def sides(self, logits: torch.Tensor) -> torch.Tensor:
        """Winners outside and inside, (2, ...), of logits (classes, ...)."""
        return region_sides(logits, self.inside, self.outside)

    def of_logits(self, logits: torch.Tensor) -> torch.Tensor:
        """Explained output (...) of logits (classes, ...)."""
        if self.name != MARGIN:
            return logits[self.inside[0]]
        return region_margin(logits, self.inside, self.outside)

    def of_sides(self, sides: torch.Tensor) -> torch.Tensor:
        """Explained output (...) of `sides` (2, ...), or of what is linear in them."""
        outside, inside = sides
        return inside if self.name != MARGIN else inside - outside
