"""Images whose header runs the wrong way along an axis are named."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import SETTINGS, empty_image, sequence

from mrelevance.cohort.patient import PatientImages
from mrelevance.registration.body import body_mask
from mrelevance.registration.correction import correct_patient
from mrelevance.registration.deformable import fixed_levels
from mrelevance.registration.mirrored import AXES, better_mirrored
from mrelevance.runtime.images import image_like, to_array


@pytest.fixture(scope="module")
def fixed():
    return sequence("A", empty_image())


def direction(fixed, image):
    level = fixed_levels(fixed, body_mask(fixed), SETTINGS["levels"], "cpu")[0]
    return better_mirrored(level, image, fixed, 24, 2000)


@pytest.mark.parametrize("name", AXES)
def test_a_mirrored_image_is_named(fixed, name):
    image = sequence("B", empty_image())
    mirrored = image_like(np.flip(to_array(image), AXES[name]).copy(), image)
    assert direction(fixed, mirrored) == name


def test_right_images_do_not_fit_better_mirrored(fixed):
    assert direction(fixed, sequence("B", empty_image(), 6)) == ""


def test_the_flag_says_where_to_look(fixed):
    mirrored = sitk.Image(sequence("B", empty_image(), 12))
    voxels = to_array(mirrored)[::-1].copy()
    patient = PatientImages("p", {"f": fixed, "s": image_like(voxels, mirrored)}, "f")
    found = correct_patient(patient, SETTINGS)["s"]
    assert found.flag == "failed"
    assert "fits better mirrored upside down; check its header" in found.reason
