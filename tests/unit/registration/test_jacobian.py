"""The Jacobian determinant is the local change of volume."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import empty_image

from mrelevance.registration.jacobian import folded_share, jacobian_determinant
from mrelevance.registration.spline import displacement_field


def test_jacobian_of_a_scaling_is_its_volume():
    scaling = sitk.ScaleTransform(3, (1.1, 0.9, 1.2))
    determinant = jacobian_determinant(displacement_field(scaling, empty_image()))
    assert determinant[2:-2, 2:-2, 2:-2] == pytest.approx(1.1 * 0.9 * 1.2)


def test_reflected_half_is_folded():
    image = empty_image((8, 8, 8))
    field = np.zeros((8, 8, 8, 3))
    # In the upper half x is mapped to -x: the displacement is -2 x.
    field[4:, :, :, 0] = -2 * image.GetSpacing()[0] * np.arange(8)
    field = sitk.GetImageFromArray(field, isVector=True)
    field.CopyInformation(image)
    mask = np.zeros((8, 8, 8), bool)
    mask[1:3, 2:6, 2:6] = mask[5:7, 2:6, 2:6] = True
    assert folded_share(field, mask) == 0.5
