"""Intensities have one centre and one scale inside the body, and nothing outside."""

import numpy as np
import pytest

from mrelevance.preprocessing.intensity import robust_z_score
from mrelevance.runtime.errors import InputError

BODY = np.zeros((10, 20, 20), bool)
BODY[2:8, 3:17, 3:17] = True


def image():
    return np.random.default_rng(0).normal(300, 40, BODY.shape)


def test_normal_intensities_become_standard_normal():
    scored, centre, scale = robust_z_score(image(), BODY, "x")
    assert centre == pytest.approx(300, abs=5) and scale == pytest.approx(40, rel=0.1)
    assert np.median(scored[BODY]) == pytest.approx(0, abs=1e-6)
    assert np.subtract(*np.percentile(scored[BODY], [75, 25])) == pytest.approx(1.349, abs=1e-5)
    assert not scored[~BODY].any() and scored.dtype == np.float32


def test_scale_and_offset_do_not_matter():
    first = robust_z_score(image(), BODY, "x")[0]
    second = robust_z_score(7 * image() - 100, BODY, "x")[0]
    assert np.abs(first - second).max() < 1e-5


def test_a_few_bright_voxels_and_the_background_do_not_matter():
    _, centre, scale = robust_z_score(image(), BODY, "x")
    bright = image()
    bright[4, 5, 5:15] += 1e5
    bright[~BODY] = -1e4
    _, other_centre, other_scale = robust_z_score(bright, BODY, "x")
    assert other_centre == pytest.approx(centre, rel=0.01)
    assert other_scale == pytest.approx(scale, rel=0.02)


def test_body_without_contrast_is_refused():
    with pytest.raises(InputError, match="patient p, sequence T1: at least half of the body"):
        robust_z_score(np.where(np.arange(20) < 15, 5.0, image()), BODY, "patient p, sequence T1")
