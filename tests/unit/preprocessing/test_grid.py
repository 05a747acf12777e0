"""Resampling keeps everything in its place."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import empty_image, oblique_image, world

from mrelevance.preprocessing.grid import resample_image, resample_label, respaced


def corner(image, index):
    return np.array(image.TransformContinuousIndexToPhysicalPoint(index))


@pytest.mark.parametrize("make", [empty_image, oblique_image])
def test_field_of_view_stays(make):
    image = make()
    grid = respaced(image, [2.0, 2.5, 5.0])
    assert grid.GetSpacing() == (2.0, 2.5, 5.0)
    assert grid.GetDirection() == image.GetDirection()
    first = corner(grid, [-0.5] * 3) - corner(image, [-0.5] * 3)
    last = [
        corner(one, [n - 0.5 for n in one.GetSize()]) for one in (grid, image)
    ]  # both within half a voxel
    assert np.linalg.norm(first) <= np.linalg.norm([1, 1.25, 2.5])
    assert np.linalg.norm(last[0] - last[1]) <= np.linalg.norm([1, 1.25, 2.5])


def test_none_keeps_the_grid_and_every_value():
    image = sitk.GetImageFromArray(np.random.default_rng(0).normal(size=(32, 56, 64)))
    image.CopyInformation(empty_image())
    grid = respaced(image, None)
    assert grid.GetSize() == image.GetSize() and grid.GetOrigin() == pytest.approx(
        image.GetOrigin()
    )
    difference = sitk.GetArrayFromImage(resample_image(image, grid)) - sitk.GetArrayFromImage(image)
    assert np.abs(difference).max() < 1e-6


@pytest.mark.parametrize("spacing", [[2.0, 2.0, 2.0], [8.0, 8.0, 9.0]])
def test_linear_image_stays_linear(spacing):
    image = sitk.GetImageFromArray(world(oblique_image())[..., 1])
    image.CopyInformation(oblique_image())
    grid = respaced(image, spacing)
    inner = np.s_[4:-4, 4:-4, 4:-4]
    error = sitk.GetArrayFromImage(resample_image(image, grid)) - world(grid)[..., 1]
    assert np.abs(error[inner]).max() < 0.02


def test_coarser_grid_averages_noise_away():
    noise = sitk.GetImageFromArray(np.random.default_rng(0).normal(size=(60, 60, 60)))
    coarse = resample_image(noise, respaced(noise, [3.0, 3.0, 3.0]))
    assert sitk.GetArrayFromImage(coarse).std() < 0.3


def test_label_takes_no_new_values():
    label = sitk.GetImageFromArray((np.indices((12, 12, 12)).sum(0) // 6 * 5).astype(np.uint8))
    values = np.unique(sitk.GetArrayFromImage(resample_label(label, respaced(label, [1.5] * 3))))
    assert set(values) <= {0, 5, 10, 15, 20, 25}
