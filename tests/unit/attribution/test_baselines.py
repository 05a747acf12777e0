import numpy as np
import pytest
import SimpleITK as sitk

from mrelevance.attribution.baselines import baseline_image, inpaint, stretched_onto
from mrelevance.runtime.errors import InputError

CUBES = (3.0, 3.0, 3.0)


def everywhere(image):
    return np.ones(image.shape, bool)


def inpainted_by(image, lesions, spacing=CUBES, covered=None):
    covered = everywhere(image) if covered is None else covered
    return inpaint(image, lesions, "P01", spacing, covered)


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
    inpainted = inpainted_by(image, lesions)
    assert (inpainted[0, 7:14, 7:14, 7:14] == 3).all()
    assert (inpainted[1, 7:14, 7:14, 7:14] == -1).all()


def test_voxels_beyond_the_dilated_lesion_stay(image, lesions):
    inpainted = inpainted_by(image, lesions)
    outside = np.ones(lesions.shape, bool)
    outside[7:14, 7:14, 7:14] = False
    assert (inpainted[:, outside] == image[:, outside]).all()


def test_image_given_is_not_changed(image, lesions):
    before = image.copy()
    inpainted_by(image, lesions)
    assert (image == before).all()


def test_ring_keeps_out_of_a_neighbouring_lesion(image, lesions):
    # Apart when dilated (a gap of one plane), but within each other's ring of three voxels.
    lesions[9:12, 9:12, 17:20] = True
    image[:, 9:12, 9:12, 17:20] = 1000
    inpainted = inpainted_by(image, lesions)
    assert (inpainted[0, 9:12, 9:12] == 3).all()


def test_without_lesions_nothing_changes(image):
    assert (inpainted_by(image, np.zeros((20, 20, 20), bool)) == image).all()


def test_lesion_at_the_border(image):
    lesions = np.zeros((20, 20, 20), bool)
    lesions[18:, 18:, 18:] = True
    image[:, 18:, 18:, 18:] = 99
    assert (inpainted_by(image, lesions)[0, 16:, 16:, 16:] == 3).all()


def test_tumour_that_fills_the_image_is_an_error(image):
    with pytest.raises(InputError, match="patient P01: tumour fills the image"):
        inpainted_by(image, np.ones((20, 20, 20), bool))


def test_thick_slices_are_dilated_as_far_in_mm_as_in_the_plane(image, lesions):
    # Voxels of 2 x 2 x 6 mm have a mean edge of 2.9 mm: 2 of them are 3 voxels or 1 slice.
    inpainted = inpainted_by(image, lesions, spacing=(6.0, 2.0, 2.0))
    assert (inpainted != image)[0].sum() == 27
    image[:, 7:14, 7:14, 7:14] += 1
    changed = (inpainted_by(image, lesions, spacing=(6.0, 2.0, 2.0)) != image)[0]
    assert changed[8:13, 7:14, 7:14].all() and not changed[[7, 13]].any()


def test_order_of_the_axes_does_not_matter(image, lesions):
    image = np.random.default_rng(0).normal(size=image.shape).astype(np.float32)
    inpainted = inpainted_by(image, lesions, spacing=(6.0, 2.0, 3.0))
    turned = inpainted_by(
        image.transpose(0, 2, 3, 1)[:, ::-1],
        lesions.transpose(1, 2, 0)[::-1],
        spacing=(2.0, 3.0, 6.0),
    )
    assert (turned == inpainted.transpose(0, 2, 3, 1)[:, ::-1]).all()


def test_what_a_sequence_does_not_cover_is_no_surroundings_and_explains_nothing(image, lesions):
    covered = everywhere(image)
    covered[1, :, :, 10:] = False
    image[1, :, :, 10:] = 0
    given = image, lesions, "P01", CUBES, covered
    baseline = baseline_image("inpainted", *given)
    assert (baseline[1, 7:14, 7:14, 7:10] == -1).all()
    assert (baseline[0, 7:14, 7:14, 7:14] == 3).all()
    for kind in ("inpainted", "zero", "shuffled"):
        assert (baseline_image(kind, *given, np.full_like(image, 7)) == image)[~covered].all()


def test_a_sequence_that_covers_nothing_nearby_has_the_median_of_the_body(image, lesions):
    covered = everywhere(image)
    covered[1, 2:18, 2:18, 2:18] = False
    assert (inpainted_by(image, lesions, covered=covered)[1, 7:14, 7:14, 7:14] == 0).all()


def test_zero_baseline_is_the_median_of_the_body(image, lesions):
    assert not baseline_image("zero", image, lesions, "P01", CUBES, everywhere(image)).any()


def test_unknown_baseline_is_an_error(image, lesions):
    with pytest.raises(
        InputError, match="'blurred' is unknown; choose inpainted, zero or shuffled"
    ):
        baseline_image("blurred", image, lesions, "P01", CUBES, everywhere(image))


def sequences_of(array: np.ndarray, direction: tuple | None = None) -> sitk.Image:
    """4D image of channels (C, D, H, W), its axes pointing as `direction` (3 x 3) says."""
    channels = [sitk.GetImageFromArray(channel.astype(np.float32)) for channel in array]
    for channel in channels:
        channel.SetDirection(direction or (1, 0, 0, 0, 1, 0, 0, 0, 1))
    return sitk.JoinSeries(channels)


def test_another_patients_image_takes_this_patients_place(image, lesions):
    donor = np.full_like(image, 7)
    given = image, lesions, "P01", CUBES, everywhere(image)
    assert (baseline_image("shuffled", *given, donor) == donor).all()
    with pytest.raises(InputError, match="patient P01: baseline shuffled needs another patient"):
        baseline_image("shuffled", *given)


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
