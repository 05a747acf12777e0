"""Baseline images, which explanations compare the image with."""

import numpy as np
import SimpleITK as sitk
import torch
from scipy import ndimage
from torch.nn.functional import interpolate

from mrelevance.attribution.dilation import dilated, half_widths
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import to_array
from mrelevance.runtime.orientation import turned_like

DILATION_VOXELS = 2
RING_VOXELS = 3
CONNECTED = np.ones((3, 3, 3), bool)


def baseline_image(
    kind: str,
    image: np.ndarray,
    lesions: np.ndarray,
    patient: str,
    spacing_mm: tuple[float, float, float],
    covered: np.ndarray,
    donor: np.ndarray | None = None,
) -> np.ndarray:
    """Baseline of a patient's image (C, D, H, W) by its name in the configuration.

    `inpainted`: every lesion is replaced by its surroundings (`inpaint`). `zero`: the body's
    median everywhere, which normalisation put at zero. `shuffled`: `donor`, another patient's
    image on this patient's grid (`stretched_onto`). `lesions` (D, H, W) marks the labelled and
    the predicted tumour, `covered` (C, D, H, W) what each sequence covers. Where a sequence covers
    nothing, every baseline is the image itself: what was not imaged explains nothing.
    `spacing_mm` is (z, y, x).

    Raises
    ------
    InputError
        There is no baseline of that name, a donor is missing, or see `inpaint`.
    """
    if kind == "zero":
        baseline = np.zeros_like(image)
    elif kind == "inpainted":
        baseline = inpaint(image, lesions, patient, spacing_mm, covered)
    elif kind == "shuffled" and donor is not None:
        baseline = donor
    elif kind == "shuffled":
        raise InputError(f"patient {patient}: baseline shuffled needs another patient's image")
    else:
        raise InputError(
            f"relevance.baseline: {kind!r} is unknown; choose inpainted, zero or shuffled"
        )
    return np.where(covered, baseline, image)


def stretched_onto(donor: sitk.Image, image: sitk.Image) -> np.ndarray:
    """Another patient's preprocessed image (C, D, H, W) on this patient's grid.

    Both 4D images are cropped to the body. The donor's axes are brought into the order and
    direction of the patient's, then its box is stretched to the patient's.
    """
    voxels = torch.from_numpy(to_array(turned_like(donor, image)))[None]
    grid = image.GetSize()[2::-1]
    return interpolate(voxels, size=grid, mode="trilinear", align_corners=False)[0].numpy()


def inpaint(
    image: np.ndarray,
    lesions: np.ndarray,
    patient: str,
    spacing_mm: tuple[float, float, float],
    covered: np.ndarray,
) -> np.ndarray:
    """Replace every lesion, sequence by sequence, by the median of a ring around it.

    Lesions (D, H, W) are dilated by 2 voxels; the ring is 3 voxels wide and keeps out of other
    lesions. Voxels are those of the mean edge, see `half_widths`; `spacing_mm` is (z, y, x).
    Lesions that touch when dilated are replaced together. Only voxels that a sequence covers
    (`covered`, bool (C, D, H, W)) count in its median; without any, it is the body's median.
    Returns a new (C, D, H, W).

    Raises
    ------
    InputError
        A lesion has no surroundings left to take the median of.
    """
    inpainted = image.copy()
    components, _ = ndimage.label(dilated(lesions, DILATION_VOXELS, spacing_mm), CONNECTED)
    reach = half_widths(RING_VOXELS, spacing_mm)
    for component, box in enumerate(ndimage.find_objects(components), start=1):
        near = tuple(
            slice(max(side.start - width, 0), side.stop + width)
            for side, width in zip(box, reach, strict=True)
        )
        inside = components[near] == component
        ring = dilated(inside, RING_VOXELS, spacing_mm) & (components[near] == 0)
        if not ring.any():
            raise InputError(
                f"patient {patient}: tumour fills the image and leaves no surroundings to "
                "inpaint from; set relevance.baseline: zero"
            )
        for channel, sequence in enumerate(image[(slice(None), *near)]):
            known = ring & covered[(channel, *near)]
            inpainted[(channel, *near)][inside] = np.median(sequence[known]) if known.any() else 0
    return inpainted
