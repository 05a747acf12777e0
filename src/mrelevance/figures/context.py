"""Where relevance comes from: inside a lesion, near it, elsewhere in the organ, outside."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.analysis.context import ALL, KINDS, NEEDED, ZONE_COLUMNS, lesion_matrix, zones_of
from mrelevance.figures import fitting, style
from mrelevance.figures.lesion_kinds import KIND_COLOURS, KIND_NAMES
from mrelevance.runtime.columns import check_columns

ZONE_NAMES = {
    "inside": "inside",
    "within_5_mm": "to 5 mm",
    "5_to_10_mm": "5 to 10 mm",
    "10_to_20_mm": "10 to 20 mm",
    "organ": "farther, in the organ",
    "outside": "farther, outside it",
    "elsewhere": "farther",
}
SPREAD = 0.8 / len(KINDS)  # as seaborn sets them apart


@style.styled
def draw(context: pd.DataFrame, zones: pd.DataFrame, seed: int) -> Figure:
    """Share of each lesion's relevance in each zone; one panel per method.

    `context` is the cohort's context table, `zones` the zone summary of
    `mrelevance.analysis.context`. A dot is a lesion, coloured by whether it was found; the bar is
    the median with its interval. `seed` scatters the dots sideways. Each panel counts the dots
    beyond its axis.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(context, NEEDED, "context table")
    check_columns(zones, ZONE_COLUMNS, "zone summary")
    if context["relevance"].notna().sum() == 0:
        return style.statement("The test patients have no lesion with relevance.")
    methods = list(dict.fromkeys(context["method"]))
    names = zones_of(context)
    labels = [ZONE_NAMES[name] for name in names]
    rows, columns = style.grid_shape(len(methods))
    width = style.PAGE_MM if columns > 1 else style.COLUMN_MM
    room = width / columns - 9
    figure = style.new_figure(width, (42 + fitting.names_mm(labels, room)) * rows + 10)
    grid = figure.subplots(rows, columns, squeeze=False)
    notes = []
    for axes, method in zip(grid.flat, methods, strict=False):
        own = context[context["method"] == method]
        summary = zones[(zones["method"] == method) & (zones["sequence"] == ALL)]
        with style.scattering(seed):
            notes.append(_panel(axes, own, summary, names))
        fitting.name_axis(axes, labels, room)
    fitting.panel_titles(
        grid.flat[: len(methods)], [style.method_name(m) for m in methods], notes, room, bold=False
    )
    for axes in grid.flat[len(methods) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel("part of the lesion's relevance")
    lesions = context.drop_duplicates(["patient", "region", "lesion"])["region"].value_counts()
    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=4, color=KIND_COLOURS[kind],
               label=f"{KIND_NAMES[kind]}, n = {lesions[kind]}")
        for kind in KINDS if kind in lesions
    ]  # fmt: skip
    fitting.legend_below(figure, handles)
    return figure


def _panel(axes: Axes, own: pd.DataFrame, summary: pd.DataFrame, names: list[str]) -> str:
    """Draw the dots and medians of a method; how many dots are beyond the axis."""
    shares = lesion_matrix(own, "zone", "relevance").reindex(columns=names)
    shares = shares.melt(var_name="zone", value_name="share", ignore_index=False).reset_index()
    known = shares["share"].dropna().to_numpy()
    limits = style.share_limits(known, known)
    axes.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    sns.stripplot(
        shares, x="zone", y="share", order=names, hue="region", hue_order=KINDS,
        palette=KIND_COLOURS, dodge=True, jitter=0.24, size=2.2, alpha=0.3, linewidth=0,
        legend=False, ax=axes,
    )  # fmt: skip
    for row in summary[summary["zone"].isin(names)].itertuples():
        x = names.index(row.zone) + SPREAD * (KINDS.index(row.region) - 1)
        colour = KIND_COLOURS[row.region]
        axes.vlines(x, row.low, row.high, color=colour, linewidth=1)
        axes.hlines(row.median, x - 0.1, x + 0.1, color=colour, linewidth=1.8)
    axes.set(xlabel=None, ylabel=None, ylim=limits)
    return style.count_beyond(known, limits)
