"""Known motion is recovered in every contrast, without and with a mask, on any grid."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.motion_pairs import (
    CENTRE,
    SETTINGS,
    anatomy,
    displacement,
    empty_image,
    noisy,
    oblique_image,
    organs,
    origins,
    sequence,
    world,
)
from helpers.orientations import stored

from mrelevance.cohort.patient import PatientImages
from mrelevance.registration.correction import correct_patient
from mrelevance.registration.spline import displacement_field
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import image_like

# Of the body's signal. With more, noise limits what can be recovered in the weaker contrasts, and
# the method would not be what is tested.
NOISE = 0.02
ROTATION = sitk.Euler3DTransform(CENTRE.tolist(), 0.05, -0.04, 0.08, (4.0, -3.0, 6.0))


def translated(contrast):
    image = sequence(contrast, empty_image(), noise=NOISE)
    image.SetOrigin(np.add(image.GetOrigin(), [-6.0, 5.0, 14.0]).tolist())
    return image, lambda points: np.broadcast_to([-6.0, 5.0, 14.0], points.shape)


def rotated(contrast):
    inverse, grid = ROTATION.GetInverse(), empty_image()
    matrix = np.reshape(inverse.GetMatrix(), (3, 3))
    offset = np.array(inverse.TransformPoint((0.0, 0.0, 0.0)))
    image = noisy(anatomy(world(grid) @ matrix.T + offset, contrast), grid, NOISE)
    # p lies at R (p - t'), the inverse of the map that drew the image.
    return image, lambda points: (points - offset) @ np.linalg.inv(matrix).T - points


def bent(contrast):
    return sequence(contrast, empty_image(), 12, NOISE), lambda points: displacement(points, 12)


def error_mm(found, motion, fixed):
    field = sitk.GetArrayFromImage(displacement_field(found.transform, fixed))
    return np.linalg.norm(field - motion(world(fixed)), axis=-1)[organs(fixed)]


@pytest.mark.parametrize("contrast", ["B", "C", "D"])
@pytest.mark.parametrize("move", [translated, rotated, bent])
def test_motion_is_recovered(move, contrast):
    fixed = sequence("A", empty_image())
    moving, motion = move(contrast)
    found = correct_patient(PatientImages("p", {"f": fixed, "s": moving}, "f"), SETTINGS)["s"]
    assert found.method == "deformable" and found.flag == "good" and found.reason == ""
    assert error_mm(found, motion, fixed).mean() < 0.8
    assert found.measures.expected_error_mm < 1
    assert 0.5 < found.measures.jacobian_min < found.measures.jacobian_max < 2


def test_mask_says_where_it_must_be_right():
    fixed, moving = sequence("A", empty_image()), sequence("B", oblique_image(), 12)
    mask = image_like(organs(fixed), fixed)
    patient = PatientImages("p", {"f": fixed, "s": moving}, "f", mask=mask)
    found = correct_patient(patient, SETTINGS)["s"]
    assert error_mm(found, lambda points: displacement(points, 12), fixed).mean() < 0.8


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda mask: mask * 0, "holds no voxel"),
        (lambda mask: mask[:, :, 1:], "both must lie on one grid"),
    ],
)
def test_bad_mask_is_named(fault, message):
    image = sequence("A", empty_image())
    mask = fault(image_like(organs(image), image))
    with pytest.raises(InputError, match=f"patient p, mask: .*{message}"):
        correct_patient(PatientImages("p", {"f": image, "s": image}, "f", mask=mask), SETTINGS)


@pytest.mark.parametrize("grid", [empty_image, oblique_image])
@pytest.mark.parametrize("orientation", ["RAS", "PIR", "ASL"])
@pytest.mark.parametrize("method", ["deformable", "rigid"])
def test_every_orientation_gives_the_same_motion_and_flags(grid, orientation, method):
    """Axes swapped and flipped, on straight and oblique grids: the voxels stay in their places."""
    fixed, moving = sequence("A", grid()), sequence("B", empty_image(), 12)
    label = image_like(_lesion(world(fixed)).astype(np.uint8), fixed)
    points = world(fixed)[organs(fixed)][::11].tolist()
    places, flags = [], []
    for code in ("LPS", orientation):
        one, other, drawn = (stored(image, code) for image in (fixed, moving, label))
        patient = PatientImages("p", {"f": one, "s": other}, "f", label=drawn)
        found = correct_patient(patient, SETTINGS | {"method": method})["s"]
        places.append([found.transform.TransformPoint(point) for point in points])
        flags.append((found.method, found.flag, found.reason, round(found.measures.coverage, 3)))
    assert np.linalg.norm(np.subtract(*places), axis=-1).max() < 0.02
    assert flags[0] == flags[1]


def test_turning_the_world_turns_the_motion():
    """Both images in an oblique world: the transform is the same one, seen from there."""
    turn = sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.1, 0.15, -0.2, (30.0, -20.0, 50.0))
    images = {"f": sequence("A", empty_image()), "s": sequence("B", empty_image(), 12)}
    turned = {name: _turned(image, turn) for name, image in images.items()}
    found = correct_patient(PatientImages("p", images, "f"), SETTINGS)["s"].transform
    there = correct_patient(PatientImages("p", turned, "f"), SETTINGS)["s"].transform
    for point in world(images["f"])[organs(images["f"])][::499].tolist():
        expected = turn.TransformPoint(found.TransformPoint(point))
        assert there.TransformPoint(turn.TransformPoint(point)) == pytest.approx(expected, abs=0.4)


def _turned(image, turn):
    matrix = np.reshape(turn.GetMatrix(), (3, 3))
    turned = sitk.Image(image)
    turned.SetOrigin(turn.TransformPoint(image.GetOrigin()))
    turned.SetDirection((matrix @ np.reshape(image.GetDirection(), (3, 3))).ravel().tolist())
    return turned


def test_lesion_label_is_brought_back():
    """A label drawn on the moved sequence lies on the lesion of the fixed one after correction."""
    fixed, grid = sequence("A", empty_image()), oblique_image()
    moving = sequence("B", grid, 12)
    found = correct_patient(PatientImages("p", {"f": fixed, "s": moving}, "f"), SETTINGS)["s"]
    label = image_like(_lesion(origins(grid, 12)).astype(np.float32), grid)
    back = sitk.GetArrayFromImage(sitk.Resample(label, fixed, found.transform)) > 0.5
    drawn = _lesion(world(fixed))
    assert 2 * (back & drawn).sum() / (back.sum() + drawn.sum()) > 0.9
    assert back.sum() == pytest.approx(drawn.sum(), rel=0.05)


def _lesion(points):
    return np.linalg.norm(points - CENTRE - [20, 10, 0], axis=-1) < 16
