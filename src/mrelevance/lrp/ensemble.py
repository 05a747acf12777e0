"""Several networks, or one network on mirrored windows, whose logits are averaged."""

from dataclasses import dataclass

from torch import nn

from mrelevance.lrp.windows import Windows
from mrelevance.runtime.errors import InputError


@dataclass(frozen=True)
class Member:
    """A network of an ensemble, with the axes along which it sees every window mirrored.

    Attributes
    ----------
    network
        Turns a window (1, C, D, H, W) into logits of it; in evaluation mode.
    mirrored
        Axes in space, 0 for D. The network sees the window flipped along them, and its logits are
        flipped back.

    Raises
    ------
    InputError
        An axis is named twice, or does not exist.
    """

    network: nn.Module
    mirrored: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check the axes."""
        if not set(self.mirrored) <= {0, 1, 2} or len(set(self.mirrored)) < len(self.mirrored):
            raise InputError(
                f"mirrored axes {list(self.mirrored)}: give each of the axes 0, 1 and 2 at most once"
            )


@dataclass(frozen=True)
class Ensemble:
    """Members whose logits are averaged in every window; the windows are blended.

    Raises
    ------
    InputError
        There is no member.
    """

    members: tuple[Member, ...]
    windows: Windows

    def __post_init__(self) -> None:
        """Check that there are members."""
        if not self.members:
            raise InputError("the ensemble has no members; give at least one network")
