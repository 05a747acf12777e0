"""Motion that is left after a correction is found by registering backward."""

import numpy as np
import SimpleITK as sitk
from helpers.motion_pairs import SETTINGS, empty_image, sequence

from mrelevance.registration.body import body_mask
from mrelevance.registration.consistency import backward_displacement_mm


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
