"""Region perturbation: how the margin falls when relevant voxels are replaced."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from mrelevance.evaluation.maps import AREA_COLUMNS, relative_margins
from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns

REPLACEMENTS = {
    "baseline": ("#0072B2", "baseline"),
    "noise": ("#E69F00", "noise"),
    "shuffled": ("#009E73", "shuffled cubes"),
}
ORDERS = {"most_relevant": ("-", "most relevant first"), "least_relevant": (":", "least first")}
UNIT_NAMES = {
    "all_sequences": "cubes of all sequences together",
    "one_sequence": "cubes of one sequence each",
}


@style.styled
def draw(curves: pd.DataFrame, areas: pd.DataFrame) -> Figure:
    """Curves of every method, and below them all methods ranked by the area between the two orders.

    `curves` is the perturbation table, `areas` its summary. One small panel per method, the best
    first: medians over the lesions of the margin relative to the intact lesion. Below, per method,
    a dot per replacement with its interval, a panel for each kind of unit.

    Raises
    ------
    InputError
        A column is missing.
    """
    columns = ["method", "units", "replacement", "order", "step", "replaced_share", "margin"]
    check_columns(curves, columns, "perturbation table")
    check_columns(areas, AREA_COLUMNS, "perturbation summary")
    if curves.empty:
        return style.statement("No lesion was found in the test patients that are mapped.")
    between = areas[areas["measure"] == "difference"]
    ranked = between.groupby("method")["median"].mean().sort_values(ascending=False).index
    kinds = [units for units in UNIT_NAMES if units in set(areas["units"])]
    shown = [name for name in REPLACEMENTS if name in set(areas["replacement"])]

    panels_across = min(6, len(ranked))
    panels_down = -(-len(ranked) // panels_across)
    top_mm, bottom_mm = 32 * panels_down, 4.2 * len(ranked) + 16
    figure = style.new_figure(style.PAGE_MM, top_mm + bottom_mm + 14)
    top, bottom = figure.subfigures(2, 1, height_ratios=[top_mm, bottom_mm], hspace=0.04)
    grid = top.subplots(panels_down, panels_across, sharex=True, sharey=True, squeeze=False)
    # The finest units tell methods apart that find the same place in different sequences.
    finest = curves[curves["units"] == kinds[-1]]
    median = (
        finest.assign(relative=relative_margins(finest))
        .groupby(["method", "replacement", "order", "step"])[["replaced_share", "relative"]]
        .median()
    )
    for axes, method in zip(grid.flat, ranked, strict=False):
        _curves(axes, median.loc[method], shown)
        name = fitting.wrapped(style.method_name(method), style.PAGE_MM / panels_across - 4, 6.5)
        axes.set_title(name, fontsize=6.5, pad=3)
    for number, axes in enumerate(grid.flat[len(ranked) :], start=len(ranked)):
        axes.set_axis_off()
        grid.flat[number - panels_across].tick_params(labelbottom=True)
    top.supxlabel(f"replaced share of the {UNIT_NAMES[kinds[-1]]} (%)", fontsize=7)
    top.supylabel("margin, intact lesion = 1", fontsize=7)

    for axes, units in zip(
        bottom.subplots(1, len(kinds), sharey=True, squeeze=False)[0], kinds, strict=True
    ):
        _areas(axes, between[between["units"] == units], list(ranked), shown)
        axes.set_title(UNIT_NAMES[units], pad=3)
        axes.set_xlabel("area between the two orders (chance: 0)")
    fitting.legend_below(figure, _handles(shown))
    return figure


def _curves(axes: Axes, median: pd.DataFrame, shown: list[str]) -> None:
    axes.axhline(1, color=style.GREY, linewidth=0.5)
    axes.axhline(0, color=style.GREY, linewidth=0.5)
    for replacement in shown:
        for order, (line, _) in ORDERS.items():
            curve = median.loc[replacement, order]
            curve = curve[curve["replaced_share"] > 0]
            axes.plot(
                curve["replaced_share"],
                curve["relative"],
                color=REPLACEMENTS[replacement][0],
                linestyle=line,
                linewidth=1,
                gid=f"{replacement} {order}",
            )
    axes.set_xscale("log")
    axes.set_xticks([0.001, 0.01, 0.1, 1], ["0.1", "1", "10", "100"])
    axes.xaxis.set_minor_locator(NullLocator())


def _areas(axes: Axes, between: pd.DataFrame, ranked: list[str], shown: list[str]) -> None:
    offsets = np.linspace(-0.22, 0.22, len(shown)) if len(shown) > 1 else [0.0]
    axes.axvline(0, color=style.GREY, linewidth=0.6)
    for replacement, offset in zip(shown, offsets, strict=True):
        colour = REPLACEMENTS[replacement][0]
        rows = between[between["replacement"] == replacement].set_index("method").loc[ranked]
        y = np.arange(len(ranked)) + offset
        axes.hlines(y, rows["ci_low"], rows["ci_high"], color=colour, linewidth=0.9)
        axes.scatter(rows["median"], y, s=9, color=colour, zorder=3, gid=replacement)
    axes.set_yticks(range(len(ranked)), [style.method_name(method) for method in ranked])
    axes.set_ylim(len(ranked) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def _handles(shown: list[str]) -> list[Line2D]:
    colours = [
        Line2D([], [], color=colour, marker="o", markersize=3, label=label)
        for name, (colour, label) in REPLACEMENTS.items()
        if name in shown
    ]
    lines = [
        Line2D([], [], color="0.3", linestyle=line, label=label) for line, label in ORDERS.values()
    ]
    return colours + lines
