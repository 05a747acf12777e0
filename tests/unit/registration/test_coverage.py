"""What a sequence does not cover is measured, flagged and never invented."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import SETTINGS, empty_image, sequence
from helpers.needs import DATA, not_tested
from helpers.orientations import STORED, stored

from mrelevance.cohort.patient import PatientImages
from mrelevance.registration.body import body_mask
from mrelevance.registration.correction import correct_patient
from mrelevance.registration.coverage import covered_share, covered_voxels, fill_uncovered
from mrelevance.registration.spline import displacement_field
from mrelevance.runtime.images import image_like, read_image, to_array

FAST = SETTINGS | {
    "levels": [{"resolution_mm": 8, "control_spacing_mm": 80, "iterations": 5}],
    "rigid": {"resolutions_mm": [8], "iterations": 20},
}
# Parts of the 32 slices, 56 rows and 64 columns of the image: x, y and z as SimpleITK slices them.
PARTS = {
    "half of the slices": np.s_[:, :, 16:],
    "6 of 36 slices": np.s_[:, :, 13:19],
    "half of the body": np.s_[:32, :, :],
    "all": np.s_[:, :, :],
}


def test_voxels_beyond_the_moving_image_are_not_covered():
    fixed = sequence("A", empty_image())
    field = displacement_field(sitk.TranslationTransform(3, (0.0, 0.0, 9.0)), fixed)
    covered = covered_voxels(fixed[:, :, 16:], field)
    assert covered[14:30].all() and not covered[:13].any() and not covered[30:].any()
    assert covered.shape == to_array(fixed).shape


def test_share_of_an_empty_mask_is_unknown():
    covered = np.zeros((2, 2, 2), bool)
    covered[0] = True
    assert covered_share(covered, np.ones_like(covered)) == 0.5
    assert np.isnan(covered_share(covered, np.zeros_like(covered)))


def test_uncovered_voxels_take_the_median_of_the_covered_body():
    values = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    covered, body = np.ones((2, 3, 4, 5), bool)
    covered[2], body[0] = False, False
    filled = to_array(fill_uncovered(sitk.GetImageFromArray(values), covered, body))
    assert (filled[:2] == values[:2]).all() and (filled[2] == np.median(values[1])).all()


@pytest.fixture(scope="module")
def fixed():
    return sequence("A", empty_image())


@pytest.fixture(scope="module")
def label(fixed):
    """One lesion in the upper half, one twice as large in the lower half."""
    drawn = np.zeros(fixed.GetSize()[::-1], np.uint8)
    drawn[20:22, 26:30, 40:44], drawn[8:12, 26:30, 40:44] = 1, 2
    return image_like(drawn, fixed)


def corrected(fixed, label, part, method, orientation="LPS"):
    moving = stored(sequence("B", empty_image())[part], orientation)
    patient = PatientImages("p", {"A": fixed, "B": moving}, "A", label)
    return correct_patient(patient, FAST | {"method": method})


@pytest.mark.parametrize("method", ["none", "rigid", "deformable"])
@pytest.mark.parametrize("part", ["half of the slices", "6 of 36 slices", "half of the body"])
def test_partial_coverage_is_measured_flagged_and_not_filled_with_copies(
    fixed, label, part, method
):
    found = corrected(fixed, label, PARTS[part], method)["B"]
    covered, image = to_array(found.coverage) > 0, to_array(found.image)
    body = body_mask(fixed)
    expected = np.zeros(fixed.GetSize(), bool)
    expected[PARTS[part]] = True
    expected = expected.T
    # These images lie in their place: what moves is at most a voxel.
    assert np.mean(covered != expected) < (0.001 if method == "none" else 0.07)
    assert found.measures.coverage == covered[body].mean()
    assert found.measures.lesion_coverage == covered[to_array(label) > 0].mean()
    assert found.flag == "failed" and found.reason.startswith(
        f"covers {found.measures.coverage:.0%} of the body"
        if found.measures.coverage < 0.5
        else "covers"
    )
    assert len(np.unique(image[~covered])) == 1
    assert image[~covered][0] == pytest.approx(np.median(image[covered & body]))


def test_whole_coverage_changes_nothing(fixed, label):
    found = corrected(fixed, label, PARTS["all"], "none")["B"]
    assert found.measures.coverage == found.measures.lesion_coverage == 1
    assert (to_array(found.coverage) == 1).all() and found.flag == "good"
    unlabelled = corrected(fixed, None, PARTS["all"], "none")["B"]
    assert np.isnan(unlabelled.measures.lesion_coverage) and unlabelled.flag == "good"


def test_low_coverage_does_not_give_up_a_good_registration(fixed, label):
    found = corrected(fixed, label, PARTS["half of the slices"], "deformable")["B"]
    whole = corrected(fixed, label, PARTS["all"], "deformable")["B"]
    assert found.method == whole.method
    assert found.measures.lesion_coverage == pytest.approx(1 / 3)


@pytest.mark.parametrize("orientation", STORED)
def test_coverage_does_not_depend_on_how_images_are_stored(fixed, label, orientation):
    part = PARTS["half of the slices"]
    expected = corrected(fixed, label, part, "rigid")["B"]
    found = corrected(stored(fixed, orientation), stored(label, orientation), part, "rigid", "RAS")
    assert found["B"].measures.coverage == pytest.approx(expected.measures.coverage, abs=1e-3)
    turned = to_array(stored(found["B"].coverage, "LPS"))
    assert np.mean(turned != to_array(expected.coverage)) < 1e-3


@pytest.mark.parametrize("part", [np.s_[:, :, :45], np.s_[:, :, 36:53], np.s_[:45]])
def test_parts_of_a_real_head(part):
    """Multiple sclerosis, 2 mm: T2 with half of the slices, 17 of 91, or one side of the head."""
    folder = DATA / "open-ms/patient07"
    if not folder.exists():
        not_tested(f"{folder} is not there: coverage of a real head is not tested")
    images = {}
    for name in ("FLAIR", "T2"):
        image = sitk.Cast(read_image(folder / f"{name}.nii.gz"), sitk.sitkFloat32)
        images[name] = sitk.BinShrink(image, [2, 2, 2])
    body = body_mask(images["FLAIR"])
    lesions = read_image(folder / "lesions.nii.gz")
    drawn = sitk.Resample(lesions, images["FLAIR"], sitk.Transform(), sitk.sitkNearestNeighbor)
    images["T2"] = images["T2"][part]
    patient = PatientImages("07", images, "FLAIR", drawn)
    found = correct_patient(patient, FAST | {"method": "none"})["T2"]
    share = body.T[part].sum() / body.sum()
    assert found.measures.coverage == pytest.approx(share, abs=0.01) and share < 0.6
    assert found.flag in ("check", "failed") and "covers" in found.reason
    covered = to_array(found.coverage) > 0
    assert found.measures.lesion_coverage == covered[to_array(drawn) > 0].mean()
    assert len(np.unique(to_array(found.image)[~covered])) == 1
