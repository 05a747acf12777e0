"""Inference: a network is applied to the image of a whole patient."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from monai.inferers import sliding_window_inference
from torch.nn.functional import pad
from torch.utils.checkpoint import checkpoint

from mrelevance.lrp.engine.tiles import Box, Tiles, within
from mrelevance.lrp.ensemble import Ensemble, Member
from mrelevance.lrp.windows import Windows, middle_of
from mrelevance.runtime.errors import InputError

OF_MONAI = ("gaussian", "constant")
"""Weights of windows that MONAI has, too."""


def pad_to_divisor(image: torch.Tensor, divisor: int) -> torch.Tensor:
    """Pad (C, D, H, W) or (B, C, D, H, W) at the far end of each axis to a multiple of `divisor`.

    The last voxel of each line is repeated: this continues tissue that the border cuts, and keeps
    the statistics of instance normalisation close to those of the image. `crop_to` is the inverse.
    """
    # torch counts axes from the last: (W before, W after, H before, ...).
    amounts = [amount for size in image.shape[:-4:-1] for amount in (0, -size % divisor)]
    return pad(image, amounts, mode="replicate") if any(amounts) else image


def pad_to_size(
    image: torch.Tensor, smallest: tuple[int, int, int], mirrored: tuple[int, ...] = ()
) -> tuple[torch.Tensor, Box]:
    """Pad (B, C, D, H, W) with zeros to at least `smallest`, and say where the image then lies.

    It lies in the middle. If the difference is odd, there is one voxel more behind it than before;
    along the axes `mirrored` of an image that is flipped, one more before it.
    """
    size = list(image.shape[2:])
    padded = list(map(max, size, smallest))
    place = tuple(
        slice(length - side.stop, length - side.start) if axis in mirrored else side
        for axis, (side, length) in enumerate(zip(middle_of(padded, size), padded, strict=True))
    )
    amounts = [
        amount
        for side, length in zip(reversed(place), reversed(padded), strict=True)
        for amount in (side.start, length - side.stop)
    ]
    return (pad(image, amounts) if any(amounts) else image), place


def crop_to(padded: torch.Tensor, size: tuple[int, int, int]) -> torch.Tensor:
    """Crop (..., D, H, W) to `size` (D, H, W): the inverse of `pad_to_divisor`."""
    return padded[..., : size[0], : size[1], : size[2]]


class PaddedNetwork(torch.nn.Module):
    """A network that pads its input and crops its logits.

    Attributes
    ----------
    divisor
        Inputs are padded to multiples of it, see `pad_to_divisor`.
    smallest
        Size (D, H, W) that smaller inputs are padded to before, with zeros on both sides.
    mirrored
        Axes in space along which inputs are flipped: they are padded as if flipped afterwards.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        divisor: int,
        smallest: tuple[int, int, int] | None = None,
        mirrored: tuple[int, ...] = (),
    ):
        super().__init__()
        self.network = network
        self.divisor = divisor
        self.smallest = smallest
        self.mirrored = mirrored

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map (1, C, D, H, W) to logits (1, outputs, D, H, W)."""
        size = image.shape[2:]
        padded, place = pad_to_size(image, self.smallest or size, self.mirrored)
        enlarged = padded.shape[2:]
        logits = crop_to(self.network(pad_to_divisor(padded, self.divisor)), enlarged)
        return logits if enlarged == size else logits[:, :, *place]

    def function_for(self, size: tuple[int, int, int]) -> tuple:
        """Equal for networks that compute the same for inputs of this size (D, H, W).

        Mirroring matters only where the zeros around an input are not the same on both sides.
        """
        _, place = pad_to_size(
            torch.empty(1, 1, *size, device="meta"), self.smallest or size, self.mirrored
        )
        starts = tuple(side.start for side in place)
        return id(self.network), self.divisor, self.smallest, starts


class MirroredNetwork(torch.nn.Module):
    """A network that sees its input flipped along `axes` in space, and flips its logits back."""

    def __init__(self, network: torch.nn.Module, axes: tuple[int, ...]):
        super().__init__()
        self.network = network
        self.axes = [2 + axis for axis in axes]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map (1, C, D, H, W) to logits (1, outputs, D, H, W)."""
        return self.network(image.flip(self.axes)).flip(self.axes)


