"""How far a registration can be trusted when nobody knows the truth."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from mrelevance.registration.deformable import reference_levels, register_deformable
from mrelevance.registration.spline import displacement_field, spline_transform
from mrelevance.runtime.images import image_like, to_array

ITERATIONS = 8


@dataclass(frozen=True)
class Judgement:
    """A flag (good, check or failed) and, unless there is nothing to say, one phrase of why."""

    flag: str
    reason: str


def judge(
    consistency_mm: float,
    voxel_mm: float,
    similarity: float,
    jacobian_min: float,
    jacobian_max: float,
    thresholds: dict,
) -> Judgement:
    """Compare measures of a transform with section `motion.quality` of the configuration.

    `check_consistency_voxels` and `fail_consistency_voxels` are upper bounds, in voxels of the
    size at which the images were compared; `check_similarity` and
    `fail_similarity` lower ones, `check_jacobian` and `fail_jacobian` the ranges that a local
    change of volume must stay in. Consistency and similarity need each other: two images without
    anything in common do not move each other.
    """
    for flag, kind in (("failed", "fail"), ("check", "check")):
        lowest, highest = thresholds[f"{kind}_jacobian"]
        if consistency_mm > voxel_mm * thresholds[f"{kind}_consistency_voxels"]:
            return Judgement(flag, f"{consistency_mm:.1f} mm between forward and backward")
        if similarity < thresholds[f"{kind}_similarity"]:
            return Judgement(flag, f"similarity of {similarity:.2f} to the reference")
        if jacobian_min < lowest:
            return Judgement(flag, f"shrinks tissue to {jacobian_min:.2f} of its volume")
        if jacobian_max > highest:
            return Judgement(flag, f"swells tissue to {jacobian_max:.2f} of its volume")
    return Judgement("good", "")


def jacobian_determinant(field: sitk.Image) -> np.ndarray:
    """Local change of volume under p + u(p), (D, H, W); 0 and less where space is folded."""
    return to_array(sitk.DisplacementFieldJacobianDeterminant(field))


def backward_displacement_mm(
    corrected: sitk.Image,
    reference: sitk.Image,
    mask: np.ndarray,
    levels: list[dict],
    bending: float,
    device: str,
) -> float:
    """Forward-backward consistency: how far the reference would move to fit the corrected image.

    The two change roles: the reference is registered to the corrected image, from where it lies,
    at the voxels of the coarsest level and with the control points of the finest. It would stay
    where it is after a correction without error; a tissue that moves was not matched with itself.

    Parameters
    ----------
    corrected, reference
        On one grid.
    mask
        Boolean, (D, H, W), not empty: where the images are compared.
    levels, bending
        `levels` and `bending_energy` of the registration that is judged.

    Returns
    -------
    95th percentile of the displacement in the mask, mm.
    """
    level = {
        "resolution_mm": levels[0]["resolution_mm"],
        "control_spacing_mm": levels[-1]["control_spacing_mm"],
        "iterations": ITERATIONS,
    }
    swapped = reference_levels(corrected, mask, [level], device)
    coefficients = register_deformable(swapped, corrected, reference, 0, bending)
    field = displacement_field(spline_transform(coefficients.cpu().numpy(), reference), reference)
    length = np.linalg.norm(sitk.GetArrayViewFromImage(field)[mask], axis=-1)
    return float(np.percentile(length, 95))


def covered_voxels(moving: sitk.Image, field: sitk.Image) -> np.ndarray:
    """Where a displacement field finds a voxel of the moving image, boolean (D, H, W)."""
    ones = image_like(np.ones(moving.GetSize()[::-1], np.uint8), moving)
    found = sitk.Resample(
        ones, field, sitk.DisplacementFieldTransform(sitk.Image(field)), sitk.sitkNearestNeighbor
    )
    return to_array(found) > 0
