"""Channels come in order, on one grid, cropped to the body; geometry and lesions stay."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import empty_image, sequence, world
from helpers.orientations import STORED, stored

from mrelevance.cohort.patient import PatientImages
from mrelevance.preprocessing.patient import body_box, preprocess_patient
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import first_channel, image_like, to_array

SEQUENCES = ["B", "A"]


@pytest.fixture(scope="module")
def images():
    return {name: sequence(name, empty_image()) for name in "AB"}


@pytest.fixture(scope="module")
def label():
    points = world(empty_image())
    drawn = np.zeros(points.shape[:3], np.uint8)
    drawn[np.linalg.norm(points - [30, 20, 10], axis=-1) < 15] = 1
    drawn[np.linalg.norm(points - [-40, 0, 30], axis=-1) < 10] = 2
    image = sitk.GetImageFromArray(drawn)
    image.CopyInformation(empty_image())
    return image


def run(images, label, spacing=None, margin=8, covered=None):
    """Image, label and channels; `covered` is a (C, D, H, W) mask."""
    done = preprocessed(images, label, spacing, margin, covered)
    return done.image, done.label, done.channels


def preprocessed(images, label, spacing=None, margin=8, covered=None):
    in_order = {name: images[name] for name in SEQUENCES}
    patient = PatientImages("p", in_order, "A", label)
    if covered is None:
        covered = np.ones((2, *images["A"].GetSize()[::-1]), bool)
    coverage = image_like(covered, images["A"])
    return preprocess_patient(patient, coverage, {"spacing_mm": spacing, "margin_mm": margin})


def test_channels_in_the_configured_order(images, label):
    image, _, channels = run(images, label)
    assert channels["sequences"] == SEQUENCES and channels["fixed_sequence"] == "A"
    for index, name in enumerate(SEQUENCES):
        start, size = channels["crop"]["start"], channels["crop"]["size"]
        box = tuple(slice(a, a + n) for a, n in zip(start[::-1], size[::-1], strict=True))
        raw, scored = to_array(images[name])[box], to_array(image)[index]
        inside = scored != 0
        normal = channels["normalisation"][name]
        expected = (raw[inside] - normal["centre"]) / normal["scale"]
        assert np.abs(scored[inside] - expected).max() < 1e-4


def test_background_is_the_same_in_every_channel(images, label):
    array = to_array(run(images, label)[0])
    assert np.mean((array[0] == 0) != (array[1] == 0)) < 1e-3
    assert 0.1 < np.mean(array[0] == 0) < 0.6


@pytest.mark.parametrize("spacing", [None, [3.0, 3.0, 3.0]])
def test_geometry_and_lesions_stay(images, label, spacing):
    image, drawn, channels = run(images, label, spacing)
    assert first_channel(image).GetOrigin() == pytest.approx(drawn.GetOrigin())
    assert image.GetSize()[:3] == drawn.GetSize() == tuple(channels["crop"]["size"])
    points = world(drawn)
    for lesion, centre, radius in [(1, [30, 20, 10], 15), (2, [-40, 0, 30], 10)]:
        inside = to_array(drawn) == lesion
        assert points[inside].mean(axis=0) == pytest.approx(centre, abs=1)
        volume = inside.sum() * np.prod(drawn.GetSpacing())
        assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.1)
    if spacing:
        assert channels["spacing_mm"] == spacing


def test_crop_keeps_the_body_and_the_margin(images, label):
    wide, narrow = (run(images, label, margin=margin)[2]["crop"] for margin in (8, 0))
    assert wide["size"][0] == narrow["size"][0] + 4 and wide["start"][0] == narrow["start"][0] - 2
    assert narrow["size"][0] * 4 == pytest.approx(224, abs=12)


def test_blur_of_a_coarser_grid_does_not_widen_a_masked_body(images, label):
    inside = to_array(images["A"]) > 50
    masked = {}
    for name, image in images.items():
        masked[name] = sitk.GetImageFromArray(np.where(inside, to_array(image), 0))
        masked[name].CopyInformation(image)
    image, _, _ = run(masked, label, [8.0, 8.0, 9.0])
    volume = np.count_nonzero(to_array(image)[0]) * 8 * 8 * 9
    assert volume == pytest.approx(np.count_nonzero(inside) * 4 * 4 * 4.5, rel=0.03)


def test_lesion_lost_by_a_coarse_grid_is_reported(images, label, caplog):
    tiny = to_array(label)
    tiny[16, 28, 29] = 3
    small = sitk.GetImageFromArray(tiny)
    small.CopyInformation(label)
    run(images, small, [9.0, 9.0, 9.0])
    assert "patient p: lesions 3 are smaller than a voxel" in caplog.text


def test_box_ends_at_the_border():
    body = np.zeros((5, 6, 7), bool)
    body[0:2, 3, 4] = True
    assert body_box(body, np.array([1, 2, 3])) == ([3, 1, 0], [3, 5, 5])


def test_other_grids_are_refused(images, label):
    elsewhere = sitk.Image(label)
    elsewhere.SetOrigin((0.0, 0.0, 0.0))
    with pytest.raises(InputError, match="patient p, label"):
        run(images, elsewhere)
    shifted = sitk.Image(images["B"])
    shifted.SetSpacing((4.0, 4.0, 4.6))
    with pytest.raises(InputError, match="patient p, sequence B"):
        run(images | {"B": shifted}, label)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("spacing", [None, [3.0, 4.0, 6.0]])
def test_how_a_patient_is_stored_does_not_matter(images, label, orientation, spacing):
    """Channels reach the network along the patient's axes, with the same values."""
    covered = np.ones((2, *label.GetSize()[::-1]), bool)
    covered[0, :10] = False
    expected = preprocessed(images, label, spacing, covered=covered)
    coverage = stored(image_like(covered[0], label), orientation)
    found = preprocessed(
        {name: stored(image, orientation) for name, image in images.items()},
        stored(label, orientation),
        spacing,
        covered=np.stack([to_array(coverage) > 0, np.ones(coverage.GetSize()[::-1], bool)]),
    )
    for name in ("image", "coverage", "label"):
        one, other = getattr(expected, name), getattr(found, name)
        np.testing.assert_allclose(to_array(other), to_array(one), atol=1e-5)
        assert other.GetOrigin() == pytest.approx(one.GetOrigin())
        assert other.GetSpacing() == pytest.approx(one.GetSpacing())
    if spacing:
        assert found.channels["spacing_mm"] == spacing


