"""Pictures of a registration: edges of the fixed sequence over the moving one."""

import base64
from io import BytesIO
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image

from mrelevance.registration.body import body_mask
from mrelevance.runtime.images import image_like, radiological, read_image, to_array

PANEL_PIXELS = 270  # the longest side of the body
MARGIN_MM = 10
GAP_PIXELS = 4
EDGE_SMOOTHING_PIXELS = 2.2
# Thresholds of the edge detector, as quantiles of the gradient's magnitude inside the body.
WEAK_EDGE, STRONG_EDGE = 0.8, 0.9
# Fainter edges, relative to the gradient of the strongest ones, may be noise and are left out.
FAINTEST = 0.2
EDGE_COLOUR = (255, 176, 0)
JPEG_QUALITY = 75


def overlay_pictures(
    fixed: sitk.Image, pairs: dict[str, tuple[sitk.Image, sitk.Image]]
) -> dict[str, Image.Image]:
    """Draw each moving sequence of a patient before (left) and after (right) its registration.

    The upper row is a transverse slice, seen from the feet, the lower one a coronal slice, seen
    from the front. Both go through the centre of the body in the fixed image, whose edges (Canny,
    IEEE PAMI 1986) are drawn over all four panels.

    Parameters
    ----------
    fixed
        3D image of the fixed sequence.
    pairs
        Sequence name to the image as acquired, on a grid of its own, and the registered image on
        the grid of the fixed one.

    Returns
    -------
    Sequence name to RGB picture.
    """
    fixed = sitk.Cast(fixed, sitk.sitkFloat32)
    views = _Views(fixed)
    edges = [
        _edges(pixels, body > 0.5)
        for pixels, body in zip(views.slices(fixed), views.slices(views.body), strict=True)
    ]
    pictures = {}
    for sequence, (acquired, registered) in pairs.items():
        still = sitk.Resample(acquired, fixed, sitk.Transform(), sitk.sitkLinear, 0.0)
        columns = [views.slices(still), views.slices(registered)]
        low, high = np.percentile(
            np.concatenate([pixels.ravel() for pixels in columns[1]]), [1, 97]
        )
        panels = [
            [_panel(pixels, edge, low, high) for pixels, edge in zip(column, edges, strict=True)]
            for column in columns
        ]
        pictures[sequence] = Image.fromarray(_grid(panels))
    return pictures


def cohort_pictures(
    pairs: list[tuple[str, str]],
    acquired: dict[tuple[str, str], str | Path],
    registered: dict[tuple[str, str], str | Path],
    fixed_sequence: str,
) -> dict[tuple[str, str], str]:
    """Draw registrations of a cohort, patient by patient.

    Parameters
    ----------
    pairs
        (patient, sequence) of the registrations to draw.
    acquired, registered
        (patient, sequence) to the path of the image as acquired, and registered.
    fixed_sequence
        Name of the fixed sequence, which is among the registered ones.

    Returns
    -------
    (patient, sequence) to the picture as a data URI, in the order of `pairs`.
    """
    pictures = dict.fromkeys(pairs, "")
    for patient in sorted({patient for patient, _ in pairs}):
        images = {
            sequence: tuple(
                read_image(paths[patient, sequence]) for paths in (acquired, registered)
            )
            for one, sequence in pairs
            if one == patient
        }
        drawn = overlay_pictures(read_image(registered[patient, fixed_sequence]), images)
        for sequence, picture in drawn.items():
            pictures[patient, sequence] = data_uri(picture)
    return pictures


def data_uri(picture: Image.Image) -> str:
    """Encode a picture as a JPEG data URI, which makes a page self-contained."""
    content = BytesIO()
    # By default JPEG stores colours at half resolution, which blurs thin lines.
    picture.save(content, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()


class _Views:
    """A transverse and a coronal slice through the centre of the body, cropped to it."""

    def __init__(self, fixed: sitk.Image) -> None:
        self.body = image_like(body_mask(fixed), fixed)
        body, spacing_mm = radiological(self.body)
        places = np.nonzero(body)
        self.centre = [round(found.mean()) for found in places]
        self.box = tuple(
            slice(
                max(0, int(found.min() - MARGIN_MM / step)), int(found.max() + MARGIN_MM / step) + 1
            )
            for found, step in zip(places, spacing_mm, strict=True)
        )
        extents_mm = np.array([body[self.box].shape[axis] for axis in range(3)]) * spacing_mm
        scale = PANEL_PIXELS / extents_mm.max()
        self.pixels = np.maximum(1, np.round(extents_mm * scale)).astype(int)

    def slices(self, image: sitk.Image) -> list[np.ndarray]:
        """Cut an image on the grid of the fixed one into two slices, (H, W) square pixels."""
        voxels, _ = radiological(image)
        z, y, x = self.box
        depth, height, width = self.pixels
        transverse = voxels[self.centre[0], y, x]
        coronal = voxels[z, self.centre[1], x][::-1]  # the head on top
        return [_resized(transverse, height, width), _resized(coronal, depth, width)]


def _resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    picture = Image.fromarray(pixels.astype(np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))


def _edges(pixels: np.ndarray, body: np.ndarray) -> np.ndarray:
    """Find lines one pixel wide along the strongest edges of (H, W) pixels; bool (H, W)."""
    image = sitk.GetImageFromArray(pixels)
    gradient = to_array(sitk.GradientMagnitudeRecursiveGaussian(image, EDGE_SMOOTHING_PIXELS))
    weak, strong, strongest = np.quantile(gradient[body], [WEAK_EDGE, STRONG_EDGE, 0.99])
    weak, strong = np.maximum([weak, strong], FAINTEST * strongest).tolist()
    variance = EDGE_SMOOTHING_PIXELS**2
    return to_array(sitk.CannyEdgeDetection(image, weak, strong, [variance, variance])) > 0


def _panel(pixels: np.ndarray, edges: np.ndarray, low: float, high: float) -> np.ndarray:
    """Draw (H, W) pixels in grey from `low` to `high`, with coloured edges, as (H, W, 3) bytes."""
    grey = np.clip((pixels - low) / max(high - low, 1e-6), 0, 1)
    panel = np.repeat((255 * grey).astype(np.uint8)[..., None], 3, axis=2)
    panel[edges] = EDGE_COLOUR
    return panel


def _grid(columns: list[list[np.ndarray]]) -> np.ndarray:
    """Join the panels of two columns, with white gaps between them."""

    def joined(parts: list[np.ndarray], axis: int) -> np.ndarray:
        shape = list(parts[0].shape)
        shape[axis] = GAP_PIXELS
        gap = np.full(shape, 255, np.uint8)
        return np.concatenate([parts[0], gap, parts[1]], axis=axis)

    return joined([joined(column, axis=0) for column in columns], axis=1)
