"""Finer voxels: what is interpolated, and that noise does not choose where to sample."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage

from mrelevance.registration import refinement
from mrelevance.registration.refinement import refined
from mrelevance.registration.similarity import Template, squared_local_correlation

FACTOR = 3


def test_voxels_stay_and_smooth_images_are_interpolated():
    place = np.meshgrid(*(np.arange(n) for n in (9, 10, 11)), indexing="ij")
    smooth = np.sin(place[0] / 3) * np.cos(place[1] / 4) + place[2] / 5
    fine = refined(torch.as_tensor(smooth))
    assert fine.shape == (25, 28, 31)
    np.testing.assert_allclose(fine[::FACTOR, ::FACTOR, ::FACTOR], smooth, atol=1e-6)
    between = np.meshgrid(*(np.arange(n) / FACTOR for n in fine.shape), indexing="ij")
    expected = np.sin(between[0] / 3) * np.cos(between[1] / 4) + between[2] / 5
    np.testing.assert_allclose(fine, expected, atol=2e-3)


@pytest.mark.parametrize("shape", [(1, 2, 3), (4, 5, 6)])
def test_few_voxels_have_splines_of_lower_order(shape):
    fine = refined(torch.ones(shape))
    assert fine.shape == tuple(FACTOR * (n - 1) + 1 for n in shape)
    np.testing.assert_allclose(fine, 1, atol=1e-6)


@pytest.mark.parametrize(("most", "factor"), [(27e3, 3), (26e3, 2), (8e3, 2), (7e3, 1), (9, 1)])
def test_memory_is_bounded(most, factor, monkeypatch):
    monkeypatch.setattr(refinement, "MOST_VOXELS", most)
    assert refined(torch.ones(10, 10, 10)).shape == (9 * factor + 1,) * 3


def similarity(fixed, moving, shift):
    """Similarity where the moving image, (D, H, W) with any number of fine voxels, is shifted."""
    axes = [torch.linspace(-1, 1, n, dtype=fixed.dtype) for n in fixed.shape]
    place = torch.stack(torch.meshgrid(*axes, indexing="ij")[::-1], dim=-1)
    step = 2 / (torch.tensor(fixed.shape[::-1], dtype=fixed.dtype) - 1)
    warped = F.grid_sample(
        moving[None, None], (place + shift * step)[None], padding_mode="border", align_corners=True
    )[0, 0]
    return float(squared_local_correlation(warped, Template(fixed, torch.ones_like(fixed) > 0)))


def test_noise_does_not_draw_the_similarity_to_half_a_voxel():
    rng = np.random.default_rng(0)
    tissue = ndimage.gaussian_filter(rng.normal(size=(24, 24, 24)), 1.5)
    tissue /= tissue.std()
    fixed, moving = (
        torch.as_tensor(tissue + 0.5 * rng.normal(size=tissue.shape)) for _ in range(2)
    )
    coarse = similarity(fixed, moving, 0.5) / similarity(fixed, moving, 0)
    fine = similarity(fixed, refined(moving), 0.5) / similarity(fixed, refined(moving), 0)
    assert coarse > 1.02 and fine < 1
