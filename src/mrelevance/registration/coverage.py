"""What of the fixed image a moving image covers, and what stands where it does not."""

import numpy as np
import SimpleITK as sitk

from mrelevance.runtime.images import image_like, to_array


def covered_voxels(moving: sitk.Image, field: sitk.Image) -> np.ndarray:
    """Find where a displacement field leads into the moving image; boolean, (D, H, W)."""
    ones = image_like(np.ones(moving.GetSize()[::-1], np.uint8), moving)
    found = sitk.Resample(
        ones, field, sitk.DisplacementFieldTransform(sitk.Image(field)), sitk.sitkNearestNeighbor
    )
    return to_array(found) > 0


def covered_share(covered: np.ndarray, mask: np.ndarray) -> float:
    """Share of a mask's voxels (D, H, W) that are covered; NaN if the mask is empty."""
    return float(covered[mask].mean()) if mask.any() else float("nan")


def fill_uncovered(image: sitk.Image, covered: np.ndarray, body: np.ndarray) -> sitk.Image:
    """Set the voxels that are not `covered` to the median of the body's covered ones.

    Normalisation puts the body's median at zero: there, a sequence tells nothing. Without a
    covered voxel in the body the median is that of all voxels. Masks are (D, H, W).
    """
    if covered.all():
        return image
    voxels = to_array(image)
    known = covered & body
    voxels[~covered] = np.median(voxels[known] if known.any() else voxels)
    return image_like(voxels, image)
