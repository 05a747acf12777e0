"""A network as it is deployed: applied in windows whose logits are blended, in the memory there is.

Both segmentation and explanation start from it, so that what is explained is what predicts.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from mrelevance.lrp.windows import Windows
from mrelevance.networks.inference import PaddedNetwork, check_multiple, predict_logits
from mrelevance.networks.memory import WithinMemory
from mrelevance.networks.precision import autocast, lay_out

Result = TypeVar("Result")


class Predictor:
    """Applies a network to whole patients.

    Parameters
    ----------
    network
        In evaluation mode. Its weights may be laid out anew in memory, and move to the GPU.
    window
        Size (x, y, z) of the windows, as in the configuration.
    overlap
        Share by which windows overlap where the image is larger.
    divisor
        What the sizes that the network takes must be multiples of; images are padded to them.
    precision
        `float32` or `bfloat16`.
    device
        Where to compute; by default on the GPU if there is one.

    Raises
    ------
    InputError
        The window is not a multiple of `divisor`.
    """

    def __init__(
        self,
        network: nn.Module,
        window: tuple[int, int, int],
        overlap: float,
        divisor: int,
        *,
        precision: str = "float32",
        device: torch.device | None = None,
    ):
        check_multiple(window, divisor, "inference.window")
        self.network = lay_out(network, precision)
        self.padded = PaddedNetwork(network, divisor).eval()
        self.windows = Windows(tuple(window[::-1]), overlap)
        self._divisor = divisor
        self._precision = precision
        self._device = device
        self._memory: dict[tuple, WithinMemory] = {}

    def logits(self, image: Tensor, patient: str) -> Tensor:
        """Logits (2, D, H, W), float32 on the CPU, of a patient's image (C, D, H, W)."""

        def compute(device: torch.device, windows: Windows) -> Tensor:
            return self.apply(image.to(device), windows).cpu()

        with torch.no_grad():
            return self.within_memory(tuple(image.shape), patient, compute)

    def apply(self, image: Tensor, windows: Windows | None = None) -> Tensor:
        """Logits (2, D, H, W), float32, of an image (C, D, H, W), with their gradient.

        The network must be on the image's device. `windows` replaces the predictor's own.
        """
        windows = windows or self.windows
        size, overlap = windows.size[::-1], windows.overlap
        with autocast(image.device, self._precision):
            return predict_logits(self.network, image, size, overlap, self._divisor, windows.tiles)

    def within_memory(
        self,
        shape: tuple[int, int, int, int],
        patient: str,
        compute: Callable[[torch.device, Windows], Result],
    ) -> Result:
        """Result of `compute` on the device of the network, with windows that fit in its memory.

        `compute` is called again, for smaller pieces or another device, when memory runs out. Later
        calls for the same `shape` (C, D, H, W) of image and patient begin with what sufficed.
        """
        memory = self.memory(shape, patient)
        return memory.run(lambda device, tiles: compute(device, replace(self.windows, tiles=tiles)))

    def memory(self, shape: tuple[int, int, int, int], patient: str) -> WithinMemory:
        """Where the network is applied to a patient's images of this shape."""
        if (shape, patient) not in self._memory:
            window = self.windows.size[::-1]
            self._memory[shape, patient] = WithinMemory(
                self.network, window, self._divisor, shape, patient, self._device
            )
        return self._memory[shape, patient]
