"""All sequences end on the grid of the fixed one, never less similar to it than before."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import SETTINGS, displacement, empty_image, oblique_image, sequence, world

from mrelevance.cohort.patient import PatientImages
from mrelevance.registration.correction import correct_patient
from mrelevance.registration.quality import quality_table
from mrelevance.registration.resampling import resample
from mrelevance.registration.spline import displacement_field
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import check_same_geometry


@pytest.fixture(scope="module")
def images():
    return {
        "moved": sequence("B", oblique_image(), 12),
        "fixed": sequence("A", empty_image()),
    }


@pytest.fixture(scope="module")
def patient(images):
    return PatientImages("p", images, "fixed")


@pytest.fixture(scope="module")
def corrected(patient):
    return correct_patient(patient, SETTINGS)


def test_every_sequence_lies_on_the_grid_of_the_fixed_one(images, corrected):
    assert list(corrected) == ["moved", "fixed"]
    for correction in corrected.values():
        check_same_geometry(correction.image, images["fixed"], "corrected")
        assert correction.image.GetPixelID() == sitk.sitkFloat32


def test_fixed_sequence_is_a_copy(images, corrected):
    assert corrected["fixed"].method == "fixed"
    assert np.array_equal(
        sitk.GetArrayFromImage(corrected["fixed"].image),
        sitk.GetArrayFromImage(images["fixed"]),
    )


def test_corrected_image_shows_the_anatomy_of_the_fixed_one(images, corrected):
    still = sitk.GetArrayFromImage(sequence("B", empty_image(), noise=0.0))
    inside = still > 50
    before = sitk.GetArrayFromImage(sitk.Resample(images["moved"], images["fixed"]))
    after = sitk.GetArrayFromImage(corrected["moved"].image)
    correlations = [np.corrcoef(still[inside], one[inside])[0, 1] for one in (before, after)]
    assert correlations[1] > 0.97 > 0.9 > correlations[0]


def test_stored_transform_gives_the_image(images, corrected):
    again = sitk.Resample(
        images["moved"], images["fixed"], corrected["moved"].transform, sitk.sitkLinear
    )
    ours = sitk.GetArrayFromImage(corrected["moved"].image)
    difference = np.abs(sitk.GetArrayFromImage(again) - ours)
    assert np.mean(difference[8:24, 10:46, 12:52] < 0.01) > 0.999


def test_numbers_of_a_deformation(images, corrected):
    moved = corrected["moved"].measures
    assert corrected["moved"].method == "deformable" and moved.folded_share == 0
    assert 0 < moved.similarity_before < moved.similarity_after < 1
    true = np.linalg.norm(displacement(world(images["fixed"]), 12), axis=-1)
    assert 0.8 * np.median(true) < moved.displacement_mean_mm < moved.displacement_p95_mm < 14


@pytest.mark.parametrize(("method", "result"), [("rigid", "rigid"), ("none", "identity")])
def test_other_methods(images, method, result):
    moved = correct_patient(PatientImages("p", images, "fixed"), SETTINGS | {"method": method})[
        "moved"
    ]
    assert moved.method == result
    measures = moved.measures
    assert (measures.similarity_after > measures.similarity_before) == (method == "rigid")
    assert (measures.displacement_mean_mm > 0) == (method == "rigid")


def test_image_in_its_best_place_stays_there():
    image = sequence("A", empty_image())
    settings = SETTINGS | {"method": "rigid"}
    twice = PatientImages("p", {"fixed": image, "same": image}, "fixed")
    same = correct_patient(twice, settings)["same"]
    assert same.method == "identity" and same.measures.displacement_p95_mm == 0
    assert same.measures.similarity_after == same.measures.similarity_before


def test_folded_deformation_gives_way_to_a_rigid_motion(images):
    """Without bending energy and with narrow control points the spline folds."""
    loose = [{"resolution_mm": 8, "control_spacing_mm": 12, "iterations": 60}]
    settings = SETTINGS | {"levels": loose, "bending_energy": 0}
    moved = correct_patient(PatientImages("p", images, "fixed"), settings)["moved"]
    assert moved.method == "rigid" and moved.measures.folded_share == 0


def test_resampling_outside_the_field_of_view_repeats_the_nearest_voxel(images):
    still = displacement_field(sitk.Transform(3, sitk.sitkIdentity), images["fixed"])
    upper = images["fixed"][:, :, 16:] - 10.0
    for interpolation in ("linear", "bspline"):
        array = sitk.GetArrayFromImage(resample(upper, images["fixed"], still, interpolation))
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
    bad = {"moved": fault(images["moved"]), "fixed": images["fixed"]}
    with pytest.raises(InputError, match=f"patient p, sequence moved: .*{message}"):
        correct_patient(PatientImages("p", bad, "fixed"), SETTINGS)


@pytest.mark.parametrize("method", ["deformable", "rigid", "none"])
def test_an_image_without_structure_where_it_overlaps_has_failed(images, method):
    """Its only structure lies outside of the body in the fixed sequence."""
    flat = images["fixed"] * 0 + 4
    flat[0, 0, 0] = 9
    bad = {"moved": flat, "fixed": images["fixed"]}
    found = correct_patient(PatientImages("p", bad, "fixed"), SETTINGS | {"method": method})
    assert found["moved"].flag == "failed" and found["moved"].reason


def _far(image):
    far = sitk.Image(image)
    far.SetOrigin((4000.0, 0.0, 0.0))
    return far


def test_errors_without_truth_are_not_available(patient, corrected):
    table = quality_table(patient, corrected, None)
    assert table["sequence"].tolist() == ["moved"]
    assert table.filter(regex="error_(before|after)").isna().all(axis=None)