class MeanNetwork(torch.nn.Module):
    """The mean of an ensemble's members on its whole input, as one network.

    If gradients are asked for, they are computed in the memory of one member.

    Attributes
    ----------
    members
        Of the ensemble.
    networks
        Every network once.
    """

    def __init__(self, members: Sequence[Member]):
        super().__init__()
        networks = Ensemble(tuple(members)).networks
        numbers = {id(network): number for number, network in enumerate(networks)}
        self.networks = torch.nn.ModuleList(networks)
        self._parts = [(numbers[id(member.network)], member.mirrored) for member in members]

    @property
    def members(self) -> tuple[Member, ...]:
        """The members of the ensemble."""
        return tuple(Member(self.networks[number], axes) for number, axes in self._parts)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map (B, C, D, H, W) to logits (B, outputs, D, H, W)."""
        logits = sum(logits_of(member, images, len(self._parts)) for member in self.members)
        return logits / len(self._parts)


def logits_of(member: Member, images: torch.Tensor, count: int) -> torch.Tensor:
    """Logits (B, outputs, D, H, W) of one of `count` members; with several, in less memory."""
    network = member.network
    if member.mirrored:
        network = MirroredNetwork(network, member.mirrored)
    if count > 1 and images.requires_grad:
        return checkpoint(network, images, use_reentrant=False)
    return network(images)


class TiledNetwork(torch.nn.Module):
    """A network that computes the logits of its whole input tile by tile."""

    def __init__(self, network: torch.nn.Module, tiles: Tiles):
        super().__init__()
        self.network = network
        self.tiles = tiles

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map (1, C, D, H, W) to logits (1, outputs, D, H, W)."""
        logits = None
        for box, piece in self.tiles.of(tuple(slice(0, length) for length in image.shape[2:])):
            of_box = self.network(image[:, :, *box])
            if logits is None:
                logits = of_box.new_empty(*of_box.shape[:2], *image.shape[2:])
            logits[:, :, *piece] = of_box[:, :, *within(piece, box)]
        return logits


def check_multiple(size: tuple[int, int, int], divisor: int, key: str) -> None:
    """Check that a size is a multiple of `divisor`; `key` is its name in the configuration.

    Raises
    ------
    InputError
        It is not, along some axis.
    """
    if any(length < 1 or length % divisor for length in size):
        raise InputError(
            f"{key}: {list(size)} voxels are not multiples of network.divisor = {divisor}; "
            "change the size, or the divisor if the product of the network's strides is smaller"
        )


def predict_logits(ensemble: Ensemble, image: torch.Tensor) -> torch.Tensor:
    """Compute the logits (outputs, D, H, W), float32, of one patient's image (C, D, H, W).

    They are the mean over the members of an ensemble. Each takes one forward pass if a window
    covers the image; otherwise the logits of its windows are blended. Windows are computed tile by
    tile where they have tiles. If there are several members, gradients are computed in the memory
    of one window.
    """
    total = None
    for member in ensemble.members:
        logits = _member_logits(member, ensemble, image).float()
        total = logits if total is None else total + logits
    count = len(ensemble.members)
    return total if count == 1 else total / count


def _member_logits(member: Member, ensemble: Ensemble, image: torch.Tensor) -> torch.Tensor:
    network, windows = member.network, ensemble.windows_of(image[None])
    if windows.tiles is not None:
        network = TiledNetwork(network, windows.tiles)
    of_window = partial(logits_of, replace(member, network=network), count=len(ensemble.members))
    size = image.shape[1:]
    covering = tuple(map(min, windows.size, size)) == tuple(size)
    return of_window(image[None])[0] if covering else _blended(of_window, image, windows)


def _blended(network: Callable, image: torch.Tensor, windows: Windows) -> torch.Tensor:
    if windows.placement == "regular" and windows.smallest is None and windows.weights in OF_MONAI:
        size = list(map(min, windows.size, image.shape[1:]))
        mode = windows.weights
        return sliding_window_inference(
            image[None], size, 1, network, overlap=windows.overlap, mode=mode
        )[0]
    grid = image.shape[1:]
    weights = windows.window_weights(grid, image)
    logits, total = None, image.new_zeros(grid)
    for box in replace(windows, tiles=None).boxes(grid):
        of_window = network(image[None, :, *box])[0].float()
        if logits is None:
            logits = of_window.new_zeros(len(of_window), *grid)
        logits[:, *box] += weights * of_window
        total[box] += weights
    return logits / total
