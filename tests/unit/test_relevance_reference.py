import numpy as np
import pytest

from mrelevance.errors import InputError
from mrelevance.relevance.reference import inpaint, reference_image


@pytest.fixture
def image() -> np.ndarray:
    """Two sequences that are constant but for a bright lesion and a cold far corner."""
    image = np.stack([np.full((20, 20, 20), 3.0), np.full((20, 20, 20), -1.0)]).astype(np.float32)
    image[:, 9:12, 9:12, 9:12] += 10
    image[:, :2, :2, :2] = -50
    return image


@pytest.fixture
def lesions() -> np.ndarray:
    lesions = np.zeros((20, 20, 20), bool)
    lesions[9:12, 9:12, 9:12] = True
    return lesions


def test_lesion_takes_the_median_of_its_surroundings_in_each_sequence(image, lesions):
    inpainted = inpaint(image, lesions, "P01")
    assert (inpainted[0, 7:14, 7:14, 7:14] == 3).all()
    assert (inpainted[1, 7:14, 7:14, 7:14] == -1).all()


def test_voxels_beyond_the_dilated_lesion_stay(image, lesions):
    inpainted = inpaint(image, lesions, "P01")
    outside = np.ones(lesions.shape, bool)
    outside[7:14, 7:14, 7:14] = False
    assert (inpainted[:, outside] == image[:, outside]).all()


def test_image_given_is_not_changed(image, lesions):
    before = image.copy()
    inpaint(image, lesions, "P01")
    assert (image == before).all()


def test_ring_keeps_out_of_a_neighbouring_lesion(image, lesions):
    # Apart when dilated (a gap of one plane), but within each other's ring of three voxels.
    lesions[9:12, 9:12, 17:20] = True
    image[:, 9:12, 9:12, 17:20] = 1000
    inpainted = inpaint(image, lesions, "P01")
    assert (inpainted[0, 9:12, 9:12] == 3).all()


def test_without_lesions_nothing_changes(image):
    assert (inpaint(image, np.zeros((20, 20, 20), bool), "P01") == image).all()


def test_lesion_at_the_border(image):
    lesions = np.zeros((20, 20, 20), bool)
    lesions[18:, 18:, 18:] = True
    image[:, 18:, 18:, 18:] = 99
    assert (inpaint(image, lesions, "P01")[0, 16:, 16:, 16:] == 3).all()


def test_tumour_that_fills_the_image_is_an_error(image):
    with pytest.raises(InputError, match="patient P01: tumour fills the image"):
        inpaint(image, np.ones((20, 20, 20), bool), "P01")


def test_zero_reference_is_the_median_of_the_body(image, lesions):
    assert not reference_image("zero", image, lesions, "P01").any()


def test_unknown_reference_is_an_error(image, lesions):
    with pytest.raises(InputError, match="'blurred' is unknown; choose inpainted or zero"):
        reference_image("blurred", image, lesions, "P01")
