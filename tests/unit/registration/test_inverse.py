"""A correction undone is no correction."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import (
    CENTRE,
    SETTINGS,
    displacement,
    empty_image,
    oblique_image,
    sequence,
    world,
)

from mrelevance.cohort.patient import PatientImages
from mrelevance.registration.body import body_mask
from mrelevance.registration.correction import correct_patient
from mrelevance.registration.inverse import inverse_transform
from mrelevance.registration.spline import basis, mesh_size, spline_transform


def spline_of(motion, image, control_spacing_mm=28.0) -> sitk.BSplineTransform:
    """Least-squares spline of a displacement in mm that is a function of world points."""
    mesh = mesh_size(image, control_spacing_mm)
    coefficients = motion(world(image))
    for axis, intervals in enumerate(mesh[::-1]):
        count = coefficients.shape[axis]
        fit = np.linalg.pinv(basis((np.arange(count) + 0.5) / count * intervals, intervals))
        coefficients = np.moveaxis(np.tensordot(fit, coefficients, (1, axis)), 0, axis)
    return spline_transform(coefficients, image)


def distances(first, second, points):
    """How far points lie from where they were after two transforms, mm."""
    moved = [second.TransformPoint(first.TransformPoint(point)) for point in points.tolist()]
    return np.linalg.norm(moved - points, axis=-1)


def inside(image, margin=0) -> np.ndarray:
    """World points of every 7th voxel in the body, `margin` voxels from the field of view's end."""
    mask = body_mask(image)
    core = np.zeros_like(mask)
    core[tuple(slice(margin, n - margin) for n in mask.shape)] = True
    return world(image)[mask & core][::7]


@pytest.mark.parametrize("make", [empty_image, oblique_image])
def test_transform_times_inverse_is_the_identity(make):
    image = sequence("A", make())
    transform = spline_of(lambda points: displacement(points, 14), image)
    inverse = inverse_transform(transform)
    tenth = 0.1 * min(image.GetSpacing())
    # The inverse reaches beyond the field of view, where the body's last slices come to lie ...
    points = inside(image)
    moved = np.linalg.norm(
        [transform.TransformPoint(point) for point in points.tolist()] - points, axis=-1
    )
    assert moved.max() > 8
    assert distances(transform, inverse, points).max() < tenth
    # ... and the transform ends with it.
    assert distances(inverse, transform, inside(image, margin=5)).max() < tenth


def test_strong_stretch_is_inverted():
    """Twofold stretch, where the plain fixed-point iteration no longer converges."""
    image = sequence("A", empty_image())
    transform = spline_of(lambda points: 42 * np.tanh((points - CENTRE) / 40) * [0, 1, 0], image)
    points = inside(image)
    assert distances(transform, inverse_transform(transform), points).max() < 0.4


def test_nothing_inverted_is_nothing():
    image = empty_image()
    inverse = inverse_transform(spline_of(lambda points: 0 * points, image))
    assert distances(inverse, inverse, world(image)[::9, ::9, ::9].reshape(-1, 3)).max() == 0


def test_rigid_inverse_is_exact():
    motion = sitk.Euler3DTransform((5.0, 6.0, 7.0), 0.1, -0.2, 0.3, (4.0, -3.0, 6.0))
    points = np.random.default_rng(0).uniform(-500, 500, (20, 3))
    assert distances(motion, inverse_transform(motion), points).max() < 1e-9


def test_stored_correction_is_read_and_undone(tmp_path):
    images = {
        "moved": sequence("B", oblique_image(), 12),
        "fixed": sequence("A", empty_image()),
    }
    corrected = correct_patient(PatientImages("p", images, "fixed"), SETTINGS)
    for name, correction in corrected.items():
        sitk.WriteTransform(correction.transform, str(tmp_path / f"{name}.h5"))
        sitk.WriteTransform(correction.inverse, str(tmp_path / f"{name}_inverse.h5"))
        forward, backward = (
            sitk.ReadTransform(str(tmp_path / f"{name}{end}.h5")) for end in ("", "_inverse")
        )
        assert distances(forward, backward, inside(images["fixed"])).max() < 0.4
