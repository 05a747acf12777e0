"""A lesion with its surroundings, on which maps are compared voxel by voxel at little cost."""

import logging
from dataclasses import dataclass
from math import lcm
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor

from mrelevance.attribution.inputs import ExplainedPatient, read_explained_patient
from mrelevance.attribution.target import Target
from mrelevance.runtime.errors import InputError

logger = logging.getLogger(__name__)

OF_PATIENT = ("image", "coverage", "channels", "label", "segmentation", "regions", "lesions")
# Structural similarity compares windows of 7 voxels.
SHORTEST_VOXELS = 8


@dataclass(frozen=True)
class LesionCrop:
    """A lesion of a patient, cut out with its surroundings.

    `image` and `baseline` are (C, D, H, W), `region` the lesion's predicted voxels, bool
    (D, H, W); `grid` is an image of the crop's geometry.
    """

    patient: str
    lesion: int
    image: Tensor
    baseline: Tensor
    region: Tensor
    grid: sitk.Image


@dataclass(frozen=True)
class CropShape:
    """How large crops are: `size` (D, H, W), and the numbers whose multiple each side must be.

    `divisor` is that of the network, `block` the side of the cubes of the perturbation test.
    """

    size: tuple[int, int, int]
    divisor: int
    block: int

    @property
    def multiple(self) -> int:
        """What every side is a multiple of."""
        return lcm(self.divisor, self.block)


class RegionMargin(torch.nn.Module):
    """Mean explained output of a region, as a network with one output.

    Maps images (B, C, D, H, W) to (B,), float32.
    """

    def __init__(self, network: torch.nn.Module, region: Tensor, target: Target):
        super().__init__()
        self.network = network
        self.region = region
        self.target = target

    def forward(self, images: Tensor) -> Tensor:
        """Mean explained output over the region."""
        logits = self.network(images).float()
        return self.target.of_logits(logits.transpose(0, 1))[:, self.region].mean(1)


def read_lesion_crops(
    inputs: dict, sequences: list[str], baseline: str, shape: CropShape
) -> list[LesionCrop]:
    """The largest true positive of every patient that has one, cut out.

    `inputs` names the files of `read_explained_patient` for every patient, in one order; the
    patient's name is that of the image's folder.

    Raises
    ------
    InputError
        See `read_explained_patient` and `crop_largest_lesion`.
    """
    of_patient = [*OF_PATIENT, "donor"] if inputs.get("donor") else OF_PATIENT
    crops = []
    for number, image in enumerate(inputs["image"]):
        paths = {name: inputs[name][number] for name in of_patient}
        patient = read_explained_patient(Path(image).parent.name, paths, sequences, baseline)
        crops.append(crop_largest_lesion(patient, shape))
    return [crop for crop in crops if crop is not None]


def crop_largest_lesion(patient: ExplainedPatient, shape: CropShape) -> LesionCrop | None:
    """Cut out a patient's largest true positive, in the middle; None where there is none.

    Along an axis where the image is shorter than the shape's size, the crop is the largest
    multiple that fits. Voxels of a lesion that is larger than the crop are left out of its region,
    and counted in the log.

    Raises
    ------
    InputError
        The image is shorter than one multiple, or than the 8 voxels that the comparison needs.
    """
    found = {number: mask for (kind, number), mask in patient.masks.items() if kind == "TP"}
    if not found:
        logger.info("patient %s: no lesion was found, so there is none to map", patient.name)
        return None
    lesion = max(found, key=lambda number: found[number].sum())
    mask = found[lesion]
    box = tuple(
        _side(patient.name, voxels, wanted, length, shape.multiple)
        for voxels, wanted, length in zip(np.nonzero(mask), shape.size, mask.shape, strict=True)
    )
    cut_off = int(mask.sum() - mask[box].sum())
    if cut_off:
        logger.info(
            "patient %s: %d of %d voxels of lesion %d lie outside the crop",
            *(patient.name, cut_off, mask.sum(), lesion),
        )
    corner = [side.start for side in reversed(box)]
    extent = [side.stop - side.start for side in reversed(box)]
    return LesionCrop(
        patient.name,
        lesion,
        torch.from_numpy(patient.image[:, *box].copy()),
        torch.from_numpy(patient.baseline[:, *box].copy()),
        torch.from_numpy(mask[box].copy()),
        sitk.RegionOfInterest(patient.grid, extent, corner),
    )


def _side(patient: str, voxels: np.ndarray, wanted: int, length: int, multiple: int) -> slice:
    """Where the crop lies along one axis."""
    extent = min(wanted, length) // multiple * multiple
    if extent < SHORTEST_VOXELS:
        raise InputError(
            f"patient {patient}: a crop of {extent} of the image's {length} voxels is too short to "
            f"compare maps; set evaluation.maps.crop to at least {SHORTEST_VOXELS} voxels and a "
            f"multiple of {multiple} along each axis"
        )
    middle = (int(voxels.min()) + int(voxels.max()) + 1) // 2
    start = min(max(middle - extent // 2, 0), length - extent)
    return slice(start, start + extent)
