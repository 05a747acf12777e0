"""The predictor whose segmentation is explained: padding, network and cropping as one network."""

import torch

from mrelevance.errors import InputError
from mrelevance.segmentation.inference import crop_to, pad_to_divisor

TARGETS = {"margin": (1, 0), "tumour": 1}
"""Explained output by its name in the configuration: tumour minus background, or tumour."""


class WholePatient(torch.nn.Module):
    """A network that pads the image of a patient, and crops its logits, as inference does."""

    def __init__(self, network: torch.nn.Module, divisor: int):
        super().__init__()
        self.network = network
        self.divisor = divisor

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map an image (1, C, D, H, W) to logits (1, 2, D, H, W)."""
        return crop_to(self.network(pad_to_divisor(image, self.divisor)), image.shape[2:])


def whole_patient(
    network: torch.nn.Module,
    image: torch.Tensor,
    window: tuple[int, int, int],
    divisor: int,
    patient: str,
) -> WholePatient:
    """Predictor of one patient's image (C, D, H, W), for a window (x, y, z) that covers it.

    Raises
    ------
    InputError
        The padded image is larger than the window: inference blended several windows, which is
        another predictor than the one explained here.
    """
    size = pad_to_divisor(image, divisor).shape[:0:-1]
    if any(length > extent for length, extent in zip(size, window, strict=True)):
        raise InputError(
            f"patient {patient}: the padded image has {list(size)} voxels, more than "
            f"inference.window = {list(window)}; relevance explains a prediction made in one "
            "window, so enlarge the window or preprocess.spacing_mm"
        )
    return WholePatient(network, divisor).eval()


def target_logit(logits: torch.Tensor, target: str) -> torch.Tensor:
    """Explained output (D, H, W) of logits (1, 2, D, H, W): the margin or the tumour logit."""
    background, tumour = logits[0]
    return tumour - background if target == "margin" else tumour
