"""The expected error grows with the error, without knowing the truth."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import SETTINGS, empty_image, organs, sequence

from mrelevance.registration.expected_error import expected_error
from mrelevance.runtime.images import image_like, to_array


def expected(corrected, fixed, deformed):
    return expected_error(corrected, fixed, organs(fixed), SETTINGS, deformed, "cpu")


def shifted(length_mm):
    """A sequence whose tissue lies so many millimetres above its place."""
    image = sequence("B", empty_image())
    image.SetOrigin(np.add(image.GetOrigin(), [0, 0, length_mm]).tolist())
    return sitk.Resample(image, empty_image(), sitk.Transform(), sitk.sitkBSpline)


@pytest.mark.parametrize("deformed", [True, False])
def test_images_in_place_have_little_error(deformed):
    found = expected(sequence("B", empty_image()), sequence("A", empty_image()), deformed)
    assert 0 < found.low_mm < found.mm < found.high_mm and found.mm < 1


@pytest.mark.parametrize(("length_mm", "deformed"), [(3, True), (3, False), (12, False)])
def test_motion_that_is_left_is_found(length_mm, deformed):
    found = expected(shifted(length_mm), sequence("A", empty_image()), deformed)
    assert found.mm == pytest.approx(length_mm, rel=0.35)


def test_noise_makes_a_deformation_less_certain():
    rng = np.random.default_rng(0)
    fixed, image = sequence("A", empty_image()), sequence("B", empty_image())
    clear = expected(image, fixed, True)
    voxels = to_array(image)
    noise = 0.3 * np.percentile(voxels, 95) * rng.normal(size=voxels.shape)
    assert expected(image_like(voxels + noise, image), fixed, True).mm > 1.3 * clear.mm


def test_where_nothing_is_compared_the_error_is_infinite():
    image = sequence("A", empty_image())
    nowhere = np.zeros_like(organs(image))
    assert expected_error(image, image, nowhere, SETTINGS, True, "cpu").mm == np.inf
