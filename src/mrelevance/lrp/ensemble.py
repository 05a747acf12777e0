"""Several networks, or one network on mirrored windows, whose logits are averaged."""

from dataclasses import dataclass

from torch import Tensor, nn

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
        axes = self.mirrored
        if not set(axes) <= {0, 1, 2} or len(set(axes)) < len(axes):
            raise InputError(f"mirrored axes {list(axes)}: give each of 0, 1 and 2 at most once")


@dataclass(frozen=True)
class Ensemble:
    """Members whose logits are averaged in every window; the windows are blended.

    Attributes
    ----------
    members
        All count alike.
    windows
        None: the whole image.

    Raises
    ------
    InputError
        There is no member.
    """

    members: tuple[Member, ...]
    windows: Windows | None = None

    def __post_init__(self) -> None:
        """Check that there are members."""
        if not self.members:
            raise InputError("the ensemble has no members; give at least one network")

    @property
    def networks(self) -> list[nn.Module]:
        """Every network once, however many members have it."""
        return list({id(member.network): member.network for member in self.members}.values())

    def windows_of(self, image: Tensor) -> Windows:
        """Windows for an image (1, C, D, H, W)."""
        return self.windows or Windows(tuple(image.shape[2:]))


def as_ensemble(given: object, windows: Windows | None) -> Ensemble:
    """The ensemble that is given, has been given as an attribute, or consists of one network.

    Raises
    ------
    InputError
        It is none of these, or windows are given twice.
    """
    if isinstance(given, nn.Module):
        return Ensemble((Member(given),), windows)
    ensemble = given if isinstance(given, Ensemble) else getattr(given, "ensemble", None)
    if not isinstance(ensemble, Ensemble):
        raise InputError(
            f"the network is a {type(given).__name__}; give a torch.nn.Module, an Ensemble, or a "
            "predictor"
        )
    if windows is not None:
        raise InputError("an ensemble has windows of its own; leave out windows=")
    return ensemble
