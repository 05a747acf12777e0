"""Motion that is left after a correction is found by registering backward."""

import numpy as np
import SimpleITK as sitk
from helpers.motion_pairs import SETTINGS, empty_image, sequence

from mrelevance.registration.body import body_mask
from mrelevance.registration.consistency import backward_displacement_mm, covered_voxels
from mrelevance.registration.spline import displacement_field
from mrelevance.runtime.images import to_array


def backward(corrected, fixed):
    mask = body_mask(fixed)
    return backward_displacement_mm(corrected, fixed, mask, SETTINGS, "cpu")


def test_residual_motion_is_found_backward():
    fixed, right = sequence("A", empty_image()), sequence("B", empty_image())
    shifted = sequence("B", empty_image())
    shifted.SetOrigin(np.add(shifted.GetOrigin(), [0, 0, 7]).tolist())
    wrong = sitk.Resample(shifted, fixed, sitk.Transform(), sitk.sitkLinear)
    assert backward(right, fixed) < 1.5
    assert backward(wrong, fixed) > 5


def test_voxels_beyond_the_moving_image_are_not_covered():
    fixed = sequence("A", empty_image())
    field = displacement_field(sitk.TranslationTransform(3, (0.0, 0.0, 9.0)), fixed)
    covered = covered_voxels(fixed[:, :, 16:], field)
    assert covered[14:30].all() and not covered[:13].any() and not covered[30:].any()
    assert covered.shape == to_array(fixed).shape
