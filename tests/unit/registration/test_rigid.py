"""Known rotation and translation are recovered across contrasts."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import (
    CENTRE,
    anatomy,
    empty_image,
    noisy,
    oblique_image,
    organs,
    sequence,
    world,
)

from mrelevance.registration.rigid import register_rigid
from mrelevance.registration.spline import displacement_field

MOTION = sitk.Euler3DTransform(CENTRE.tolist(), 0.05, -0.04, 0.08, (4.0, -3.0, 6.0))


def moved(contrast, grid):
    inverse = MOTION.GetInverse()
    matrix, centre = np.reshape(inverse.GetMatrix(), (3, 3)), np.array(MOTION.GetCenter())
    offset = np.array(inverse.TransformPoint(centre.tolist()))
    return noisy(anatomy((world(grid) - centre) @ matrix.T + offset, contrast), grid)


@pytest.mark.parametrize("make", [empty_image, oblique_image])
def test_rotation_and_translation(make):
    fixed, moving = sequence("A", empty_image()), moved("B", make())
    found = register_rigid(fixed, moving, [8, 4], 100)
    fields = [sitk.GetArrayFromImage(displacement_field(one, fixed)) for one in (found, MOTION)]
    error = np.linalg.norm(fields[0] - fields[1], axis=-1)[organs(fixed)]
    assert error.max() < 0.5


def test_repeats_exactly():
    fixed, moving = sequence("A", empty_image()), moved("B", empty_image())
    first, second = (register_rigid(fixed, moving, [8], 20) for _ in range(2))
    assert first.GetParameters() == second.GetParameters()
