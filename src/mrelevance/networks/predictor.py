"""What is deployed: networks around which a linear chain runs, in the memory that there is.

Windows, mirrored copies and folds are averaged. Both segmentation and explanation start from the
predictor, so that what is explained is what predicts.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import SimpleITK as sitk
import torch
from torch import Tensor, nn

from mrelevance.lrp.ensemble import Ensemble, Member
from mrelevance.lrp.windows import Windows
from mrelevance.networks.deployment import Case, Deployment
from mrelevance.networks.inference import (
    MeanNetwork,
    PaddedNetwork,
    check_multiple,
    predict_logits,
)
from mrelevance.networks.memory import WithinMemory
from mrelevance.networks.precision import autocast, lay_out
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import check_same_geometry, read_image

Result = TypeVar("Result")

NO_MIRRORING = ((),)


class Predictor:
    """Applies networks to whole patients.

    Parameters
    ----------
    networks
        One network, or several whose logits are averaged, such as those of folds; in evaluation
        mode. Their weights may be laid out anew in memory, and move to the GPU.
    windows
        In which an image is cut, and their weights.
    mirrorings
        Each network sees every window flipped along each of these tuples of axes in space, 0 for
        D; the logits are flipped back and averaged. `((),)` is the window as it is.
    divisor
        What the sizes that the networks take must be multiples of; images are padded to them.
    smallest
        Size (D, H, W) that smaller images are padded to with zeros, the image in the middle.
    precision
        `float32` or `bfloat16`.
    device
        Where to compute; by default on the GPU if there is one.
    deployment
        What else is known of the network: needed by `preprocess` and `segment`.

    Attributes
    ----------
    networks
        As given.
    ensemble
        What `mrelevance.lrp.Explainer` explains: every network with every mirroring.

    Raises
    ------
    InputError
        The window is not a multiple of `divisor`.
    """

    def __init__(
        self,
        networks: nn.Module | Sequence[nn.Module],
        windows: Windows,
        *,
        mirrorings: tuple[tuple[int, ...], ...] = NO_MIRRORING,
        divisor: int = 1,
        smallest: tuple[int, int, int] | None = None,
        precision: str = "float32",
        device: torch.device | None = None,
        deployment: Deployment | None = None,
    ):
        check_multiple(windows.size[::-1], divisor, "inference.window")
        smallest = None if smallest is None else tuple(smallest)
        networks = [networks] if isinstance(networks, nn.Module) else networks
        self.networks = tuple(lay_out(network, precision) for network in networks)
        self.mirrorings = mirrorings
        self.deployment = deployment
        members = [
            Member(padded, axes)
            for network in self.networks
            for padded, axes in _padded(network, divisor, smallest, mirrorings)
        ]
        self.ensemble = Ensemble(tuple(members), replace(windows, smallest=smallest))
        self._divisor = divisor
        self._precision = precision
        self._device = device
        self._memory: dict[tuple, WithinMemory] = {}

    @property
    def of_crops(self) -> nn.Module:
        """The mean of all members on a whole crop, without windows and padding, as one network."""
        if len(self.networks) == 1 and not any(self.mirrorings):
            return self.networks[0]
        members = [Member(network, axes) for network in self.networks for axes in self.mirrorings]
        return MeanNetwork(members).eval()

    @property
    def of_one_member(self) -> "Predictor":
        """The same with its first member alone."""
        single = copy.copy(self)
        single.ensemble = replace(self.ensemble, members=self.ensemble.members[:1])
        return single

    @property
    def windows(self) -> Windows:
        """In which an image is cut."""
        return self.ensemble.windows

    def passes(self, grid: tuple[int, int, int]) -> int:
        """Forward passes that the logits of an image of `grid` (D, H, W) voxels take."""
        return len(self.ensemble.members) * len(self.windows.boxes(grid))

    def logits(self, image: Tensor, patient: str = "") -> Tensor:
        """Logits (outputs, D, H, W), float32 on the CPU, of a patient's image (C, D, H, W)."""

        def compute(device: torch.device, windows: Windows) -> Tensor:
            return self.apply(image.to(device), windows).cpu()

        with torch.no_grad():
            return self.within_memory(tuple(image.shape), patient, compute)

    def apply(self, image: Tensor, windows: Windows | None = None) -> Tensor:
        """Logits (outputs, D, H, W), float32, of an image (C, D, H, W), with their gradient.

        The networks must be on the image's device. `windows` replaces the predictor's own.
        """
        with autocast(image.device, self._precision):
            return predict_logits(self.ensemble_in(windows or self.windows), image)

    def ensemble_in(self, windows: Windows) -> Ensemble:
        """The ensemble with other windows, such as those that `within_memory` gives."""
        return replace(self.ensemble, windows=windows)

    def preprocess(self, images: Mapping[str, str | Path | sitk.Image]) -> Case:
        """One patient in the network's space, from files or images by the network's channels.

        Raises
        ------
        InputError
            A channel is missing or unknown, a file cannot be read, or the images lie on different
            grids.
        """
        deployment = self._known_deployment()
        channels = deployment.channels
        if not channels:
            raise InputError(
                f"{deployment.path} does not say what its channels are; load it with channels="
            )
        missing = [name for name in channels if name not in images]
        unknown = [name for name in images if name not in channels]
        if missing or unknown:
            problem = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown)}"
            raise InputError(
                f"the patient {problem}; the network's channels are {', '.join(channels)}: give an "
                "image for each by its name"
            )
        read = {name: _read_channel(images[name], name) for name in channels}
        for name in channels[1:]:
            check_same_geometry(read[name], read[channels[0]], f"channel {name}")
        return deployment.prepare(read)

    def segment(self, case: Case, patient: str = "") -> sitk.Image:
        """Segmentation of a case on the grid of the original images, uint8 label values."""
        return self._known_deployment().restore(case, self.logits(case.image, patient))

    def within_memory(
        self,
        shape: tuple[int, int, int, int],
        patient: str,
        compute: Callable[[torch.device, Windows], Result],
    ) -> Result:
        """Result of `compute` on the device of the networks, with windows that fit in its memory.

        `compute` is called again, for smaller pieces or another device, when memory runs out. Later
        calls for the same `shape` (C, D, H, W) of image and patient begin with what sufficed.
        """
        memory = self.memory(shape, patient)
        return memory.run(lambda device, tiles: compute(device, replace(self.windows, tiles=tiles)))

    def memory(self, shape: tuple[int, int, int, int], patient: str) -> WithinMemory:
        """Where the networks are applied to a patient's images of this shape."""
        if (shape, patient) not in self._memory:
            window = self.windows.size[::-1]
            # Tiles would lie in other places of mirrored or padded windows.
            tiled = self.windows.smallest is None and not any(self.mirrorings)
            self._memory[shape, patient] = WithinMemory(
                self.networks, window, self._divisor, shape, patient, self._device, tiled
            )
        return self._memory[shape, patient]

    def _known_deployment(self) -> Deployment:
        if self.deployment is None:
            raise InputError(
                "this predictor has a network alone and knows no preprocessing; make it with "
                "mrelevance.networks.load"
            )
        return self.deployment


def _padded(
    network: nn.Module,
    divisor: int,
    smallest: tuple[int, int, int] | None,
    mirrorings: tuple[tuple[int, ...], ...],
) -> list[tuple[PaddedNetwork, tuple[int, ...]]]:
    """A network that pads its input, for each mirroring; one for all where nothing is padded."""
    if smallest is None:
        padded = PaddedNetwork(network, divisor).eval()
        return [(padded, axes) for axes in mirrorings]
    return [(PaddedNetwork(network, divisor, smallest, axes).eval(), axes) for axes in mirrorings]


def _read_channel(given: str | Path | sitk.Image, name: str) -> sitk.Image:
    return given if isinstance(given, sitk.Image) else read_image(given, f"channel {name}")
