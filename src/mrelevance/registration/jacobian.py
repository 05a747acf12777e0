"""Local change of volume under a displacement field."""

import numpy as np
import SimpleITK as sitk

from mrelevance.runtime.images import to_array


def jacobian_determinant(field: sitk.Image) -> np.ndarray:
    """Compute the local change of volume under p + u(p), (D, H, W); 0 or less where it folds."""
    return to_array(sitk.DisplacementFieldJacobianDeterminant(field))


def folded_share(field: sitk.Image, mask: np.ndarray) -> float:
    """Compute the share of a mask's voxels (D, H, W) in which p + u(p) folds."""
    return float(np.mean(jacobian_determinant(field)[mask] <= 0))
