"""Reference images: what a lesion is compared with."""

import numpy as np
from scipy import ndimage

from mrelevance.errors import InputError

DILATION_VOXELS = 2
RING_VOXELS = 3
CONNECTED = np.ones((3, 3, 3), bool)


def reference_image(kind: str, image: np.ndarray, lesions: np.ndarray, patient: str) -> np.ndarray:
    """Reference of a patient's image (C, D, H, W) by its name in the configuration.

    `inpainted`: every lesion gives way to what surrounds it (`inpaint`). `zero`: the body's
    median everywhere, which normalisation put at zero. `lesions` (D, H, W) marks the labelled
    and the predicted tumour.

    Raises
    ------
    InputError
        There is no reference of that name, or see `inpaint`.
    """
    if kind == "zero":
        return np.zeros_like(image)
    if kind == "inpainted":
        return inpaint(image, lesions, patient)
    raise InputError(f"relevance.reference: {kind!r} is unknown; choose inpainted or zero")


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
                f"patient {patient}: tumour fills the image, so that nothing is left to inpaint "
                "it from; set relevance.reference: zero"
            )
        medians = np.median(image[(slice(None), *near)][:, ring], axis=1)
        inpainted[(slice(None), *near)][:, inside] = medians[:, None]
    return inpainted
