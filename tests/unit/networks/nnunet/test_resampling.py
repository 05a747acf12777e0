"""Resampling against slow formulas: every new voxel by itself."""

from itertools import product

import numpy as np
import pytest
from helpers import nnunet

from mrelevance.networks.nnunet.resampling import Resampling, resample, through_plane

ISOTROPIC, THICK = (2.0, 2.0, 2.0), (8.0, 2.0, 2.0)


def random(shape=(2, 4, 5, 6)):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def place(index, before, after):
    """Where a new voxel lies on the old axis, within its first and last voxel."""
    return min(max((index + 0.5) * before / after - 0.5, 0), before - 1)


def linear(array, shape):
    """Trilinear interpolation, voxel by voxel."""
    result = np.zeros((len(array), *shape))
    for index in product(*map(range, shape)):
        where = [place(*of) for of in zip(index, array.shape[1:], shape, strict=True)]
        low = [int(np.floor(at)) for at in where]
        for corner in product((0, 1), repeat=3):
            voxel = tuple(
                min(at + step, n - 1)
                for at, step, n in zip(low, corner, array.shape[1:], strict=True)
            )
            weight = np.prod(
                [
                    abs(1 - step - (at - first))
                    for at, first, step in zip(where, low, corner, strict=True)
                ]
            )
            result[:, *index] += weight * array[:, *voxel]
    return result


def nearest(array, length, axis):
    """Nearest slices along an axis."""
    before = array.shape[axis]
    numbers = [int(np.floor(place(index, before, length) + 0.5)) for index in range(length)]
    return np.take(array, numbers, axis)


def splines(order, **arguments):
    return Resampling(nnunet.SPLINES, {"order": order, "force_separate_z": None} | arguments)


@pytest.mark.parametrize("how", [splines(1), Resampling(nnunet.TORCH, {})])
@pytest.mark.parametrize("shape", [(7, 3, 9), (2, 9, 6), (4, 5, 7)])
def test_linear_resampling_is_its_formula(how, shape):
    found = resample(random(), shape, ISOTROPIC, ISOTROPIC, how)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, linear(random(), shape), atol=1e-5)


@pytest.mark.parametrize("how", [splines(1), Resampling(nnunet.TORCH, {})])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_thick_slices_are_resampled_one_by_one(how, axis):
    array = random()
    shape = [7, 8, 9]
    spacing = [2.0, 2.0, 2.0]
    spacing[axis] = 8.0
    in_plane = list(shape)
    in_plane[axis] = array.shape[axis + 1]
    expected = nearest(linear(array, tuple(in_plane)), shape[axis], axis + 1)
    for before, after in ((spacing, ISOTROPIC), (ISOTROPIC, spacing)):
        found = resample(array, tuple(shape), tuple(before), tuple(after), how)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_cubic_splines_keep_a_wave_and_the_range():
    # Rising everywhere: at a maximum between two voxels, the range of the image would clip it.
    wave = np.sin(np.linspace(-1.5, 1.5, 40, dtype=np.float32))
    array = np.broadcast_to(wave, (1, 4, 4, 40))
    found = resample(array, (4, 4, 80), ISOTROPIC, ISOTROPIC, splines(3))
    places = (np.arange(80) + 0.5) / 2 - 0.5
    inner = slice(8, -8)
    expected = np.sin(places * 3 / 39 - 1.5)
    np.testing.assert_allclose(found[0, 2, 2, inner], expected[inner], atol=1e-4)
    noise = resample(random(), (9, 9, 9), ISOTROPIC, ISOTROPIC, splines(3))
    assert noise.max() <= random().max() and noise.min() >= random().min()


def test_nothing_happens_to_an_array_of_the_right_size():
    for how in (splines(3), Resampling(nnunet.TORCH, {})):
        assert np.array_equal(resample(random(), (4, 5, 6), THICK, ISOTROPIC, how), random())


def test_plans_may_leave_the_voxels_as_they_are():
    how = Resampling("no_resampling_hack", {})
    assert np.array_equal(resample(random(), (9, 9, 9), ISOTROPIC, ISOTROPIC, how), random())


@pytest.mark.parametrize(
    ("spacing", "new", "forced", "axis"),
    [
        (ISOTROPIC, ISOTROPIC, None, None),
        (THICK, ISOTROPIC, None, 0),
        (ISOTROPIC, THICK, None, 0),
        ((2.0, 1.0, 3.5), THICK, None, 2),
        ((6.0, 2.0, 2.0), ISOTROPIC, None, None),
        ((1.0, 8.0, 8.0), THICK, None, None),
        (THICK, ISOTROPIC, False, None),
        ((2.5, 2.0, 2.0), THICK[::-1], True, 0),
    ],
)
def test_slices_are_taken_across_the_one_longest_spacing(spacing, new, forced, axis):
    assert through_plane(spacing, new, forced) == axis
