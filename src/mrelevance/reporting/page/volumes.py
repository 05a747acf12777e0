"""Volumes of a patient, cropped, with few bits per voxel, and compressed, for the page's viewer."""

import base64
import gzip
from pathlib import Path

import nibabel
import numpy as np

MARGIN_MM = 60  # around everything labelled or predicted
WINDOW_PERCENTILES = (0.5, 99.8)  # of the voxels that are not empty
GREYS = 255
LEVELS = 127  # of relevance on each side of zero
SCALE_PERCENTILE = 99.5  # of the absolute values of relevance that are not zero

Box = tuple[slice, slice, slice]


def crop_box(marked: np.ndarray, spacing_mm: tuple[float, ...], margin_mm: float) -> Box:
    """Box around a bool volume with a margin, inside the volume; the whole where nothing is marked.

    `spacing_mm` is that of the three axes of `marked`.
    """
    if not marked.any():
        return tuple(slice(0, size) for size in marked.shape)
    box = []
    for axis, step in enumerate(spacing_mm):
        found = np.flatnonzero(marked.any(axis=tuple({0, 1, 2} - {axis})))
        margin = int(np.ceil(margin_mm / step))
        stop = min(int(found[-1]) + 1 + margin, marked.shape[axis])
        box.append(slice(max(int(found[0]) - margin, 0), stop))
    return tuple(box)


def affine_of_box(affine: np.ndarray, box: Box) -> np.ndarray:
    """Affine of the voxels of a box."""
    moved = affine.copy()
    moved[:3, 3] = affine[:3, :3] @ [side.start for side in box] + affine[:3, 3]
    return moved


def encoded_image(image: np.ndarray, affine: np.ndarray) -> tuple[str, list[list[float]]]:
    """Sequences (X, Y, Z, C) in 256 greys each: the volume and each sequence's window.

    A voxel's value is its grey times the slope of its sequence plus the window's lower end. Values
    outside of the window, see `WINDOW_PERCENTILES`, take its ends.
    """
    greys, windows = np.zeros(image.shape, np.uint8), []
    for channel in range(image.shape[-1]):
        values = image[..., channel]
        filled = values[values != values.flat[0]]
        low, high = np.percentile(filled if filled.size else values, WINDOW_PERCENTILES)
        high = max(high, low + 1e-6)
        greys[..., channel] = np.rint(np.clip((values - low) / (high - low), 0, 1) * GREYS)
        windows.append([float(low), float(high)])
    return encoded(greys, affine), windows


def encoded_relevance(relevance: np.ndarray, affine: np.ndarray) -> dict:
    """Relevance (X, Y, Z, C) in 127 levels on each side of zero.

    Returns `data`, the volume of levels; `step`, the relevance of a level; and `scale`, the
    relevance at the end of the colours, see `SCALE_PERCENTILE`. Zero stays zero.
    """
    peak = float(np.abs(relevance).max())
    step = peak / LEVELS if peak else 1.0
    levels = np.rint(relevance / step).astype(np.int8)
    shown = np.abs(relevance[levels != 0])
    scale = float(np.percentile(shown, SCALE_PERCENTILE)) if shown.size else step
    return {"data": encoded(levels, affine), "step": step, "scale": max(scale, step)}


def encoded(volume: np.ndarray, affine: np.ndarray) -> str:
    """NIfTI-1 file of a volume, compressed, as base64; equal volumes give equal text."""
    image = nibabel.Nifti1Image(volume, affine)
    image.header.set_slope_inter(1, 0)
    packed = gzip.compress(image.to_bytes(), compresslevel=6, mtime=0)
    return base64.b64encode(packed).decode()


def place_of_mask(mask: np.ndarray, affine: np.ndarray) -> list[float]:
    """Point in mm (right, anterior, superior) to look at a bool volume from.

    It is the voxel of the mask nearest to the centre of its largest cross-section.
    """
    level = int(mask.sum(axis=(0, 1)).argmax())
    voxels = np.argwhere(mask[..., level])
    nearest = voxels[np.square(voxels - voxels.mean(axis=0)).sum(axis=1).argmin()]
    return (affine[:3, :3] @ [*nearest, level] + affine[:3, 3]).tolist()


def read_volume(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Voxels (X, Y, Z) or (X, Y, Z, C) and affine of a volume that the workflow wrote."""
    image = nibabel.load(path)
    return np.asarray(image.dataobj), image.affine
