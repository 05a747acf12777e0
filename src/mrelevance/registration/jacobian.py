"""Local change of volume under a displacement field."""

import numpy as np
import SimpleITK as sitk

from mrelevance.runtime.images import to_array


def jacobian_determinant(field: sitk.Image) -> np.ndarray:
    """Compute the local change of volume under p + u(p), (D, H, W); 0 or less where it folds.

    `field` is a vector image of displacements in mm (LPS), on a grid of any direction. SimpleITK's
    filter differentiates along the axes of the grid, as if the components ran along them too.
    Hence they are turned to these axes first: the determinant is the same in every frame. The
    filter also halves derivatives at the border; there, the field is continued linearly.
    """
    axes = np.reshape(field.GetDirection(), (3, 3))
    along_axes = to_array(field) @ axes  # (D, H, W, 3)
    continued = np.pad(
        along_axes, [(1, 1), (1, 1), (1, 1), (0, 0)], mode="reflect", reflect_type="odd"
    )
    turned = sitk.GetImageFromArray(continued, isVector=True)
    turned.SetSpacing(field.GetSpacing())
    determinant = to_array(sitk.DisplacementFieldJacobianDeterminant(turned))
    return determinant[1:-1, 1:-1, 1:-1]


def folded_share(field: sitk.Image, mask: np.ndarray) -> float:
    """Compute the share of a mask's voxels (D, H, W) in which p + u(p) folds."""
    return float(np.mean(jacobian_determinant(field)[mask] <= 0))
