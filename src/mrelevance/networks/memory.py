"""Applying networks on a GPU with little memory, with the same result."""

import logging
from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import TypeVar

import torch
from torch import nn

from mrelevance.lrp.engine.tiles import Tiles

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Size = tuple[int, int, int]

LONGEST_TRIAL = 512
"""Longest image, in voxels, in which the reach of a network is measured."""

# Error messages of CUDA and its libraries when memory runs out outside of PyTorch's allocator.
NO_MEMORY = (
    "CUDA error: out of memory",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


class WithinMemory:
    """Applies networks to a patient on the GPU if there is one, within its memory.

    When memory runs out, the windows are computed in ever smaller tiles. If tiles cannot give the
    logits of the window, or do not fit either, the computation moves to the CPU. The next
    computation starts with what sufficed. All ways compute the same function of the image, so the
    results agree to rounding. Every change is logged as a warning.

    Parameters
    ----------
    networks
        In evaluation mode; they are moved between devices, all together.
    window
        Size (x, y, z) of the windows in which the networks are applied, as in the configuration.
    divisor
        Sizes must be multiples of it, as in the configuration.
    shape
        Shape of the image, (C, D, H, W).
    patient
        Names the patient in the log.
    device
        Used in place of the GPU.
    tiled
        Whether windows may be computed in tiles.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        window: Size,
        divisor: int,
        shape: tuple[int, int, int, int],
        patient: str,
        device: torch.device | None = None,
        tiled: bool = True,
    ):
        self.device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.tiles: Tiles | None = None
        self._networks = networks
        self._patient = patient
        self._window = tuple(map(min, shape[1:], window[::-1]))
        self._smaller = self._tilings(shape[0], divisor) if tiled else iter(())
        if self.device.type == "cuda":
            # TF32's 10-bit mantissa would make results depend on the device.
            torch.backends.cudnn.allow_tf32 = False

    def run(self, compute: Callable[[torch.device, Tiles | None], Result]) -> Result:
        """Call `compute` with the network's device and the tiles of its windows; return the result.

        When memory runs out, `compute` is called again with other arguments.
        """
        while True:
            try:
                for network in self._networks:
                    network.to(self.device)
                return compute(self.device, self.tiles)
            except RuntimeError as error:
                if self._smaller is None or not _is_out_of_memory(error):
                    raise
            # The error held references to tensors; outside of its scope memory can be freed.
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            self._need_less()

    def _need_less(self) -> None:
        self.tiles = next(self._smaller, None)
        if self.tiles is None:
            self._smaller = None
            self.device = torch.device("cpu")
            way = "on the CPU"
        else:
            way = f"in tiles of at most {_in_words(self.tiles.largest(self._window))}"
        logger.warning(
            "patient %s: the GPU's memory does not suffice for windows of %s; continuing %s, which "
            "gives the same result and takes longer",
            *(self._patient, _in_words(self._window), way),
        )

    def _tilings(self, channels: int, divisor: int) -> Iterator[Tiles]:
        """Yield ever smaller tiles that give the logits of the window, if there are any."""
        halos = [reach(network.cpu(), channels, divisor) for network in self._networks]
        if None in halos:
            return
        halo = tuple(max(lengths) for lengths in zip(*halos, strict=True))
        # Tiles smaller than their own halo would cost more than the CPU does.
        size, least = self._window, prod(self._window)
        while True:
            half = (-(-length // (2 * divisor)) * divisor for length in size)
            smaller = tuple(map(min, size, map(max, half, halo)))
            if smaller == size:
                return
            size = smaller
            tiles = Tiles(size, halo)
            if prod(tiles.largest(self._window)) < least:
                least = prod(tiles.largest(self._window))
                yield tiles


@torch.no_grad()
def reach(network: nn.Module, channels: int, divisor: int) -> Size | None:
    """Measure how far along each axis (D, H, W) a voxel can change the logits.

    NaN, which no operation removes, is sent through the network. The reach is rounded up to
    multiples of `divisor`. It is None if a voxel can change logits anywhere, as with instance
    normalisation, or if the logits of a place depend on its position in the image.
    """
    halo = tuple(_reach_along(network, channels, divisor, axis) for axis in range(3))
    return None if None in halo else halo


def _reach_along(network: nn.Module, channels: int, divisor: int, axis: int) -> int | None:
    def part(volume: torch.Tensor, start: int, stop: int) -> torch.Tensor:
        return volume.narrow(2 + axis, start, stop - start)

    length = 8 * divisor
    while length <= max(LONGEST_TRIAL, 8 * divisor):
        size = [2 * divisor] * 3
        size[axis] = length
        generator = torch.Generator().manual_seed(0)
        image = torch.randn(1, channels, *size, generator=generator)
        logits = network(image)
        start, stop = length // 2, length // 2 + divisor
        marked = image.clone()
        part(marked, start, stop).fill_(torch.nan)
        changed = network(marked).isnan().movedim(2 + axis, 0).flatten(1).any(1).nonzero()
        before, after = start - int(changed.min()), int(changed.max()) + 1 - stop
        halo = -(-max(before, after, 0) // divisor) * divisor
        first, last = start - halo, stop + halo
        if 0 < first and last < length:
            of_tile = part(network(part(image, first, last).contiguous()), halo, halo + divisor)
            expected = part(logits, start, stop)
            scale = float(logits.abs().max())
            same = torch.allclose(of_tile, expected, rtol=0, atol=1e-4 * scale)
            return halo if same else None
        length *= 2
    return None


def _is_out_of_memory(error: RuntimeError) -> bool:
    said = str(error)
    return isinstance(error, torch.OutOfMemoryError) or any(sign in said for sign in NO_MEMORY)


def _in_words(size: Size) -> str:
    return " x ".join(str(length) for length in reversed(size)) + " voxels"
