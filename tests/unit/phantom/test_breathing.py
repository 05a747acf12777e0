import numpy as np
import pytest
from helpers.phantom_study import FIXED, SEQUENCES, SETTINGS

from mrelevance.phantom.anatomy import Cavity
from mrelevance.phantom.breathing import draw_breathing
from mrelevance.phantom.settings import check_settings

CAVITY = Cavity(130, 88)
CENTRE = np.array((0.0, 0.0, -45.0))
AXES = [np.linspace(-75, 75, 31), np.linspace(-115, 115, 47), np.linspace(-160, 160, 65)]
POINTS = np.stack(np.meshgrid(*AXES, indexing="ij")).astype(np.float32)
DEEP = CAVITY.distance(POINTS[1], POINTS[2]) < -12


def draw(rng, **changes):
    settings = check_settings(SETTINGS | changes, SEQUENCES, FIXED)
    return draw_breathing(settings, CAVITY, CENTRE, rng)


@pytest.fixture(scope="module")
def states():
    rng = np.random.default_rng(2)
    return [draw(rng) for _ in range(5)]


def test_undo_is_the_inverse(states):
    # Away from the jump at the wall, to whose two sides a point may belong after rounding.
    near = np.abs(CAVITY.distance(POINTS[1], POINTS[2])) < 0.5
    for state in (s for patient in states for s in patient.values()):
        back = state.undo(state.move(POINTS))
        assert np.abs(back - POINTS)[:, ~near].max() < 0.01


def test_peak_is_cranio_caudal_and_within_the_limits(states):
    for patient in states:
        peaks = {s: np.abs(v.displacement(POINTS)).max(axis=(1, 2, 3)) for s, v in patient.items()}
        assert (peaks.pop(FIXED) == 0).all()
        for z, y, x in peaks.values():
            assert 4.9 < z <= 15
            assert max(y, x) < 0.4 * z
        assert max(peaks, key=lambda s: peaks[s][0]) == "T2"


def test_map_is_invertible_where_it_is_smooth(states):
    spacing = [axis[1] - axis[0] for axis in AXES]
    for state in (s for patient in states for s in patient.values()):
        gradient = np.array([np.gradient(u, *spacing) for u in state.displacement(POINTS)])
        jacobian = np.linalg.det(np.moveaxis(gradient, (0, 1), (3, 4)) + np.eye(3))
        assert jacobian[DEEP].min() > 0.5


def test_organs_slide_along_the_wall(states):
    state = states[0]["T2"]
    # Two points on either side of the wall on the patient's right, 2 mm apart.
    inside, outside = (state.displacement(np.array((0.0, 0.0, -130 + d))) for d in (1, -1))
    assert abs(inside[0]) > 3
    assert outside[0] == 0
    np.testing.assert_allclose(inside[1:], outside[1:], atol=0.2)
    # Nothing crosses the wall: what was inside is inside, seen from the moved wall.
    moved_wall = state.move(np.array((0.0, 0.0, -130.0)))
    assert state.move(np.array((0.0, 0.0, -129.0)))[2] > moved_wall[2]


def test_spine_rests(states):
    for patient in states:
        for state in patient.values():
            moved = state.displacement(np.array((0.0, 80.0, 0.0)))
            assert np.abs(moved).max() < 1.5


def test_no_motion_on_request():
    rng = np.random.default_rng(0)
    still = draw(rng, motion_mm=[0, 0])
    assert all((state.displacement(POINTS) == 0).all() for state in still.values())
