"""Where relevance comes from: in a lesion, near it, elsewhere in the organ, outside."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.analysis.context import ALL, KINDS, NEEDED, ZONE_COLUMNS, lesion_matrix, zones_of
from mrelevance.figures import style
from mrelevance.runtime.columns import check_columns

KIND_NAMES = {"TP": "true positive", "FN": "false negative", "FP": "false positive"}
KIND_COLOURS = {"TP": "#0072B2", "FN": "#D55E00", "FP": "#009E73"}
ZONE_NAMES = {
    "inside": "inside",
    "within_5_mm": "to 5 mm",
    "5_to_10_mm": "5 to 10 mm",
    "10_to_20_mm": "10 to 20 mm",
    "organ": "farther, in the organ",
    "outside": "farther, outside it",
    "elsewhere": "farther",
}
SPREAD = 0.24


@style.styled
def context(context: pd.DataFrame, zones: pd.DataFrame, seed: int) -> Figure:
    """Share of each lesion's relevance in each zone; one panel per method.

    `context` is the cohort's context table, `zones` that of `summary.context.zone_summary`. A dot
    is a lesion, coloured by whether it was found; the bar is the median with its interval. `seed`
    scatters the dots sideways; dots beyond the axis are counted.

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
    rows, columns = style.grid_shape(len(methods))
    figure = style.new_figure(style.PAGE_MM if columns > 1 else 110, 62 * rows + 10)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True)
    generator = np.random.default_rng(seed)
    for axes, method in zip(grid.flat, methods, strict=False):
        own = context[context["method"] == method]
        summary = zones[(zones["method"] == method) & (zones["sequence"] == ALL)]
        _panel(axes, own, summary, names, generator)
        axes.set_title(style.method_name(method), loc="left")
        axes.set_xticks(range(len(names)), [ZONE_NAMES[name] for name in names])
        axes.tick_params(axis="x", rotation=30)
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
        axes.tick_params(axis="x", labelbottom=True)
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
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _panel(
    axes: Axes,
    own: pd.DataFrame,
    summary: pd.DataFrame,
    names: list[str],
    generator: np.random.Generator,
) -> None:
    matrices = {
        kind: lesion_matrix(own[own["region"] == kind], "zone", "relevance").reindex(columns=names)
        for kind in KINDS
        if (own["region"] == kind).any()
    }
    values = np.concatenate([matrix.to_numpy().ravel() for matrix in matrices.values()])
    known = values[~np.isnan(values)]
    limits = style.share_limits(known, known)
    axes.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    for kind, matrix in matrices.items():
        place = SPREAD * (KINDS.index(kind) - 1)
        for x, zone in enumerate(names):
            shares = matrix[zone].to_numpy()
            sideways = generator.uniform(-0.08, 0.08, len(shares))
            axes.scatter(
                x + place + sideways, shares, s=5, color=KIND_COLOURS[kind], alpha=0.3,
                linewidths=0, gid=f"{kind} {zone}",
            )  # fmt: skip
            row = summary[(summary["region"] == kind) & (summary["zone"] == zone)].iloc[0]
            axes.vlines(x + place, row["low"], row["high"], color=KIND_COLOURS[kind], linewidth=1)
            axes.hlines(
                row["median"], x + place - 0.1, x + place + 0.1, color=KIND_COLOURS[kind],
                linewidth=1.8,
            )  # fmt: skip
    axes.set_ylim(limits)
    style.count_beyond(axes, known, limits, x=0.97)
