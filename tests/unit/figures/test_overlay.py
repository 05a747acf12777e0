"""Pictures of a registration before and after."""

import base64
from io import BytesIO

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from mrelevance.figures.overlay import EDGE_COLOUR, data_uri, overlay_pictures

SPACING = (2.0, 2.0, 4.0)
GAP = 4


def ball(centre_mm, contrast=1):
    """A body with a bright (or dark) ball in it; 64 x 64 x 24 voxels."""
    z, y, x = (
        np.arange(n)[shape] * step
        for n, step, shape in zip(
            (24, 64, 64),
            SPACING[::-1],
            (np.s_[:, None, None], np.s_[None, :, None], np.s_[None, None]),
            strict=True,
        )
    )
    body = (((x - 64) / 55) ** 2 + ((y - 64) / 45) ** 2 + 0 * z) < 1
    inside = ((x - centre_mm[0]) ** 2 + (y - centre_mm[1]) ** 2 + (z - centre_mm[2]) ** 2) < 20**2
    noise = np.random.default_rng(0).normal(0, 0.02, body.shape)
    image = sitk.GetImageFromArray((body + contrast * (body & inside) + noise).astype(np.float32))
    image.SetSpacing(SPACING)
    return image


def halves(picture):
    """Transverse view of a picture, left and right, as bytes (H, W, 3)."""
    pixels = np.asarray(picture)
    width = (pixels.shape[1] - GAP) // 2
    white = (pixels[:, 10] == 255).all(axis=-1)
    height = int(np.flatnonzero(white)[0])
    return pixels[:height, :width], pixels[:height, width + GAP :]


def edges(panel):
    return (panel == EDGE_COLOUR).all(axis=-1)


def test_edges_of_the_fixed_image_lie_over_both_sides_and_fit_only_the_corrected_one():
    fixed, moved = ball((64, 64, 48)), ball((78, 64, 48), contrast=3)
    corrected = sitk.Resample(moved, fixed, sitk.TranslationTransform(3, (14, 0, 0)))
    before, after = halves(overlay_pictures(fixed, {"T2": (moved, corrected)})["T2"])
    lines = edges(before)
    np.testing.assert_array_equal(lines, edges(after))
    assert 200 < lines.sum() < 0.1 * lines.size

    def bright(panel):
        """Middle of the ball from left to right, in pixels."""
        grey = np.where(edges(panel), 0, panel[..., 0])
        return np.nonzero(grey > 200)[1].mean()

    ball_lines = np.nonzero(lines[lines.shape[0] // 2])[0]
    inner = ball_lines[1:-1] if len(ball_lines) > 2 else ball_lines
    assert bright(after) == pytest.approx(inner.mean(), abs=2)
    pixels_per_mm = 270 / 130  # body of 110 mm with a margin of 10 mm on either side
    assert bright(before) - bright(after) == pytest.approx(14 * pixels_per_mm, rel=0.1)


def test_orientation_of_the_grid_does_not_change_the_picture():
    fixed, moved = ball((70, 64, 48)), ball((60, 64, 48))
    flipped = [sitk.DICOMOrient(image, "RAS") for image in (fixed, moved)]
    picture = overlay_pictures(fixed, {"T2": (moved, moved)})["T2"]
    again = overlay_pictures(flipped[0], {"T2": (flipped[1], flipped[1])})["T2"]
    difference = np.abs(np.asarray(picture, float) - np.asarray(again, float))
    assert (difference > 3).mean() < 0.01


def test_sequence_on_another_grid_is_brought_to_that_of_the_fixed_image():
    fixed, moved = ball((64, 64, 48)), ball((64, 64, 48), contrast=2)
    coarse = sitk.Resample(
        moved, (32, 32, 12), sitk.Transform(), sitk.sitkLinear, (1, 1, 2), (4, 4, 8)
    )
    picture = overlay_pictures(fixed, {"T2": (coarse, moved)})["T2"]
    before, after = halves(picture)
    assert before.shape == after.shape
    assert np.abs(before.astype(float) - after).mean() < 15


def test_picture_becomes_a_small_uri():
    picture = Image.fromarray(np.full((40, 60, 3), 128, np.uint8))
    uri = data_uri(picture)
    kind, content = uri.split(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(BytesIO(base64.b64decode(content))).size == (60, 40)
