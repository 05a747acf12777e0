"""Forward-backward consistency: a measure of error that needs no truth."""

import numpy as np
import SimpleITK as sitk

from mrelevance.registration.deformable import fixed_levels, register_deformable
from mrelevance.registration.spline import displacement_field, spline_transform

ITERATIONS = 8


def backward_displacement_mm(
    corrected: sitk.Image, fixed: sitk.Image, mask: np.ndarray, settings: dict, device: str
) -> float:
    """Measure how far the fixed image moves when it is registered to the corrected image.

    The two images change roles. The backward registration starts from the identity and uses the
    voxels of the coarsest level and the control points of the finest. After a perfect correction
    nothing would move; tissue that moves was not matched with itself.

    Parameters
    ----------
    corrected, fixed
        3D images on one grid.
    mask
        Boolean, (D, H, W), not empty: where the images are compared.
    settings
        Section `motion` of the configuration: `levels` and `bending_energy`.
    device
        Where PyTorch computes.

    Returns
    -------
    95th percentile of the displacement in the mask, mm.
    """
    level = {
        "resolution_mm": settings["levels"][0]["resolution_mm"],
        "control_spacing_mm": settings["levels"][-1]["control_spacing_mm"],
        "iterations": ITERATIONS,
    }
    levels = fixed_levels(corrected, mask, [level], device)
    coefficients = register_deformable(levels, corrected, fixed, 0, settings["bending_energy"])
    field = displacement_field(spline_transform(coefficients.cpu().numpy(), fixed), fixed)
    length = np.linalg.norm(sitk.GetArrayViewFromImage(field)[mask], axis=-1)
    return float(np.percentile(length, 95))
