"""One lesion by many methods: signed maps side by side, and the relevance left by each layer."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from mrelevance.figures import fitting, style
from mrelevance.figures.relevance_colours import bar_colours, coloured
from mrelevance.figures.slices import (
    bar_length_mm,
    extent,
    largest_slice,
    mark_picture,
    outline,
    read_channels,
    read_radiological,
    show_anatomy,
)
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.methods import GALLERY
from mrelevance.runtime.wording import MINUS, fixed

OUTLINE_COLOUR = "#3CF07A"
PERCENTILE = 99  # of the lesion's voxels in the slice, in all sequences: there colours end
METHOD_MM, KEPT_MM = 20, 20  # width of the names and of the plots at the right


def draw(volumes: Path, conservation: pd.DataFrame, sequences: list[str]) -> Figure:
    """Maps of one lesion by every method of `conservation`, from the folder `volumes`.

    Raises
    ------
    InputError
        See `map_gallery`.
    """
    if conservation.empty:
        return style.statement("No lesion was found in the test patients that are mapped.")
    shown = list(conservation["method"].unique())
    image, spacing_mm = read_channels(volumes / "image.nii.gz")
    return map_gallery(
        image,
        read_radiological(volumes / "lesion.nii.gz")[0] > 0,
        {method: read_channels(volumes / f"{method}.nii.gz")[0] for method in shown},
        conservation,
        spacing_mm,
        sequences,
        left_out=[method for method in GALLERY if method not in shown],
    )


@style.styled
def map_gallery(
    image: np.ndarray,
    lesion: np.ndarray,
    maps: dict[str, np.ndarray],
    conservation: pd.DataFrame,
    spacing_mm: tuple[float, float, float],
    sequences: list[str],
    left_out: Collection[str] = (),
) -> Figure:
    """Methods in rows, sequences in columns, in the slice of the lesion's largest cross-section.

    Arrays as displayed (see `radiological`): `image` and every map are (C, D, H, W),
    `lesion` is bool (D, H, W), `spacing_mm` (z, y, x). Red speaks for tumour, blue against it, on
    one scale for each row, which ends at the 99th percentile of the lesion's voxels in the slice.
    The plot beside each row shows how much of the relevance is left behind every layer, from the
    output on the left to the image on the right (`conservation`, the table of that name). A line
    names the methods that are `left_out` because they do not apply to the network.

    Raises
    ------
    InputError
        A column is missing, the lesion is empty, or arrays and sequences do not fit.
    """
    columns = ["patient", "lesion", "method", "depth", "operation", "remaining"]
    check_columns(conservation, columns, "conservation table")
    wrong = [name for name, values in maps.items() if values.shape != image.shape]
    if len(image) != len(sequences) or wrong or lesion.shape != image.shape[1:]:
        raise InputError(
            f"gallery: {len(sequences)} sequences, image {image.shape}, lesion {lesion.shape} and "
            f"maps {', '.join(wrong) or 'of its shape'} do not fit; they must come from one run"
        )
    if not lesion.any():
        raise InputError("gallery: the lesion has no voxel; map it again")
    cut = largest_slice(lesion)
    height, width = image.shape[2] * spacing_mm[1], image.shape[3] * spacing_mm[2]
    panel_mm = (style.PAGE_MM - METHOD_MM - KEPT_MM - 8) / len(sequences)
    row_mm = min(max(panel_mm * height / width, 9), 214 / len(maps) - 1)
    plot_share = KEPT_MM / panel_mm
    panel_mm = min(panel_mm, row_mm * width / height)
    names = [fitting.wrapped(name, panel_mm - 0.5, 6) for name in sequences]
    if max(name.count("\n") for name in names) > 3:
        names, angle = sequences, 90
        title_mm = max(fitting.width_mm(name, 6) for name in names)
    else:
        angle, title_mm = 0, fitting.height_mm(max(name.count("\n") for name in names) + 1, 6)
    figure = style.new_figure(style.PAGE_MM, (row_mm + 1) * len(maps) + title_mm + 18)
    figure.get_layout_engine().set(
        w_pad=0.01, h_pad=0.01, wspace=0.01, hspace=0.01, rect=(0, 0.012, 1, 0.973)
    )
    grid = figure.subplots(
        len(maps),
        len(sequences) + 1,
        squeeze=False,
        width_ratios=[1] * len(sequences) + [plot_share],
    )
    first = conservation.iloc[0]
    title = f"Patient {first['patient']}, lesion {first['lesion']}"
    if left_out:
        title += "\nnot applicable to this network: "
        title += ", ".join(map(style.method_name, left_out))
    fitting.heading(figure, title)
    for row, (method, values) in zip(grid, maps.items(), strict=True):
        _pictures(row[:-1], image[:, cut], values[:, cut], lesion[cut], spacing_mm[1:])
        name = fitting.wrapped(style.method_name(method), METHOD_MM, 6)
        row[0].set_ylabel(name, fontsize=6, rotation=0, ha="right", va="center")
        _kept(row[-1], conservation[conservation["method"] == method])
    for axes, name in zip(grid[0], names, strict=False):
        axes.set_title(name, pad=3, fontsize=6, rotation=angle)
    grid[0, -1].set_title("relevance left,\noutput \N{RIGHTWARDS ARROW} image", pad=3, fontsize=6)
    # Small pictures need a long bar.
    mark_picture(grid[0, 0], bar_length_mm(1.5 * width))
    bar = figure.colorbar(
        ScalarMappable(Normalize(-1, 1), bar_colours()),
        ax=grid,
        location="bottom",
        shrink=0.4,
        aspect=45,
        pad=0.015,
    )
    bar.set_ticks([-1, 0, 1], labels=["against tumour", "0", "for tumour"])
    bar.outline.set_linewidth(0.4)
    return figure


def _pictures(
    row: np.ndarray,
    anatomy: np.ndarray,
    values: np.ndarray,
    lesion: np.ndarray,
    spacing_yx: tuple[float, float],
) -> None:
    limit = float(np.percentile(np.abs(values[:, lesion]), PERCENTILE)) or 1.0
    for axes, pixels, overlay in zip(row, anatomy, values, strict=True):
        show_anatomy(axes, pixels, spacing_yx)
        axes.imshow(
            coloured(overlay, limit), extent=extent(overlay, spacing_yx), interpolation="nearest"
        )
        outline(axes, lesion, spacing_yx, OUTLINE_COLOUR)


def _kept(axes: Axes, layers: pd.DataFrame) -> None:
    """Relevance that is left behind each layer, or what the map adds up to without layers."""
    axes.yaxis.tick_right()
    axes.spines["left"].set_visible(False)
    axes.spines["right"].set_visible(True)
    axes.tick_params(labelsize=6, length=2)
    axes.set_xticks([])
    if list(layers["operation"]) == ["whole"]:
        kept = layers["remaining"].iloc[0]
        text = "no layers" if np.isnan(kept) else f"no layers; sum {fixed(kept)}"
        axes.text(
            0.5, 0.5, fitting.wrapped(text, KEPT_MM - 4, 6), transform=axes.transAxes,
            ha="center", va="center", fontsize=6, color=style.GREY,
        )  # fmt: skip
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        return
    # One step more than there are layers shows what the last one leaves.
    depth = np.array([0, *layers["depth"], len(layers) + 2])
    remaining = np.array([1.0, *layers["remaining"], layers["remaining"].iloc[-1]])
    axes.axhline(1, color=style.GREY, linewidth=0.5, linestyle="--")
    axes.axhline(0, color=style.GREY, linewidth=0.5)
    axes.plot(depth, remaining, color="black", linewidth=0.9, drawstyle="steps-post")
    low, high = min(0.0, remaining.min()), max(1.0, remaining.max())
    margin = 0.12 * (high - low)
    axes.set_ylim(low - margin, high + margin)
    # Leave out the tick at 0 or 1 where its label would touch that of the last value.
    last = round(float(remaining[-1]), 2)
    apart = 0.3 * (high - low)
    ticks = [last, *(tick for tick in (0.0, 1.0) if abs(tick - last) > apart)]
    ticks = ticks if high - low < 6 else [last]
    axes.set_yticks(ticks, [f"{tick:g}".replace("-", MINUS) for tick in ticks])
