"""Evidence for the tumour and against it, shown separately, per sequence and kind of lesion."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mrelevance.analysis.context import ALL, EVIDENCE_COLUMNS, KINDS
from mrelevance.figures import fitting, style
from mrelevance.figures.lesion_kinds import KIND_NAMES
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import counted
from mrelevance.statistics.bootstrap import FEWEST_PATIENTS


@style.styled
def draw(evidence: pd.DataFrame, sequences: list[str]) -> Figure:
    """Relevance for the tumour (bars up) and against it (bars down) in the voxels of each sequence.

    `evidence` is the evidence summary of `mrelevance.analysis.context`. One row per method, one
    column per kind of lesion; the black mark with its interval is the net. The axis of a row holds
    the kinds found in three patients or more; the panels count the bars beyond it.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(evidence, EVIDENCE_COLUMNS, "evidence summary")
    shown = evidence[
        (evidence["level"] == "voxel") & (evidence["sequence"] != ALL) & evidence["net"].notna()
    ]
    if shown.empty:
        return style.statement("The test patients have no lesion with relevance.")
    methods = list(dict.fromkeys(shown["method"]))
    kinds = [kind for kind in KINDS if (shown["region"] == kind).any()]
    width = style.PAGE_MM if len(kinds) > 1 else style.COLUMN_MM
    room = (width - 14) / len(kinds) - 4
    names_mm = fitting.names_mm(sequences, room)
    panel_mm = min(34, (style.PAGE_HEIGHT_MM - names_mm - 26) / len(methods) - 5)
    figure = style.new_figure(width, (panel_mm + 5) * len(methods) + names_mm + 24)
    grid = figure.subplots(len(methods), len(kinds), sharex=True, sharey="row", squeeze=False)
    titles = [
        f"{KIND_NAMES[kind]}\nn = {shown.loc[shown['region'] == kind, 'lesions'].max()}"
        for kind in kinds
    ]
    for row, method in zip(grid, methods, strict=True):
        limits = _limits(shown[shown["method"] == method])
        notes = []
        for axes, kind in zip(row, kinds, strict=True):
            own = shown[(shown["method"] == method) & (shown["region"] == kind)]
            _panel(axes, own.set_index("sequence"), sequences)
            fitting.name_axis(axes, sequences, room)
            notes.append(_cut_bars(own[["positive", "negative"]].to_numpy(), limits))
        fitting.panel_titles(row, titles, notes, room, bold=False)
        titles = [""] * len(kinds)
        row[0].set_ylim(limits)
        fitting.y_label(row[0], f"{style.method_name(method)}\npart of the relevance", panel_mm)
    fitting.legend_below(
        figure,
        [
            Patch(facecolor="0.4", label="for the tumour"),
            Patch(facecolor="white", edgecolor="0.4", hatch="/////", label="against it"),
            Line2D([], [], color="black", marker="_", markersize=8, linewidth=1,
                   label="net, with interval"),
        ],
    )  # fmt: skip
    return figure


def _panel(axes: Axes, own: pd.DataFrame, sequences: list[str]) -> None:
    axes.axhline(0, color="0.6", linewidth=0.6, zorder=1)
    for x, (sequence, colour) in enumerate(style.sequence_colours(sequences).items()):
        if sequence not in own.index:
            continue
        row = own.loc[sequence]
        axes.bar(x, row["positive"], 0.7, color=colour, gid=f"for {sequence}")
        axes.bar(
            x, row["negative"], 0.7, facecolor="white", edgecolor=colour, hatch="/////",
            linewidth=0.6, gid=f"against {sequence}",
        )  # fmt: skip
        axes.vlines(x, row["net_low"], row["net_high"], color="black", linewidth=0.9, zorder=4)
        axes.hlines(row["net"], x - 0.25, x + 0.25, color="black", linewidth=1.4, zorder=4)


def _cut_bars(bars: np.ndarray, limits: tuple[float, float]) -> str:
    cut = int(((bars < limits[0]) | (bars > limits[1])).sum())
    return f"{counted(cut, 'bar')} beyond the axis" if cut else ""


def _limits(own: pd.DataFrame) -> tuple[float, float]:
    """Axis that holds all bars of three patients or more, or, without such bars, all others."""
    several = own[own["patients"] >= FEWEST_PATIENTS]
    heights = (own if several.empty else several)[["positive", "negative", "net"]].to_numpy()
    low, high = min(0, np.nanmin(heights)), max(0, np.nanmax(heights))
    margin = 0.15 * (high - low)
    return low - margin, high + margin
