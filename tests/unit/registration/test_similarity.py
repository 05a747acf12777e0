"""The similarity is the mean squared correlation of 3 x 3 x 3 windows, computed twice."""

import numpy as np
import pytest
import torch

from mrelevance.registration.similarity import (
    FLAT,
    Template,
    squared_local_correlation,
    window_mean,
    window_mean_transposed,
)


def images(seed=0, shape=(6, 7, 8)):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((2, *shape), generator=generator, dtype=torch.float64)


def test_value_equals_numpys_correlation_window_by_window():
    fixed, warped = images()
    mask = images(1)[0] > 0
    expected = []
    for d, h, w in np.argwhere(mask.numpy()):
        if min(d, h, w) >= 1 and d < 5 and h < 6 and w < 7:
            window = np.s_[d - 1 : d + 2, h - 1 : h + 2, w - 1 : w + 2]
            pair = fixed.numpy()[window].ravel(), warped.numpy()[window].ravel()
            (first, both), (_, second) = np.cov(*pair, bias=True)
            guards = FLAT * fixed.numpy().var(ddof=1), FLAT * warped.numpy().var(ddof=1)
            expected.append(both**2 / ((first + guards[0]) * (second + guards[1])))
    value = squared_local_correlation(warped, Template(fixed, mask))
    assert float(value) == pytest.approx(np.mean(expected))


def test_linear_change_of_contrast_is_perfect_similarity():
    fixed, _ = images()
    template = Template(fixed, torch.ones_like(fixed, dtype=torch.bool))
    for warped in (fixed, 5 - 3 * fixed):
        assert float(squared_local_correlation(warped, template)) == pytest.approx(1, abs=3 * FLAT)


def test_noise_has_the_similarity_of_chance():
    fixed, warped = images(shape=(30, 30, 30))
    template = Template(fixed, torch.ones_like(fixed, dtype=torch.bool))
    assert float(squared_local_correlation(warped, template)) == pytest.approx(1 / 26, rel=0.05)


def test_gradient_is_that_of_finite_differences():
    fixed, warped = images()
    template = Template(fixed, images(1)[0] > -0.5)
    warped.requires_grad_()
    squared_local_correlation(warped, template).backward()
    step = 1e-5
    for place in [(2, 3, 4), (0, 0, 0), (5, 3, 1)]:
        change = torch.zeros_like(fixed)
        change[place] = step
        with torch.no_grad():
            values = [squared_local_correlation(warped + s * change, template) for s in (1, -1)]
        slope = float(values[0] - values[1]) / (2 * step)
        assert float(warped.grad[place]) == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_flat_images_give_a_finite_gradient():
    fixed, _ = images()
    warped = torch.zeros_like(fixed, requires_grad=True)
    template = Template(fixed, torch.ones_like(fixed, dtype=torch.bool))
    squared_local_correlation(warped + 1e-9 * fixed, template).backward()
    assert torch.isfinite(warped.grad).all()


def test_window_mean_and_its_transpose():
    first, second = images()
    second = second[1:-1, 1:-1, 1:-1]
    assert float((window_mean(first) * second).sum()) == pytest.approx(
        float((first * window_mean_transposed(second)).sum())
    )


def test_rounding_errors_are_not_structure():
    fixed, _ = images()
    flat = torch.full_like(fixed, -0.0123) + 1e-7 * torch.rand_like(fixed)
    template = Template(fixed, torch.ones_like(fixed) > 0)
    assert float(squared_local_correlation(flat, template)) < 1e-3
