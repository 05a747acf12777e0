"""Resampling of a moving image on the grid of the fixed one."""

import numpy as np
import SimpleITK as sitk

from mrelevance.runtime.images import image_like

INTERPOLATORS = {"linear": sitk.sitkLinear, "bspline": sitk.sitkBSpline}


def resample(
    moving: sitk.Image, fixed: sitk.Image, field: sitk.Image, interpolation: str
) -> sitk.Image:
    """Resample an image on the grid of `fixed` along a displacement field in mm (LPS).

    `interpolation`: `linear` or `bspline` (cubic, limited to the range of the image). Beyond the
    moving image its nearest voxel is repeated.
    """
    voxels = sitk.GetArrayViewFromImage(moving)
    lowest, highest = float(voxels.min()), float(voxels.max())
    moved = sitk.Resample(
        moving,
        fixed,
        sitk.DisplacementFieldTransform(sitk.Image(field)),
        INTERPOLATORS[interpolation],
        0.0,
        sitk.sitkFloat32,
        useNearestNeighborExtrapolator=True,
    )
    # Cubic interpolation overshoots beside steep edges.
    return image_like(np.clip(sitk.GetArrayViewFromImage(moved), lowest, highest), fixed)
