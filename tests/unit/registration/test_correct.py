"""A patient's sequences end on the reference's grid, and never worse than they were."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import SETTINGS, displacement, empty_image, oblique_image, sequence, world

from mrelevance.registration.correct import correct_patient, resample
from mrelevance.registration.quality import quality_table
from mrelevance.registration.spline import displacement_field
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import check_same_geometry


@pytest.fixture(scope="module")
def images():
    return {
        "moved": sequence("B", oblique_image(), 12),
        "reference": sequence("A", empty_image()),
    }


@pytest.fixture(scope="module")
def corrected(images):
    return correct_patient(images, "reference", SETTINGS, "p")


def test_every_sequence_lies_on_the_grid_of_the_reference(images, corrected):
    assert list(corrected) == ["moved", "reference"]
    for correction in corrected.values():
        check_same_geometry(correction.image, images["reference"], "corrected")
        assert correction.image.GetPixelID() == sitk.sitkFloat32


def test_reference_is_a_copy(images, corrected):
    assert corrected["reference"].method == "reference"
    assert np.array_equal(
        sitk.GetArrayFromImage(corrected["reference"].image),
        sitk.GetArrayFromImage(images["reference"]),
    )


def test_corrected_image_shows_the_reference_anatomy(images, corrected):
    still = sitk.GetArrayFromImage(sequence("B", empty_image(), noise=0.0))
    inside = still > 50
    before = sitk.GetArrayFromImage(sitk.Resample(images["moved"], images["reference"]))
    after = sitk.GetArrayFromImage(corrected["moved"].image)
    correlations = [np.corrcoef(still[inside], one[inside])[0, 1] for one in (before, after)]
    assert correlations[1] > 0.97 > 0.9 > correlations[0]


def test_stored_transform_gives_the_image(images, corrected):
    again = sitk.Resample(
        images["moved"], images["reference"], corrected["moved"].transform, sitk.sitkLinear
    )
    ours = sitk.GetArrayFromImage(corrected["moved"].image)
    difference = np.abs(sitk.GetArrayFromImage(again) - ours)
    assert np.mean(difference[8:24, 10:46, 12:52] < 0.01) > 0.999


def test_numbers_of_a_deformation(images, corrected):
    moved = corrected["moved"]
    assert moved.method == "deformable" and moved.folded_share == 0
    assert 0 < moved.similarity_before < moved.similarity_after < 1
    true = np.linalg.norm(displacement(world(images["reference"]), 12), axis=-1)
    assert 0.8 * np.median(true) < moved.displacement_mean_mm < moved.displacement_p95_mm < 14


@pytest.mark.parametrize(("method", "result"), [("rigid", "rigid"), ("none", "identity")])
def test_other_methods(images, method, result):
    moved = correct_patient(images, "reference", SETTINGS | {"method": method}, "p")["moved"]
    assert moved.method == result
    assert (moved.similarity_after > moved.similarity_before) == (method == "rigid")
    assert (moved.displacement_mean_mm > 0) == (method == "rigid")


def test_image_in_its_best_place_stays_there():
    reference = sequence("A", empty_image())
    settings = SETTINGS | {"method": "rigid"}
    same = correct_patient({"r": reference, "s": reference}, "r", settings, "p")["s"]
    assert same.method == "identity" and same.displacement_p95_mm == 0
    assert same.similarity_after == same.similarity_before


def test_folded_deformation_gives_way_to_a_rigid_motion(images):
    """Without bending energy and with narrow control points the spline folds."""
    loose = [{"resolution_mm": 8, "control_spacing_mm": 12, "iterations": 60}]
    settings = SETTINGS | {"levels": loose, "bending_energy": 0}
    moved = correct_patient(images, "reference", settings, "p")["moved"]
    assert moved.method == "rigid" and moved.folded_share == 0


def test_resampling_outside_the_field_of_view_repeats_the_nearest_voxel(images):
    still = displacement_field(sitk.Transform(3, sitk.sitkIdentity), images["reference"])
    upper = images["reference"][:, :, 16:] - 10.0
    for interpolation in ("linear", "bspline"):
        array = sitk.GetArrayFromImage(resample(upper, images["reference"], still, interpolation))
        assert np.abs(array[:16] - array[16]).max() < 1e-3
        assert np.abs(array[16:] - sitk.GetArrayFromImage(upper)).max() < 1e-3


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda image: image * 0 + 4, "one value everywhere"),
        (lambda image: image / 0, "NaN or infinite"),
        (lambda image: _far(image), "no part of the body"),
    ],
)
def test_bad_images_are_named(images, fault, message):
    bad = {"moved": fault(images["moved"]), "reference": images["reference"]}
    with pytest.raises(InputError, match=f"patient p, sequence moved: .*{message}"):
        correct_patient(bad, "reference", SETTINGS, "p")


def _far(image):
    far = sitk.Image(image)
    far.SetOrigin((4000.0, 0.0, 0.0))
    return far


def test_quality_without_truth_is_not_available(corrected):
    table = quality_table("p", corrected, "reference", None)
    assert table["sequence"].tolist() == ["moved"]
    assert table.filter(like="error").isna().all(axis=None)
