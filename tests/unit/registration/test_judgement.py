"""What is wrong is flagged, what is right is not."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import SETTINGS, empty_image, sequence

from mrelevance.registration.body import body_mask
from mrelevance.registration.judgement import (
    backward_displacement_mm,
    covered_voxels,
    jacobian_determinant,
    judge,
)
from mrelevance.registration.spline import displacement_field
from mrelevance.runtime.images import to_array


@pytest.mark.parametrize(
    ("measures", "flag", "words"),
    [
        ((2.6, 0.2, 0.5, 2.0), "good", ""),
        ((2.7, 0.3, 0.9, 1.1), "check", "2.7 mm between forward and backward"),
        ((3.3, 0.3, 0.9, 1.1), "failed", "3.3 mm between forward and backward"),
        ((1.0, 0.15, 0.9, 1.1), "check", "similarity of 0.15"),
        ((3.0, 0.05, 0.9, 1.1), "failed", "similarity of 0.05"),
        ((1.0, 0.3, 0.4, 1.1), "check", "shrinks tissue to 0.40"),
        ((1.0, 0.3, -0.1, 1.1), "failed", "shrinks tissue to -0.10"),
        ((1.0, 0.3, 0.9, 2.2), "check", "swells tissue to 2.20"),
        ((3.0, 0.3, 0.9, 5.1), "failed", "swells tissue to 5.10"),
    ],
)
def test_thresholds(measures, flag, words):
    consistency_mm, *others = measures
    found = judge(consistency_mm, 4.0, *others, SETTINGS["quality"])
    assert (
        found.flag == flag and found.reason.startswith(words) and bool(found.reason) == bool(words)
    )


def backward(corrected, reference):
    mask = body_mask(reference)
    return backward_displacement_mm(corrected, reference, mask, SETTINGS["levels"], 2000, "cpu")


def test_residual_motion_is_found_backward():
    reference, right = sequence("A", empty_image()), sequence("B", empty_image())
    shifted = sequence("B", empty_image())
    shifted.SetOrigin(np.add(shifted.GetOrigin(), [0, 0, 7]).tolist())
    wrong = sitk.Resample(shifted, reference, sitk.Transform(), sitk.sitkLinear)
    assert backward(right, reference) < 1.5
    assert backward(wrong, reference) > 5


def test_jacobian_of_a_scaling_is_its_volume():
    scaling = sitk.ScaleTransform(3, (1.1, 0.9, 1.2))
    determinant = jacobian_determinant(displacement_field(scaling, empty_image()))
    assert determinant[2:-2, 2:-2, 2:-2] == pytest.approx(1.1 * 0.9 * 1.2)


def test_voxels_beyond_the_moving_image_are_not_covered():
    reference = sequence("A", empty_image())
    field = displacement_field(sitk.TranslationTransform(3, (0.0, 0.0, 9.0)), reference)
    covered = covered_voxels(reference[:, :, 16:], field)
    assert covered[14:30].all() and not covered[:13].any() and not covered[30:].any()
    assert covered.shape == to_array(reference).shape
