"""Baseline images, which explanations compare the image with."""

import numpy as np
import SimpleITK as sitk
import torch
from scipy import ndimage
from torch.nn.functional import interpolate

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import first_channel, to_array

DILATION_VOXELS = 2
RING_VOXELS = 3
CONNECTED = np.ones((3, 3, 3), bool)


def baseline_image(
    kind: str,
    image: np.ndarray,
    lesions: np.ndarray,
    patient: str,
    donor: np.ndarray | None = None,
) -> np.ndarray:
    """Baseline of a patient's image (C, D, H, W) by its name in the configuration.

    `inpainted`: every lesion is replaced by its surroundings (`inpaint`). `zero`: the body's
    median everywhere, which normalisation put at zero. `shuffled`: `donor`, another patient's
    image on this patient's grid (`stretched_onto`). `lesions` (D, H, W) marks the labelled and
    the predicted tumour.

    Raises
    ------
    InputError
        There is no baseline of that name, a donor is missing, or see `inpaint`.
    """
    if kind == "zero":
        return np.zeros_like(image)
    if kind == "inpainted":
        return inpaint(image, lesions, patient)
    if kind == "shuffled" and donor is not None:
        return donor
    if kind == "shuffled":
        raise InputError(f"patient {patient}: baseline shuffled needs another patient's image")
    raise InputError(f"relevance.baseline: {kind!r} is unknown; choose inpainted, zero or shuffled")


def stretched_onto(donor: sitk.Image, image: sitk.Image) -> np.ndarray:
    """Another patient's preprocessed image (C, D, H, W) on this patient's grid.

    Both 4D images are cropped to the body. The donor's axes are brought into the order and
    direction of the patient's, then its box is stretched to the patient's.
    """
    orientation = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(
        first_channel(image).GetDirection()
    )
    size = list(donor.GetSize()[:3])
    channels = [
        to_array(sitk.DICOMOrient(sitk.Extract(donor, [*size, 0], [0, 0, 0, channel]), orientation))
        for channel in range(donor.GetSize()[3])
    ]
    voxels = torch.from_numpy(np.stack(channels))[None]
    grid = image.GetSize()[2::-1]
    return interpolate(voxels, size=grid, mode="trilinear", align_corners=False)[0].numpy()


def inpaint(image: np.ndarray, lesions: np.ndarray, patient: str) -> np.ndarray:
    """Replace every lesion, sequence by sequence, by the median of a ring around it.

    Lesions (D, H, W) are dilated by 2 voxels; the ring is 3 voxels wide and keeps out of other
    lesions. Lesions that touch when dilated are replaced together. Returns a new (C, D, H, W).

    Raises
    ------
    InputError
        A lesion has no surroundings left to take the median of.
    """
    inpainted = image.copy()
    dilated = ndimage.binary_dilation(lesions, CONNECTED, iterations=DILATION_VOXELS)
    components, _ = ndimage.label(dilated, CONNECTED)
    for component, box in enumerate(ndimage.find_objects(components), start=1):
        near = tuple(
            slice(max(side.start - RING_VOXELS, 0), side.stop + RING_VOXELS) for side in box
        )
        inside = components[near] == component
        around = ndimage.binary_dilation(inside, CONNECTED, iterations=RING_VOXELS)
        ring = around & (components[near] == 0)
        if not ring.any():
            raise InputError(
                f"patient {patient}: tumour fills the image and leaves no surroundings to "
                "inpaint from; set relevance.baseline: zero"
            )
        medians = np.median(image[(slice(None), *near)][:, ring], axis=1)
        inpainted[(slice(None), *near)][:, inside] = medians[:, None]
    return inpainted