def test_what_a_sequence_does_not_cover_is_the_median_of_what_it_does(images, label):
    covered = np.ones((2, *label.GetSize()[::-1]), bool)
    covered[0, :12] = False
    # Whatever stands there: it must not count.
    junk = {"A": images["A"], "B": sitk.Image(images["B"])}
    junk["B"][:, :, :12] = 1e6
    done = preprocessed(junk, label, covered=covered)
    box = done.channels["crop"]
    cut = tuple(
        slice(first, first + count)
        for first, count in zip(box["start"][::-1], box["size"][::-1], strict=True)
    )
    np.testing.assert_array_equal(to_array(done.coverage), covered[(slice(None), *cut)])
    scored = to_array(done.image)
    assert (scored[0][~covered[0][cut]] == 0).all() and np.abs(scored[0]).max() < 20
    inside = scored[0][(scored[1] != 0) & covered[0][cut]]
    assert np.median(inside) == pytest.approx(0, abs=1e-3)
    whole = preprocessed(images, label)
    np.testing.assert_array_equal(scored[1], to_array(whole.image)[1])


def test_a_sequence_that_covers_nothing_of_the_body_is_refused(images, label):
    covered = np.ones((2, *label.GetSize()[::-1]), bool)
    covered[0] = False
    with pytest.raises(InputError, match="patient p, sequence B: covers nothing of the body in A"):
        preprocessed(images, label, covered=covered)
