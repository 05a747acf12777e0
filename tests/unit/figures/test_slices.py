import numpy as np
from helpers.volumes import SHAPE, SPACING

from mrelevance.figures.slices import bar_length_mm, crop_around, largest_slice


def test_largest_slice(lesion):
    assert largest_slice(lesion) == 2


def test_crop_holds_the_lesion_and_stays_inside(lesion):
    rows, columns = crop_around(lesion[2], SPACING[1:], 60)
    assert (rows, columns) == (slice(12, 32), slice(22, 42))
    corner = np.zeros(SHAPE[1:], bool)
    corner[0, 59] = True
    rows, columns = crop_around(corner, SPACING[1:], 60)
    assert (rows, columns) == (slice(0, 20), slice(40, 60))
    wide = np.ones(SHAPE[1:], bool)
    assert crop_around(wide, SPACING[1:], 60) == (slice(0, 50), slice(0, 60))


def test_scale_bar_is_a_round_quarter():
    assert [bar_length_mm(width) for width in (336, 120, 60, 2)] == [100, 20, 10, 1]
