"""Known motion between images of opposite contrast is recovered."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from helpers.motion_pairs import (
    SETTINGS,
    displacement,
    empty_image,
    oblique_image,
    organs,
    sequence,
    world,
)

from mrelevance.registration.body import body_mask
from mrelevance.registration.deformable import (
    Comparison,
    fixed_levels,
    register_deformable,
    search_translation,
)
from mrelevance.registration.grid import make_grid
from mrelevance.registration.spline import displacement_field, spline_transform


def prepared(fixed):
    return fixed_levels(fixed, body_mask(fixed), SETTINGS["levels"], "cpu")


def registered(fixed, moving) -> np.ndarray:
    coefficients = register_deformable(
        prepared(fixed), fixed, moving, SETTINGS["search_mm"], SETTINGS["bending_energy"]
    )
    transform = spline_transform(coefficients.numpy(), fixed)
    return sitk.GetArrayFromImage(displacement_field(transform, fixed))


def mean_error(estimated, true, fixed):
    return np.linalg.norm(estimated - true, axis=-1)[organs(fixed)].mean()


@pytest.mark.parametrize("make_fixed", [empty_image, oblique_image])
@pytest.mark.parametrize("make_moving", [empty_image, oblique_image])
def test_smooth_motion_on_any_grid(make_fixed, make_moving):
    fixed, moving = sequence("A", make_fixed()), sequence("B", make_moving(), 12)
    true = displacement(world(fixed), 12)
    assert mean_error(0 * true, true, fixed) > 8
    assert mean_error(registered(fixed, moving), true, fixed) < 0.8


def test_far_translation():
    fixed = sequence("A", empty_image())
    moving = sequence("B", empty_image())
    shift = np.array([-6.0, 9.0, 20.0])
    moving.SetOrigin((np.array(moving.GetOrigin()) + shift).tolist())
    assert mean_error(registered(fixed, moving), shift, fixed) < 0.8


def test_nothing_to_do_for_the_image_itself():
    fixed = sequence("A", empty_image())
    length = np.linalg.norm(registered(fixed, fixed), axis=-1)
    # A tenth and a fortieth of a voxel. In a few corners of the body at the border of the image,
    # where no window is complete, nothing holds the tissue.
    assert np.percentile(length[body_mask(fixed)], 99) < 0.4
    assert length[organs(fixed)].max() < 0.1


def test_repeats_exactly():
    fixed, moving = sequence("A", empty_image()), sequence("B", empty_image(), 8)
    assert np.array_equal(registered(fixed, moving), registered(fixed, moving))


def test_search_finds_the_best_translation_on_its_lattice():
    fixed, moving = sequence("A", empty_image()), sequence("B", empty_image())
    shift = np.array([8.0, 0.0, -16.0])
    moving.SetOrigin((np.array(moving.GetOrigin()) + shift).tolist())
    comparison = Comparison(prepared(fixed)[0], make_grid(moving, 8, "cpu"))
    found = search_translation(comparison, fixed, 24).numpy().reshape(-1, 3)
    assert np.ptp(found, axis=0) == pytest.approx([0, 0, 0])
    assert found[0] == pytest.approx(shift)


def test_rigid_motion_is_a_spline_without_loss():
    fixed = sequence("A", oblique_image())
    level = prepared(fixed)[-1]
    comparison = Comparison(level, make_grid(fixed, 4, "cpu"))
    transform = sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.1, -0.2, 0.05, (3.0, 4.0, 5.0))
    spline = spline_transform(comparison.coefficients_of(transform).numpy(), fixed)
    for point in [(10.0, 20.0, 30.0), (-40.0, 5.0, 0.0)]:
        assert spline.TransformPoint(point) == pytest.approx(
            transform.TransformPoint(point), abs=1e-4
        )


def test_only_voxels_that_both_fields_of_view_hold_are_compared():
    fixed = sequence("A", empty_image())
    level = prepared(fixed)[-1]
    upper_half = fixed[:, :, 16:]
    comparison = Comparison(level, make_grid(upper_half, 4, "cpu"))
    still = torch.zeros_like(comparison.start)
    # Voxels without data would differ, and lower it.
    whole = Comparison(level, make_grid(fixed, 4, "cpu"))
    assert comparison.similarities(still)[0] >= whole.similarities(still)[0] - 0.02
    far = sequence("A", empty_image(origin=(5000.0, 0.0, 0.0)))
    assert not Comparison(level, make_grid(far, 4, "cpu")).covers(still)
