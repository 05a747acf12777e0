"""Applying a network to a whole patient."""

import torch
from monai.inferers import sliding_window_inference
from torch.nn.functional import pad

from mrelevance.lrp.engine.tiles import Tiles, within
from mrelevance.runtime.errors import InputError


def pad_to_divisor(image: torch.Tensor, divisor: int) -> torch.Tensor:
    """Pad (C, D, H, W) or (B, C, D, H, W) at the far end of each axis to a multiple of `divisor`.

    The last voxel of each line is repeated: tissue cut by the image's border goes on, and the
    statistics of instance normalisation stay close to those of the image. `crop_to` undoes it.
    """
    # torch counts axes from the last: (W before, W after, H before, ...).
    amounts = [amount for size in image.shape[:-4:-1] for amount in (0, -size % divisor)]
    return pad(image, amounts, mode="replicate") if any(amounts) else image


def crop_to(padded: torch.Tensor, size: tuple[int, int, int]) -> torch.Tensor:
    """Cut (..., D, H, W) back to `size` (D, H, W): the inverse of `pad_to_divisor`."""
    return padded[..., : size[0], : size[1], : size[2]]


class PaddedNetwork(torch.nn.Module):
    """A network that pads what it is given to multiples of `divisor`, and crops its logits."""

    def __init__(self, network: torch.nn.Module, divisor: int):
        super().__init__()
        self.network = network
        self.divisor = divisor

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map (1, C, D, H, W) to logits (1, 2, D, H, W)."""
        return crop_to(self.network(pad_to_divisor(image, self.divisor)), image.shape[2:])


class TiledNetwork(torch.nn.Module):
    """A network that computes what it is given in tiles, with the logits of the whole."""

    def __init__(self, network: torch.nn.Module, tiles: Tiles):
        super().__init__()
        self.network = network
        self.tiles = tiles

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map (1, C, D, H, W) to logits (1, 2, D, H, W)."""
        logits = None
        for box, piece in self.tiles.of(tuple(slice(0, length) for length in image.shape[2:])):
            of_box = self.network(image[:, :, *box])
            if logits is None:
                logits = of_box.new_empty(*of_box.shape[:2], *image.shape[2:])
            logits[:, :, *piece] = of_box[:, :, *within(piece, box)]
        return logits


def check_multiple(size: tuple[int, int, int], divisor: int, key: str) -> None:
    """Check that the size that the configuration gives under `key` fits the network.

    Raises
    ------
    InputError
        An axis is not a multiple of `divisor`.
    """
    if any(length < 1 or length % divisor for length in size):
        raise InputError(
            f"{key}: {list(size)} voxels are not multiples of network.divisor = {divisor}; "
            "change the size, or the divisor if the network halves the image less often"
        )


def predict_logits(
    network: torch.nn.Module,
    image: torch.Tensor,
    window: tuple[int, int, int],
    overlap: float,
    divisor: int,
    tiles: Tiles | None = None,
) -> torch.Tensor:
    """Logits (2, D, H, W), float32, of one patient's image (C, D, H, W).

    A `window` (x, y, z) that covers the image means one forward pass. Otherwise windows that
    overlap by the share `overlap` are blended with Gaussian weights; along an axis shorter than
    the window, the window is as long as the image. What the network is given is padded to
    multiples of `divisor`, see `PaddedNetwork`. With `tiles` windows are computed in pieces, for
    want of memory. The network is applied as it is: in evaluation mode if its caller put it there.

    Raises
    ------
    InputError
        The window is not a multiple of `divisor`.
    """
    check_multiple(window, divisor, "inference.window")
    predictor = PaddedNetwork(network, divisor)
    if tiles is not None:
        predictor = TiledNetwork(predictor, tiles)
    size = image.shape[1:]
    region = [min(length, extent) for length, extent in zip(window[::-1], size, strict=True)]
    if region == list(size):
        logits = predictor(image[None])
    else:
        logits = sliding_window_inference(
            image[None], region, 1, predictor, overlap=overlap, mode="gaussian"
        )
    return logits[0].float()
