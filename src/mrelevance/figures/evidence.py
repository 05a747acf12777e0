"""Evidence for the tumour and against it, shown separately, per sequence and kind of lesion."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mrelevance.analysis.context import ALL, EVIDENCE_COLUMNS, KINDS
from mrelevance.figures import style
from mrelevance.figures.lesion_kinds import KIND_NAMES
from mrelevance.runtime.columns import check_columns
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
    width = min(style.PAGE_MM, 25 + 54 * len(kinds))
    figure = style.new_figure(width, 46 * len(methods) + 26)
    grid = figure.subplots(len(methods), len(kinds), sharex=True, sharey="row", squeeze=False)
    for row, method in zip(grid, methods, strict=True):
        limits = _limits(shown[shown["method"] == method])
        for axes, kind in zip(row, kinds, strict=True):
            own = shown[(shown["method"] == method) & (shown["region"] == kind)]
            _panel(axes, own.set_index("sequence"), sequences)
            style.sequence_axis(axes, sequences)
            _count_cut_bars(axes, own[["positive", "negative"]].to_numpy(), limits)
            axes.set_xlim(-0.6, len(sequences) - 0.4)
        row[0].set_ylim(limits)
        row[0].set_ylabel(f"{style.method_name(method)}\npart of the relevance")
    for axes, kind in zip(grid[0], kinds, strict=True):
        of_kind = shown[shown["region"] == kind]
        axes.set_title(f"{KIND_NAMES[kind]}\nn = {of_kind['lesions'].max()}")
    figure.legend(
        handles=[
            Patch(facecolor="0.4", label="for the tumour"),
            Patch(facecolor="white", edgecolor="0.4", hatch="/////", label="against it"),
            Line2D([], [], color="black", marker="_", markersize=8, linewidth=1,
                   label="net, with interval"),
        ],
        loc="outside lower center",
        ncols=3,
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


def _count_cut_bars(axes: Axes, bars: np.ndarray, limits: tuple[float, float]) -> None:
    cut = int(((bars < limits[0]) | (bars > limits[1])).sum())
    if cut:
        axes.text(
            0.5, 0.97, f"{cut} bars beyond the axis", transform=axes.transAxes, fontsize=6,
            ha="center", va="top", bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip


def _limits(own: pd.DataFrame) -> tuple[float, float]:
    """Axis that holds all bars of three patients or more, or, without such bars, all others."""
    several = own[own["patients"] >= FEWEST_PATIENTS]
    heights = (own if several.empty else several)[["positive", "negative", "net"]].to_numpy()
    low, high = min(0, np.nanmin(heights)), max(0, np.nanmax(heights))
    margin = 0.15 * (high - low)
    return low - margin, high + margin
