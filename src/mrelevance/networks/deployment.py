"""What surrounds a deployed network: its preprocessing, its outputs, and the way back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from torch import Tensor

SOFTMAX, SIGMOID = "softmax", "sigmoid"
"""What turns logits into probabilities: of all outputs together, or of each by itself."""


@dataclass(frozen=True)
class Outputs:
    """What the outputs of a network mean.

    Attributes
    ----------
    names
        Of every output, such as ("background", "liver", "tumour"). With `sigmoid` there is no
        background: ("whole tumour", "core").
    heads
        `softmax`: the output with the largest logit is written. `sigmoid`: every output with a
        positive logit is written, in order, so that later outputs overwrite earlier ones.
    values
        Label value that is written for each output; 0 for the background.
    members
        With `sigmoid`, the label values that each region has in the training labels; otherwise
        empty.
    """

    names: tuple[str, ...]
    heads: str
    values: tuple[int, ...]
    members: dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Case:
    """One patient in the network's space.

    Attributes
    ----------
    image
        (C, D, H, W), float32, normalised as the network needs it.
    grid
        3D image with the axes and the geometry of `image`.
    original
        3D image with the geometry of the images as they were given.
    covered
        Where each channel was imaged, bool (C, D, H, W); all True where that is unknown.
    state
        What `Deployment.restore` needs beyond these.
    """

    image: Tensor
    grid: sitk.Image
    original: sitk.Image
    covered: np.ndarray
    state: object = None


@dataclass(frozen=True)
class Deployment:
    """What is known of a network beside its weights.

    Attributes
    ----------
    kind
        `MRelevance`, `nnU-Net`, `MONAI bundle`, `exported program`, `weights` or `factory`.
    path
        Where it was read from.
    files
        SHA-256 of every file that was read, by its name.
    channels
        The network's names of its channels, in order; empty if they are unknown.
    spacing_mm
        (x, y, z) of the grid that the network takes; None: that of the image.
    facts
        What the files say of the training, in words, such as {"trainer": ..., "epochs": ...}.
    prepare
        From images by the network's names of its channels to a case.
    restore
        From a case and its logits (outputs, D, H, W) to the segmentation on the grid of
        `Case.original`, with uint8 label values.
    label_to_case
        From a label on the grid of `Case.original` to the grid of the case, by nearest neighbour.
    """

    kind: str
    path: Path
    files: dict[str, str]
    channels: tuple[str, ...]
    outputs: Outputs
    spacing_mm: tuple[float, float, float] | None
    facts: dict[str, str]
    prepare: Callable[[Mapping[str, sitk.Image]], Case]
    restore: Callable[[Case, Tensor], sitk.Image]
    label_to_case: Callable[[sitk.Image, Case], sitk.Image]
