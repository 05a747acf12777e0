"""The Jacobian determinant is the local change of volume, whatever the direction of the grid."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import world
from helpers.orientations import CENTRE, DIRECTIONS, grid

from mrelevance.registration.jacobian import folded_share, jacobian_determinant
from mrelevance.registration.spline import displacement_field

TURN = sitk.VersorTransform((1, 2, 3), np.deg2rad(17))
LINEAR = {
    "stretch": (np.diag([1.5, 1, 1]), 1.5),
    "fold": (np.diag([1, -0.2, 1]), -0.2),
    "scaling": (np.diag([1.1, 0.9, 1.2]), 1.1 * 0.9 * 1.2),
    "rotation": (
        np.reshape(sitk.VersorTransform((1, 2, 3), np.deg2rad(17)).GetMatrix(), (3, 3)),
        1,
    ),
    "shear": (np.array([[1.0, 0.4, -0.2], [0, 1, 0.7], [0.1, 0, 1.3]]), 1.3 + 0.028 + 0.02),
}


def field_of(displacement: np.ndarray, image: sitk.Image) -> sitk.Image:
    field = sitk.GetImageFromArray(displacement, isVector=True)
    field.CopyInformation(image)
    return field


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
@pytest.mark.parametrize(("matrix", "volume"), LINEAR.values(), ids=LINEAR)
def test_linear_maps_change_volume_by_their_determinant(direction, matrix, volume):
    """At every voxel, those at the border included."""
    image = grid(direction)
    moved = (world(image) - CENTRE) @ (matrix - np.eye(3)).T
    assert jacobian_determinant(field_of(moved, image)) == pytest.approx(volume, abs=1e-5)


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
def test_smooth_motion_against_differences_in_the_world(direction):
    """Determinants of a curved field, from its analytic derivatives."""
    image = grid(direction)
    x, y, z = np.moveaxis(world(image) / 40, -1, 0)
    moved = 5 * np.stack([np.sin(y), np.cos(x + z), np.sin(x * y)], axis=-1)
    zero = np.zeros_like(x)
    slope = (5 / 40) * np.stack(
        [
            np.stack([zero, np.cos(y), zero], axis=-1),
            np.stack([-np.sin(x + z), zero, -np.sin(x + z)], axis=-1),
            np.stack([y * np.cos(x * y), x * np.cos(x * y), zero], axis=-1),
        ],
        axis=-2,
    )
    expected = np.linalg.det(np.eye(3) + slope)
    inner = (slice(1, -1),) * 3
    found = jacobian_determinant(field_of(moved, image))
    np.testing.assert_allclose(found[inner], expected[inner], atol=2e-3)
    np.testing.assert_allclose(found, expected, atol=2e-2)


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
def test_a_spline_folds_the_same_share_in_every_orientation(direction):
    image = grid(direction)
    scaling = sitk.ScaleTransform(3, (-0.2, 1.0, 1.0))
    scaling.SetCenter(CENTRE.tolist())
    folded = displacement_field(scaling, image)
    left = world(image)[..., 0] < CENTRE[0]
    mixed = sitk.GetArrayFromImage(folded)
    mixed[~left] = 0
    mask = np.ones(left.shape, bool)
    deep = np.abs(world(image)[..., 0] - CENTRE[0]) > 8
    assert folded_share(field_of(mixed, image), mask & left & deep) == 1
    assert folded_share(field_of(mixed, image), mask & ~left & deep) == 0


def test_a_single_slice_has_no_derivative_across_it():
    image = grid(np.eye(3), size=(6, 6, 1))
    moved = (world(image) - CENTRE) * [0.5, 0, 0]
    assert jacobian_determinant(field_of(moved, image)) == pytest.approx(1.5)
