"""Splines agree with SimpleITK's, and with what is known of cubic B-splines."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from helpers.motion_pairs import empty_image, oblique_image, world
from helpers.orientations import STORED, stored

from mrelevance.registration.spline import (
    BendingEnergy,
    basis,
    displacement_field,
    expand,
    mesh_size,
    refit,
    spline_transform,
)


def coefficients(mesh, seed=0):
    shape = (*[n + 3 for n in mesh[::-1]], 3)
    return np.random.default_rng(seed).normal(0, 5, shape)


def bases(image, mesh):
    sizes = zip(image.GetSize()[::-1], mesh[::-1], strict=True)
    return [torch.as_tensor(basis((np.arange(n) + 0.5) / n * m, m)) for n, m in sizes]


@pytest.mark.parametrize("make", [empty_image, oblique_image])
def test_field_and_transform_agree_point_by_point(make):
    image = make()
    mesh = mesh_size(image, 60)
    transform = spline_transform(coefficients(mesh), image)
    field = sitk.GetArrayFromImage(displacement_field(transform, image))
    points = world(image)
    for place in np.random.default_rng(1).integers(0, image.GetSize()[::-1], (50, 3)):
        point = points[tuple(place)]
        moved = transform.TransformPoint(point.tolist())
        assert field[tuple(place)] == pytest.approx(np.subtract(moved, point), abs=1e-9)


def test_stored_transform_is_the_same(tmp_path):
    image = oblique_image()
    transform = spline_transform(coefficients(mesh_size(image, 60)), image)
    sitk.WriteTransform(transform, str(tmp_path / "transform.h5"))
    stored = sitk.ReadTransform(str(tmp_path / "transform.h5"))
    point = (10.0, 20.0, 5.0)
    assert stored.TransformPoint(point) == pytest.approx(transform.TransformPoint(point))


def test_field_of_a_linear_transform():
    image = oblique_image()
    field = displacement_field(sitk.TranslationTransform(3, (1.0, 2.0, 3.0)), image)
    assert np.abs(sitk.GetArrayFromImage(field) - [1.0, 2.0, 3.0]).max() < 1e-9


@pytest.mark.parametrize("derivative", [0, 1, 2])
def test_derivatives_of_the_basis(derivative):
    positions = np.linspace(0.01, 3.93, 50)
    step = 1e-5
    if derivative == 0:
        assert basis(positions, 4).sum(axis=1) == pytest.approx(1)
        assert basis(positions, 4) @ (np.arange(7) - 1) == pytest.approx(positions)
    else:
        above, below = (basis(positions + s * step, 4, derivative - 1) for s in (1, -1))
        assert basis(positions, 4, derivative) == pytest.approx(
            (above - below) / (2 * step), abs=1e-6
        )


def test_bending_energy_equals_finite_differences():
    image = empty_image((40, 44, 48), (3.0, 2.5, 2.0))
    mesh, extent = (3, 2, 4), np.multiply(image.GetSize(), image.GetSpacing())
    values = coefficients(mesh)
    fine = [
        torch.as_tensor(basis(np.linspace(0, m, 121), m)) for m in mesh[::-1]
    ]  # (121, 121, 121, 3)
    field = expand(torch.as_tensor(values), fine).numpy()
    steps = extent[::-1] / 120
    first = [np.gradient(field, step, axis=axis) for axis, step in enumerate(steps)]
    energy = sum(
        np.mean(np.sum(np.gradient(one, step, axis=axis)[3:-3, 3:-3, 3:-3] ** 2, axis=-1))
        for one in first
        for axis, step in enumerate(steps)
    )
    computed = BendingEnergy(mesh, extent)(torch.as_tensor(values, dtype=torch.float32))
    # Finite differences leave out the border.
    assert float(computed) == pytest.approx(energy, rel=0.1)


def test_linear_displacement_costs_no_bending():
    mesh, extent = (3, 2, 4), np.array([120.0, 110.0, 96.0])
    index = np.stack(np.meshgrid(*[np.arange(n + 3.0) for n in mesh[::-1]], indexing="ij"), -1)
    linear = torch.as_tensor(index @ np.random.default_rng(0).normal(size=(3, 3))).float()
    assert float(BendingEnergy(mesh, extent)(linear)) == pytest.approx(0, abs=1e-6)


def test_refit_to_half_the_spacing_changes_nothing():
    image = empty_image()
    old, new = (3, 2, 4), (6, 4, 8)
    values = coefficients(old)
    before = expand(torch.as_tensor(values), bases(image, old))
    after = expand(torch.as_tensor(refit(values, new)), bases(image, new))
    assert float((after - before).abs().max()) < 1e-9


def test_refit_keeps_translations_on_any_lattice():
    values = np.broadcast_to([1.0, -2.0, 3.0], (6, 5, 7, 3))
    assert refit(values, (5, 3, 2)) == pytest.approx(
        np.broadcast_to([1.0, -2.0, 3.0], (5, 6, 8, 3))
    )


def test_mesh_is_never_wider_than_asked():
    image = empty_image((64, 56, 32), (4.0, 4.0, 4.5))
    assert mesh_size(image, 64) == (4, 4, 3)
    assert mesh_size(image, 1000) == (1, 1, 1)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("grid", [empty_image((20, 18, 16)), oblique_image()])
def test_field_of_a_spline_on_a_grid_that_is_stored_differently(grid, orientation):
    """The lattice then does not run along the axes of the image."""
    transform = spline_transform(coefficients((3, 2, 4)), grid)
    turned = stored(grid, orientation)
    field = displacement_field(transform, turned)
    there = sitk.GetArrayFromImage(stored(displacement_field(transform, grid), orientation))
    inner = (slice(2, -2),) * 3
    assert sitk.GetArrayFromImage(field)[inner] == pytest.approx(there[inner], abs=1e-6)
