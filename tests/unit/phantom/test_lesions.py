import numpy as np
import pytest
from helpers.phantom_study import FIXED, SEQUENCES, SETTINGS

from mrelevance.phantom.acquisition import make_grids
from mrelevance.phantom.anatomy import TISSUE_LABEL, build_anatomy
from mrelevance.phantom.lesions import draw_lesions, paint_lesions
from mrelevance.phantom.settings import LESION_TYPES, check_settings
from mrelevance.phantom.tissues import LESIONS

CHECKED = check_settings(SETTINGS, SEQUENCES, FIXED)
_, FINE = make_grids(CHECKED)
ANATOMY = build_anatomy(FINE, np.random.default_rng(5))


@pytest.fixture(scope="module")
def drawings():
    return [
        draw_lesions(ANATOMY, FINE, CHECKED, poor, np.random.default_rng([seed, poor]))
        for seed in range(30)
        for poor in (False, True)
    ]


def test_numbers_and_sizes_are_those_asked_for(drawings):
    counts = [len(lesions) for lesions in drawings]
    assert min(counts) >= 2
    assert max(counts) <= 8
    diameters = [2 * lesion.radius for lesions in drawings for lesion in lesions]
    assert min(diameters) > 0.8 * 10
    assert max(diameters) < 1.2 * 50
    assert max(diameters) > 3 * min(diameters)


def test_all_types_occur_and_one_lesion_is_labelled(drawings):
    assert {x.kind for lesions in drawings for x in lesions} == set(LESION_TYPES) == set(LESIONS)
    for lesions in drawings:
        labelled = [x.labelled for x in lesions]
        assert labelled[0]
        assert labelled == sorted(labelled, reverse=True)
        assert all(x.labelled == (x.kind != "FNH") for x in lesions)


def test_cirrhosis_brings_carcinomas(drawings):
    share = [np.mean([x.kind == "HCC" for y in drawings[p::2] for x in y]) for p in (0, 1)]
    assert share[1] > share[0]


def test_lesions_are_whole_and_inside_the_liver(drawings):
    for lesions in drawings[:10]:
        labels, which = paint_lesions(ANATOMY, FINE, lesions)
        assert set(np.unique(which)) == set(range(len(lesions) + 1))
        assert (ANATOMY.liver_depth[which > 0] > 0).all()
        assert ((labels >= len(TISSUE_LABEL)) == (which > 0)).all()
        np.testing.assert_array_equal(labels[which == 0], ANATOMY.labels[which == 0])


def test_shells_run_from_the_surface_inwards():
    lesions = draw_lesions(ANATOMY, FINE, CHECKED, False, np.random.default_rng(0))
    lesion = max(lesions, key=lambda x: x.radius)
    depth = lesion.depth(FINE.coordinates())
    assert depth.max() > 0.7
    assert depth[FINE.nearest(lesion.centre[None])] > 0.7
    volume = (depth > 0).sum() * np.prod(FINE.spacing)
    assert abs(np.cbrt(volume / (4 / 3 * np.pi)) / lesion.radius - 1) < 0.15
