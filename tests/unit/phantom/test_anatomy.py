import numpy as np
import pytest
from helpers.phantom_study import FIXED, SEQUENCES, SETTINGS
from scipy import ndimage

from mrelevance.phantom.acquisition import make_grids
from mrelevance.phantom.anatomy import TISSUE_LABEL, build_anatomy
from mrelevance.phantom.settings import check_settings
from mrelevance.phantom.vessels import choose_landmarks, grow_tree, paint_vessels

_, FINE = make_grids(check_settings(SETTINGS, SEQUENCES, FIXED))


@pytest.fixture(scope="module")
def people():
    result = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        anatomy = build_anatomy(FINE, rng)
        result.append((anatomy, paint_vessels(anatomy, FINE, rng)))
    return result


def test_every_organ_is_there(people):
    for anatomy, _ in people:
        assert set(np.unique(anatomy.labels)) == set(TISSUE_LABEL.values())


def test_livers_have_human_volume_and_are_whole(people):
    voxel_ml = np.prod(FINE.spacing) / 1000
    for anatomy, _ in people:
        liver = anatomy.liver_depth > 0
        assert 1200 < liver.sum() * voxel_ml < 2400
        parts, n = ndimage.label(liver)
        assert np.bincount(parts.ravel())[1:].max() > 0.99 * liver.sum(), n
        # On the patient's right, which is where x is negative.
        assert (np.argwhere(liver)[:, 2] < FINE.shape[2] / 2).mean() > 0.7


def test_liver_and_lungs_lie_inside_the_cavity(people):
    _, y, x = FINE.coordinates()
    for anatomy, _ in people:
        outside = np.broadcast_to(anatomy.cavity.distance(y, x) >= 0, FINE.shape)
        for tissue in ("liver", "lung", "spleen", "stomach contents", "bowel"):
            assert not (anatomy.labels[outside] == TISSUE_LABEL[tissue]).any()


def test_people_differ(people):
    (a, _), (b, _) = people[:2]
    assert (a.labels != b.labels).mean() > 0.02


def test_tree_reaches_every_territory_by_murrays_law():
    rng = np.random.default_rng(1)
    territories = rng.normal(0, 30, (25, 3))
    segments = grow_tree(np.array((0.0, 0.0, -60.0)), territories, 7, rng)
    ends = np.array([s.end for s in segments if not s.is_branching])
    assert sum(s.is_branching for s in segments) == 24
    np.testing.assert_allclose(np.sort(ends, axis=0), np.sort(territories, axis=0))
    for parent in (s for s in segments if s.is_branching):
        children = [s for s in segments if s.start is parent.end]
        assert len(children) == 2
        assert abs(sum(c.radius**3 for c in children) / parent.radius**3 - 1) < 1e-9


def test_landmarks_lie_on_vessels_and_apart(people):
    vessels = [TISSUE_LABEL["portal vein"], TISSUE_LABEL["hepatic vein"]]
    for anatomy, branchings in people:
        points = choose_landmarks(branchings, anatomy.labels, FINE, 30)
        assert len(points) == 30
        assert np.isin(anatomy.labels[FINE.nearest(points)], vessels).all()
        gaps = np.linalg.norm(points[:, None] - points[None], axis=2) + 99 * np.eye(30)
        assert gaps.min() >= 6
