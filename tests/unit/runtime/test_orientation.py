"""Every grid is turned to the axes of the patient without moving a voxel."""

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import world
from helpers.orientations import DIRECTIONS, STORED, grid, stored

from mrelevance.runtime.images import image_like, to_array
from mrelevance.runtime.orientation import canonical, direction_of, nearest_axes, turned_like


def voxels_by_place(image):
    """Values by rounded world coordinates."""
    places = np.round(world(image).reshape(-1, 3), 4) + 0.0
    return dict(zip(map(tuple, places), to_array(image).ravel().tolist(), strict=True))


def noise_on(empty):
    values = np.random.default_rng(0).normal(size=empty.GetSize()[::-1])
    return image_like(values.astype(np.float32), empty)


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
def test_voxels_keep_their_places_and_axes_run_like_the_patients(direction):
    image = noise_on(grid(direction))
    turned = canonical(image)
    assert voxels_by_place(turned) == voxels_by_place(image)
    cosines = np.reshape(turned.GetDirection(), (3, 3))
    assert (cosines.argmax(axis=0) == [0, 1, 2]).all() and (np.diag(cosines) > 0.7).all()
    back = turned_like(turned, image)
    assert (to_array(back) == to_array(image)).all()
    assert back.GetDirection() == pytest.approx(image.GetDirection())
    assert back.GetOrigin() == pytest.approx(image.GetOrigin())


def test_an_image_in_canonical_orientation_is_returned_as_it_is():
    image = noise_on(grid(DIRECTIONS["LPS"]))
    assert canonical(image) is image


def test_all_48_orientations_of_an_oblique_grid_are_one():
    """Also where two axes are almost as near to one axis of the patient."""
    transform = sitk.Euler3DTransform()
    transform.SetRotation(0.72, 0.3, -0.6)
    tilted = np.reshape(transform.GetMatrix(), (3, 3))
    expected = None
    for order, signs in product(permutations(range(3)), product([1, -1], repeat=3)):
        direction = tilted[:, order] * signs
        axes, flips = nearest_axes(direction.ravel().tolist())
        turned = direction[:, axes] * np.where(flips, -1, 1)
        expected = turned if expected is None else expected
        np.testing.assert_array_equal(turned, expected)


@pytest.mark.parametrize("orientation", STORED)
def test_channels_turn_together(orientation):
    image = stored(noise_on(grid(DIRECTIONS["oblique"])), orientation)
    both = sitk.JoinSeries([image, image + 1])
    turned = canonical(both)
    single = canonical(image)
    assert direction_of(turned) == pytest.approx(single.GetDirection())
    np.testing.assert_array_equal(to_array(turned), [to_array(single), to_array(single + 1)])
    np.testing.assert_array_equal(to_array(turned_like(turned, both)), to_array(both))
