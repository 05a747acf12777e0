"""Averaged images keep their place in the world."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from helpers.motion_pairs import empty_image, oblique_image, world

from mrelevance.registration.grid import make_grid, pool_mask


def x_coordinate(image):
    filled = sitk.GetImageFromArray(world(image)[..., 0].astype(np.float32))
    filled.CopyInformation(image)
    return filled


def test_factors_bring_each_axis_near_the_resolution():
    image = x_coordinate(empty_image((64, 30, 5), (1.0, 3.5, 4.0)))
    assert make_grid(image, 7, "cpu").factors.tolist() == [7, 2, 1]
    assert make_grid(image, 0.5, "cpu").factors.tolist() == [1, 1, 1]


@pytest.mark.parametrize("make", [empty_image, oblique_image])
def test_normalised_coordinates_meet_the_right_voxels(make):
    image = x_coordinate(make())
    grid = make_grid(image, 8, "cpu")
    matrix, offset = grid.normalised_from_world()
    points = world(image)[6:20, 8:20, 8:20].reshape(-1, 3)
    coordinates = torch.as_tensor(points @ matrix.T + offset, dtype=torch.float32)
    sampled = torch.nn.functional.grid_sample(
        grid.voxels[None, None], coordinates.reshape(1, -1, 1, 1, 3), align_corners=True
    ).flatten()
    # The image of x is linear, so that interpolating it gives x, standardised.
    slope, intercept = np.polyfit(points[:, 0], sampled.numpy(), 1)
    assert np.abs(sampled.numpy() - slope * points[:, 0] - intercept).max() < 1e-4
    assert slope == pytest.approx(1 / _blocks(image, grid).std(), rel=1e-3)


def _blocks(image, grid):
    index = np.stack(
        np.meshgrid(*[grid.full_index(axis) for axis in range(3)], indexing="ij"), axis=-1
    )
    return (index @ grid.to_world.T + grid.origin)[..., 0]


def test_mask_needs_half_of_a_block():
    image = x_coordinate(empty_image((8, 8, 8), (4.0, 4.0, 4.0)))
    mask = np.zeros((8, 8, 8), bool)
    mask[0, 0:2, 0:2] = True
    mask[4, 4, 4] = True
    pooled = pool_mask(mask, make_grid(image, 8, "cpu"))
    assert torch.nonzero(pooled).tolist() == [[0, 0, 0]]
