import numpy as np
import pytest
import SimpleITK as sitk

from mrelevance.attribution.baselines import baseline_image, inpaint, stretched_onto
from mrelevance.runtime.errors import InputError


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


def test_zero_baseline_is_the_median_of_the_body(image, lesions):
    assert not baseline_image("zero", image, lesions, "P01").any()


def test_unknown_baseline_is_an_error(image, lesions):
    with pytest.raises(
        InputError, match="'blurred' is unknown; choose inpainted, zero or shuffled"
    ):
        baseline_image("blurred", image, lesions, "P01")


def sequences_of(array: np.ndarray, direction: tuple | None = None) -> sitk.Image:
    """4D image of channels (C, D, H, W), its axes pointing as `direction` (3 x 3) says."""
    channels = [sitk.GetImageFromArray(channel.astype(np.float32)) for channel in array]
    for channel in channels:
        channel.SetDirection(direction or (1, 0, 0, 0, 1, 0, 0, 0, 1))
    return sitk.JoinSeries(channels)


def test_another_patients_image_takes_this_patients_place(image, lesions):
    donor = np.full_like(image, 7)
    assert baseline_image("shuffled", image, lesions, "P01", donor) is donor
    with pytest.raises(InputError, match="patient P01: baseline shuffled needs another patient"):
        baseline_image("shuffled", image, lesions, "P01")


def test_a_donor_of_the_same_size_is_taken_as_it_is(image):
    given = sequences_of(image)
    assert (stretched_onto(given, given) == image).all()


def test_a_donors_box_is_stretched_onto_the_patients():
    ramp = np.broadcast_to(np.arange(8.0), (2, 4, 6, 8))
    stretched = stretched_onto(sequences_of(ramp), sequences_of(np.zeros((2, 8, 5, 16))))
    assert stretched.shape == (2, 8, 5, 16)
    middle = stretched[1, 3, 2]
    np.testing.assert_allclose(middle[1:-1], np.arange(0.25, 7, 0.5), atol=1e-6)


def test_a_donor_stored_the_other_way_round_is_turned(image):
    rng = np.random.default_rng(0)
    stored = rng.normal(size=(2, 4, 5, 6))
    flipped = sequences_of(stored[:, :, ::-1, ::-1], (-1, 0, 0, 0, -1, 0, 0, 0, 1))
    np.testing.assert_allclose(stretched_onto(flipped, sequences_of(stored)), stored, atol=1e-6)
