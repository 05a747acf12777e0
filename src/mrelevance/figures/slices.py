"""Slices of volumes: reading, choosing, cropping, drawing, outlines, sides and scale bars."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from mrelevance.runtime.images import radiological, read_image


def read_radiological(path: Path) -> tuple[np.ndarray, tuple[float, float, float]]:
    """Voxels and spacing of an image file, turned as by `radiological`.

    Raises
    ------
    InputError
        See `read_image`.
    """
    return radiological(read_image(path))


def read_channels(path: Path) -> tuple[np.ndarray, tuple[float, float, float]]:
    """As `read_radiological`, but always (C, D, H, W): NIfTI drops a last axis of length one.

    Raises
    ------
    InputError
        See `read_image`.
    """
    voxels, spacing_mm = read_radiological(path)
    return voxels if voxels.ndim == 4 else voxels[None], spacing_mm


def largest_slice(mask: np.ndarray) -> int:
    """Index of the slice with the largest cross-section of a bool (D, H, W) mask."""
    return int(mask.sum(axis=(1, 2)).argmax())


def crop_around(
    mask: np.ndarray, spacing_yx: tuple[float, float], side_mm: float
) -> tuple[slice, slice]:
    """Rows and columns of a square of `side_mm` about a bool (H, W) mask, inside the image.

    The square grows where the mask with a tenth of its extent to each side needs more.
    """
    box = []
    extents = [np.flatnonzero(mask.any(axis=1 - axis)) for axis in (0, 1)]
    needed = max(
        1.2 * (np.ptp(found) + 1) * step for found, step in zip(extents, spacing_yx, strict=True)
    )
    for axis, (found, step) in enumerate(zip(extents, spacing_yx, strict=True)):
        length = mask.shape[axis]
        width = min(round(max(side_mm, needed) / step), length)
        start = round((found[0] + found[-1] + 1 - width) / 2)
        start = min(max(start, 0), length - width)
        box.append(slice(start, start + width))
    return tuple(box)


def show_anatomy(axes: Axes, pixels: np.ndarray, spacing_yx: tuple[float, float]) -> None:
    """Grey picture of (H, W) pixels, in mm, from the 1st to the 99th percentile."""
    low, high = np.percentile(pixels, [1, 99])
    axes.imshow(
        pixels,
        cmap="gray",
        vmin=low,
        vmax=max(high, low + 1e-6),
        extent=extent(pixels, spacing_yx),
        interpolation="bilinear",
    )
    # Overlays must not change the limits of the axes.
    axes.autoscale(False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def extent(pixels: np.ndarray, spacing_yx: tuple[float, float]) -> tuple[float, ...]:
    """Edges of (H, W) pixels in mm: left, right, bottom, top, the first row on top."""
    height, width = pixels.shape[:2]
    return 0, width * spacing_yx[1], height * spacing_yx[0], 0


def outline(
    axes: Axes, mask: np.ndarray, spacing_yx: tuple[float, float], colour: str, linestyle: str = "-"
) -> None:
    """Line around a bool (H, W) mask; nothing where it is empty."""
    if not mask.any():
        return
    # A rim of background closes lines at the picture's edge.
    padded = np.pad(mask.astype(float), 1)
    y = (np.arange(padded.shape[0]) - 0.5) * spacing_yx[0]
    x = (np.arange(padded.shape[1]) - 0.5) * spacing_yx[1]
    axes.contour(
        x, y, padded, levels=[0.5], colors=[colour], linewidths=0.9, linestyles=[linestyle]
    )


def mark_picture(axes: Axes, length_mm: float | None = None) -> None:
    """Letters R and L at the sides of a picture, and a scale bar of `length_mm` in a corner.

    For pictures as turned by `radiological`, drawn in mm: the patient's right is on the left.
    """
    for x, letter, side in ((0.02, "R", "left"), (0.98, "L", "right")):
        axes.text(
            x, 0.5, letter, transform=axes.transAxes, ha=side, va="center", fontsize=6,
            color="white", path_effects=[withStroke(linewidth=1.4, foreground="black")],
        )  # fmt: skip
    if length_mm is None:
        return
    width = abs(axes.get_xlim()[1] - axes.get_xlim()[0])
    axes.plot(
        [0.05, 0.05 + length_mm / width],
        [0.05, 0.05],
        transform=axes.transAxes,
        color="white",
        linewidth=1.6,
        solid_capstyle="butt",
        path_effects=[withStroke(linewidth=2.6, foreground="black")],
    )
    axes.annotate(
        f"{length_mm:g} mm",
        xy=(0.05, 0.05),
        xytext=(0.5, 2.5),
        xycoords="axes fraction",
        textcoords="offset points",
        color="white",
        ha="left",
        va="bottom",
        fontsize=6,
        bbox={"facecolor": "black", "edgecolor": "none", "pad": 0.5, "alpha": 0.5},
    )


def bar_length_mm(width_mm: float) -> float:
    """Round length of a scale bar, about a quarter of a picture's width."""
    return max((n for n in (1, 2, 5, 10, 20, 50, 100) if n <= 0.3 * width_mm), default=1)
