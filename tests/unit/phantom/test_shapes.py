import numpy as np

from mrelevance.phantom.shapes import Grid, capsule, ellipsoid, smooth_union, waves

GRID = Grid(*(np.arange(-40, 41, 2.0, dtype=np.float32) for _ in range(3)))


def test_ellipsoid_has_its_volume():
    inside = ellipsoid(GRID.coordinates(), (2.3, -4.7, 0.4), (30, 20, 25)) < 0
    expected = 4 / 3 * np.pi * 30 * 20 * 25
    assert abs(inside.sum() * 8 / expected - 1) < 0.01


def test_capsule_is_the_distance_to_a_line():
    distance = capsule(GRID.coordinates(), np.array((0, 0, -10)), np.array((0, 0, 10)), 5)
    at = {tuple(p): tuple(((np.array(p) + 40) / 2).astype(int)) for p in ((0, 12, 4), (6, 0, 18))}
    assert distance[at[0, 12, 4]] == 7
    assert distance[at[6, 0, 18]] == 5


def test_smooth_union_only_adds():
    a = ellipsoid(GRID.coordinates(), (0, 0, -12), (14, 14, 14))
    b = ellipsoid(GRID.coordinates(), (0, 0, 12), (14, 14, 14))
    union = smooth_union(a, b, 8)
    assert (union <= np.minimum(a, b) + 1e-4).all()
    far = np.abs(a - b) > 16
    np.testing.assert_allclose(union[far], np.minimum(a, b)[far], atol=1e-4)


def test_box_holds_the_points_between_its_corners():
    part, (z, y, x) = GRID.box((-5, 0, 3), (5, 10, 40))
    assert (z.min(), z.max(), y.min(), y.max(), x.min(), x.max()) == (-4, 4, 0, 10, 4, 40)
    assert GRID.points()[(slice(None), *part)].shape == (3, z.size, y.size, x.size)


def test_waves_have_unit_variance_and_the_wavelength_asked_for():
    rng = np.random.default_rng(0)
    fields = np.stack([waves(GRID.coordinates(), rng, (30, 40), 4) for _ in range(40)])
    assert abs(fields.std() - 1) < 0.1
    # A plane wave of length L changes by at most 2 pi / L of its amplitude per mm.
    steepest = np.abs(np.diff(fields, axis=3)).max() / 2
    assert steepest < 2 * np.pi / 30 * np.sqrt(2 * 4)
