"""Every shorter protocol beside the full one."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mrelevance.figures import style
from mrelevance.figures.selection import COLOURS, VALUES, conclusion_handles
from mrelevance.protocol.selection import COLUMNS, DICE, FULL
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.subset_names import sequences_of


@style.styled
def draw(selection: pd.DataFrame, sequences: list[str]) -> Figure:
    """Every shorter protocol: its sequences, and what it changes in Dice and sensitivity.

    `selection` is the table of `mrelevance.protocol.selection`. A coloured dot is a sequence of the
    protocol; the dashed line is the margin. Among protocols of one size the smallest loss of Dice
    stands first.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(selection, COLUMNS, "selection table")
    tested = selection[selection["chosen_by"] != FULL]
    order = tested[tested["measure"] == DICE].sort_values(
        ["size", "difference"], ascending=False, kind="stable"
    )
    place = {name: y for y, name in enumerate(order["subset"])}
    row_mm = min(5.5, max(2.6, 220 / len(place)))
    figure = style.new_figure(style.PAGE_MM, row_mm * len(place) + 34)
    columns = [0.15 * len(sequences), 1.5, 1.5]
    matrix, *panels = figure.subplots(1, 3, sharey=True, width_ratios=columns)
    _matrix(matrix, order, sequences)
    for axes, measure in zip(panels, VALUES, strict=True):
        rows = tested[tested["measure"] == measure]
        _differences(axes, rows, place)
        axes.set_xlabel(f"difference in {measure}\nto the full protocol")
    if order["minutes_saved"].notna().all():
        _minutes(panels[-1], order)
    matrix.set_ylim(len(place) - 0.4, -0.6)
    larger = order["size"].to_numpy()
    for y in np.flatnonzero(larger[:-1] != larger[1:]):
        for axes in (matrix, *panels):
            axes.axhline(y + 0.5, color="0.88", linewidth=0.6, zorder=0)
    figure.legend(handles=conclusion_handles(tested), loc="outside lower center", ncols=4)
    return figure


def _matrix(axes: Axes, order: pd.DataFrame, sequences: list[str]) -> None:
    for x, (name, colour) in enumerate(style.sequence_colours(sequences).items()):
        for y, subset in enumerate(order["subset"]):
            present = name in sequences_of(subset)
            axes.scatter(x, y, s=20 if present else 4, color=colour if present else "0.85")
    axes.set_xticks(range(len(sequences)), sequences, rotation=90)
    axes.xaxis.tick_top()
    axes.set_xlim(-0.6, len(sequences) - 0.4)
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)


def _differences(axes: Axes, rows: pd.DataFrame, place: dict[str, int]) -> None:
    axes.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    margin = -rows["margin"].iloc[0]
    axes.axvline(margin, color=style.GREY, linewidth=0.8, linestyle="--", zorder=0)
    axes.text(
        margin,
        1.01,
        "margin",
        transform=axes.get_xaxis_transform(),
        ha="center",
        fontsize=5.5,
        color=style.GREY,
    )
    for row in rows.itertuples():
        y, colour = place[row.subset], COLOURS[row.conclusion]
        axes.hlines(y, row.difference_low, row.difference_high, color=colour, linewidth=1.2)
        axes.scatter(row.difference, y, s=14, color=colour, zorder=3, gid=row.subset)
        axes.text(
            1.02,
            y,
            f"{row.difference:+.3f} [{row.difference_low:+.3f}, {row.difference_high:+.3f}]",
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=5.5,
        )
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _minutes(axes: Axes, order: pd.DataFrame) -> None:
    for y, saved in enumerate(order["minutes_saved"]):
        axes.text(
            1.78,
            y,
            f"{saved:g} min",
            transform=axes.get_yaxis_transform(),
            va="center",
            ha="right",
            fontsize=5.5,
        )
    axes.text(
        1.78, 1.01, "saved", transform=axes.transAxes, ha="right", fontsize=5.5, color=style.GREY
    )
