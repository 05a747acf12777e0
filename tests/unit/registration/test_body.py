"""The body is found in images of any contrast and background."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import anatomy, empty_image, noisy, world

from mrelevance.registration.body import body_mask


@pytest.fixture(scope="module")
def truth():
    return anatomy(world(empty_image()), "A") > 0.5


def overlap(mask, truth):
    return 2 * (mask & truth).sum() / (mask.sum() + truth.sum())


@pytest.mark.parametrize("contrast", ["A", "B"])
@pytest.mark.parametrize("noise", [0.02, 0.15])
def test_body_in_noisy_air(truth, contrast, noise):
    grid = empty_image()
    image = noisy(anatomy(world(grid), contrast), grid, noise)
    # A surface that lies a whole voxel off would give 0.93.
    assert overlap(body_mask(image), truth) > 0.95


def test_scale_and_offset_of_intensities_do_not_matter(truth):
    grid = empty_image()
    image = noisy(anatomy(world(grid), "A"), grid)
    assert overlap(body_mask(image * 1000 - 12345), body_mask(image)) > 0.999


@pytest.mark.parametrize("background", [0.0, -1024.0])
def test_masked_background_gives_exactly_the_rest(truth, background):
    grid = empty_image()
    array = sitk.GetArrayFromImage(noisy(anatomy(world(grid), "B"), grid))
    array[~truth] = background
    image = sitk.GetImageFromArray(array)
    assert overlap(body_mask(image), truth) > 0.999


def test_dark_organs_inside_belong_to_the_body():
    grid = empty_image()
    points = world(grid)
    signal = anatomy(points, "A")
    lung = np.linalg.norm((points - [40, 10, 60]) / [30, 40, 60], axis=-1) < 1
    signal[lung] = 0
    mask = body_mask(noisy(signal, grid))
    assert mask[lung].all()


def test_small_things_beside_the_body_do_not_belong_to_it(truth):
    grid = empty_image()
    signal = anatomy(world(grid), "A")
    signal[10:20, 2:5, 2:6] = 2
    assert not body_mask(noisy(signal, grid))[10:20, 2:5, 2:6].any()
