"""The sequence-share volume of one patient: the sequences on which each voxel's output rests."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.ndimage import distance_transform_edt

from mrelevance.figures import fitting, style
from mrelevance.figures.patient_panels import choose_lesion, no_lesion
from mrelevance.figures.relevance_colours import bar_colours, coloured
from mrelevance.figures.slices import (
    bar_length_mm,
    crop_around,
    extent,
    largest_slice,
    mark_picture,
    outline,
    read_channels,
    read_radiological,
    show_anatomy,
)
from mrelevance.runtime.errors import InputError

FIELD_MM = 120
SURROUNDINGS_MM = 15
# Where normalisers of both signs cancel to less than this part, a pooled share means nothing.
SMALLEST_SUM = 0.1
# Without white between them, which would look like a bright image.
HUES = LinearSegmentedColormap.from_list(
    "negative_positive", ["#3B0F70", "#8C5CC4", "#F59E42", "#B35806"]
)
LARGEST = "sequence with the largest share"
LARGEST_MM = 54  # width of a picture
PREDICTION_COLOUR, SURROUNDINGS_COLOUR = "#3CF07A", "#FFD75E"

logger = logging.getLogger(__name__)


def draw(
    relevance: pd.DataFrame,
    lesions: pd.DataFrame,
    maps: dict[str, Path],
    images: dict[str, Path],
    segmentations: dict[str, Path],
    sequences: list[str],
    composite: str,
) -> Figure:
    """Share volume under `composite` of the patient whose true positive Figure 2 shows.

    `relevance` and `lesions` are the tables of the test patients; `maps` has each patient's folder
    of volumes, `images` and `segmentations` the files.

    Raises
    ------
    InputError
        A column is missing, or volumes and sequences do not fit.
    """
    chosen = choose_lesion(lesions, relevance, "TP", composite)
    if chosen is None:
        return no_lesion("TP")
    patient = chosen["patient"]
    logger.info("patient %s", patient)
    image, spacing_mm = read_channels(images[patient])
    return share_volume(
        read_channels(maps[patient] / composite / "shares.nii.gz")[0],
        read_radiological(maps[patient] / composite / "normaliser.nii.gz")[0],
        image,
        read_radiological(segmentations[patient])[0] > 0,
        spacing_mm,
        sequences,
        f"Patient {patient}; {style.method_name(composite)}",
    )


@style.styled
def share_volume(
    shares: np.ndarray,
    normaliser: np.ndarray,
    image: np.ndarray,
    prediction: np.ndarray,
    spacing_mm: tuple[float, float, float],
    sequences: list[str],
    title: str,
) -> Figure:
    """Share of every sequence in the predicted tumour and within 15 mm of it.

    Arrays as displayed (see `radiological`): `shares` and `image` are (C, D, H, W),
    `normaliser` is (D, H, W), `prediction` bool (D, H, W); `spacing_mm` is (z, y, x). The slice
    is that of the tumour's largest cross-section. One panel per sequence shows its share over
    its own image, the next the sequence with the largest share over the mean of all images. The
    chart below has the pooled shares of the predicted tumour
    and of its surroundings (quotients of sums over voxels; left out where normalisers of both
    signs cancel). Voxels whose shares do not sum to one have no defined share and stay grey.

    Raises
    ------
    InputError
        Arrays and sequences do not fit.
    """
    if not len(shares) == len(image) == len(sequences) or shares.shape != image.shape:
        raise InputError(
            f"{title}: {len(sequences)} sequences, shares {shares.shape} and image {image.shape} "
            "do not fit; they must come from one run"
        )
    if not prediction.any():
        return style.statement(f"{title}: no tumour was predicted.")
    defined = np.abs(shares.sum(axis=0) - 1) < 0.01
    distance = distance_transform_edt(~prediction, sampling=spacing_mm)
    surroundings = (distance > 0) & (distance <= SURROUNDINGS_MM)
    shown = defined & (prediction | surroundings)

    cut = largest_slice(prediction)
    box = crop_around(prediction[cut], spacing_mm[1:], FIELD_MM)
    height = (box[0].stop - box[0].start) * spacing_mm[1]
    width = (box[1].stop - box[1].start) * spacing_mm[2]
    rows, columns = style.grid_shape(len(sequences) + 1)
    panel_mm = min((style.PAGE_MM - 6) / columns - 3, LARGEST_MM)
    panels = [fitting.wrapped(name, panel_mm, 7.5) for name in (*sequences, LARGEST)]
    title_mm = fitting.height_mm(max(name.count("\n") for name in panels) + 1, 7.5)
    pictures_mm = rows * (panel_mm * height / width + title_mm + 3) + 20
    chart_mm = max(24, min(40, 168 - pictures_mm)) + fitting.names_mm(sequences, style.PAGE_MM - 14)
    figure = style.new_figure(style.PAGE_MM, pictures_mm + chart_mm + 8)
    fitting.heading(figure, title)
    above, below = figure.subfigures(2, 1, height_ratios=[pictures_mm, chart_mm])
    grid = above.subplots(rows, columns, squeeze=False)
    colours = style.sequence_colours(sequences)
    backdrops = np.stack([*image[:, cut], image[:, cut].mean(axis=0)])[:, *box]
    inside = shown[cut][box]

    for index, (axes, name) in enumerate(zip(grid.flat, panels, strict=False)):
        show_anatomy(axes, backdrops[index], spacing_mm[1:])
        if index < len(sequences):
            overlay = coloured(shares[index, cut][box], 1.0, HUES)
            axes.spines[:].set(visible=True, color=colours[sequences[index]], linewidth=1.4)
        else:
            overlay = _dominant(shares[:, cut][:, *box], list(colours.values()))
        overlay[..., 3] = np.where(inside, overlay[..., 3], 0)
        axes.imshow(overlay, extent=extent(inside, spacing_mm[1:]), interpolation="nearest")
        outline(axes, inside, spacing_mm[1:], SURROUNDINGS_COLOUR, ":")
        outline(axes, prediction[cut][box], spacing_mm[1:], PREDICTION_COLOUR, "--")
        axes.set_title(name, pad=3)
        mark_picture(axes, bar_length_mm(width) if index == 0 else None)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    bar = above.colorbar(
        ScalarMappable(Normalize(-1, 1), bar_colours(HUES)),
        ax=grid,
        location="bottom",
        fraction=0.03,
        pad=0.03,
        shrink=0.4,
        aspect=40,
        extend="both",
    )
    bar.set_label("share of the voxel's relevance")
    bar.outline.set_linewidth(0.4)
    axes = below.subplots()
    _pooled(axes, shares, normaliser, defined, prediction, surroundings, colours)
    fitting.name_axis(axes, sequences, style.PAGE_MM - 14)
    fitting.legend_below(figure, _handles(colours))
    return figure


def _handles(colours: dict[str, str]) -> list[Line2D]:
    """What outlines, dots and the colours of the last picture mean."""
    lines = [
        Line2D([], [], color="#22B457", linestyle="--", label="prediction"),
        Line2D([], [], color="#B8860B", linestyle=":",
               label=f"voxels with a defined share, up to {SURROUNDINGS_MM} mm from it"),
    ]  # fmt: skip
    dots = [
        Line2D([], [], linestyle="", marker="o", markersize=4, color="0.3", markerfacecolor=face,
               label=label)
        for face, label in (("0.3", "in the prediction"), ("white", "in its surroundings"))
    ]  # fmt: skip
    patches = [
        Patch(facecolor=colour, label=f"largest share: {name}") for name, colour in colours.items()
    ]
    return [*lines, *dots, *patches]


def _dominant(shares: np.ndarray, colours: list[str]) -> np.ndarray:
    """(H, W, 4) colour of the sequence with the largest of the (C, H, W) shares."""
    palette = np.array([[*to_rgb(colour), 0.8] for colour in colours])
    return palette[shares.argmax(axis=0)]


def _pooled(
    axes: Axes,
    shares: np.ndarray,
    normaliser: np.ndarray,
    defined: np.ndarray,
    prediction: np.ndarray,
    surroundings: np.ndarray,
    colours: dict[str, str],
) -> None:
    x = np.arange(len(colours))
    for region, face, shift in [(prediction, None, -0.12), (surroundings, "white", 0.12)]:
        voxels = region & defined
        weight = normaliser[voxels].sum()
        if abs(weight) <= SMALLEST_SUM * np.abs(normaliser[voxels]).sum():
            continue
        values = (shares[:, voxels] * normaliser[voxels]).sum(axis=1) / weight
        axes.scatter(
            x + shift,
            values,
            s=16,
            c=list(colours.values()) if face is None else face,
            edgecolors=list(colours.values()),
            linewidths=1,
            zorder=3,
        )
    axes.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    axes.set_ylabel("pooled share")
