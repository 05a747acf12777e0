"""The fixed image of a patient, and where moving sequences are compared with it."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from mrelevance.cohort.patient import PatientImages
from mrelevance.registration.body import body_mask
from mrelevance.registration.deformable import Level, fixed_levels
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import check_same_geometry, to_array

# The border of an organ locates it better than its inside: this much around a mask is compared too.
MARGIN_MM = 20


@dataclass(frozen=True)
class FixedImage:
    """The fixed image of a patient, prepared once for all moving sequences.

    Attributes
    ----------
    image
        float32.
    compared
        Boolean, (D, H, W): where the images are compared.
    body
        Boolean, (D, H, W): the body, and all that is compared.
    lesions
        Boolean, (D, H, W): labelled lesions; empty without a label.
    levels
        Resolution levels, from coarse to fine.
    """

    image: sitk.Image
    compared: np.ndarray
    body: np.ndarray
    lesions: np.ndarray
    levels: list[Level]

    @property
    def device(self) -> str:
        """Where PyTorch computes."""
        return str(self.levels[0].image.device)


def prepare_fixed(patient: PatientImages, settings: dict, device: str) -> FixedImage:
    """Prepare the fixed image of a patient.

    Parameters
    ----------
    patient
        In the canonical orientation. With a mask, only the organ and `MARGIN_MM` around it are
        compared; without one, the body is found and compared.
    settings
        Section `motion` of the configuration: `levels`.
    device
        Where PyTorch computes.

    Raises
    ------
    InputError
        The mask is empty; mask or label are not on the grid of the fixed sequence.
    """
    image = sitk.Cast(patient.fixed, sitk.sitkFloat32)
    body = compared = body_mask(image)
    if patient.mask is not None:
        compared = _around(patient.mask, image, f"patient {patient.name}, mask")
    lesions = np.zeros_like(body)
    if patient.label is not None:
        check_same_geometry(patient.label, image, f"patient {patient.name}, label")
        lesions = to_array(patient.label) > 0
    levels = fixed_levels(image, compared, settings["levels"], device)
    return FixedImage(image, compared, body | compared, lesions, levels)


def _around(mask: sitk.Image, fixed: sitk.Image, what: str) -> np.ndarray:
    check_same_geometry(mask, fixed, what)
    inside = to_array(mask) > 0
    if not inside.any():
        raise InputError(f"{what}: holds no voxel; draw the organ, or give no mask")
    spacing = fixed.GetSpacing()[::-1]
    return ndimage.distance_transform_edt(~inside, sampling=spacing) <= MARGIN_MM
