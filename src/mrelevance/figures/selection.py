"""How networks do that were trained on fewer sequences."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.figures import style
from mrelevance.protocol.selection import COLUMNS, DICE, FULL, SENSITIVITY, verdict
from mrelevance.protocol.subsets import SEARCHED
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.subset_names import left_out, sequences_of
from mrelevance.statistics.noninferiority import HOLDS, LOSES, UNDECIDED

COLOURS = {HOLDS: "#009E73", UNDECIDED: "0.55", LOSES: "#D55E00", FULL: "0"}
VALUES = {DICE: "median Dice", SENSITIVITY: SENSITIVITY}
# Dots of protocols with as many sequences lie this far apart, in sequences, and within this width.
STEP, WIDTH = 0.1, 0.7
LINE_LETTERS = 140


@style.styled
def selection(table: pd.DataFrame, sequences: list[str]) -> Figure:
    """Dice and lesion sensitivity of every protocol over its number of sequences.

    `table` is that of `mrelevance.protocol.selection`. A line joins the protocols that the search
    chose, or those with the best Dice of each size where nothing was searched; the axis names them.
    The verdict stands above.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(table, COLUMNS, "selection table")
    named = _named(table)
    figure = style.new_figure(style.PAGE_MM, 130)
    figure.suptitle(wrapped(verdict(table)), x=0.02, ha="left", fontsize=7)
    panels = figure.subplots(2, 1, sharex=True)
    for axes, (measure, name) in zip(panels, VALUES.items(), strict=True):
        rows = table[table["measure"] == measure]
        full = rows[rows["chosen_by"] == FULL].iloc[0]
        axes.axhline(full["value"], color="0.8", linewidth=0.8, zorder=0)
        path = rows[rows["subset"].isin(named)].sort_values("size")
        axes.plot(path["size"], path["value"], color="0.8", linewidth=1.2, zorder=1)
        for _, others in rows[~rows["subset"].isin(named)].groupby("size"):
            _dots(axes, others.sort_values("difference"))
        for row in path.itertuples():
            _dot(axes, row.size, row, 26, 1.4)
        axes.set_ylabel(name)
        axes.set_ylim(top=min(axes.get_ylim()[1], 1.02))
    panels[-1].set_xticks(*_ticks(named, sequences))
    panels[-1].set_xlabel("number of sequences, and those of the protocol on the line")
    figure.legend(handles=_handles(table), loc="outside lower center", ncols=4)
    return figure


def _named(table: pd.DataFrame) -> list[str]:
    """One subset of every size: what the search chose, or the best in Dice."""
    rows = table[table["measure"] == DICE]
    best = rows.sort_values("value", ascending=False, kind="stable").drop_duplicates("size")
    searched = rows[rows["chosen_by"].isin([SEARCHED, FULL])]
    chosen = pd.concat([searched, best]).drop_duplicates("size") if len(searched) > 1 else best
    return list(chosen["subset"])


def _dots(axes: Axes, rows: pd.DataFrame) -> None:
    """Protocols of one size side by side, beside the place of the one on the line."""
    step = min(STEP, WIDTH / 2 / max(len(rows), 1))
    for place, row in enumerate(rows.itertuples()):
        shift = (place // 2 + 1) * step * (1 if place % 2 else -1)
        _dot(axes, row.size + shift, row, 9, 0.6)


def _dot(axes: Axes, x: float, row: tuple, size: float, width: float) -> None:
    colour = COLOURS[row.conclusion]
    axes.vlines(x, row.value_low, row.value_high, color=colour, linewidth=width, alpha=0.7)
    axes.scatter(x, row.value, s=size, color=colour, linewidths=0, zorder=3, gid=row.subset)


def _ticks(named: list[str], sequences: list[str]) -> tuple[list[int], list[str]]:
    """Number of sequences, and which they are, or which are missing if these are fewer."""
    labels = {}
    for subset in named:
        kept, missing = sequences_of(subset), left_out(subset, sequences)
        if not missing:
            lines = ["all"]
        elif len(missing) < len(kept):
            lines = ["without", *missing]
        else:
            lines = kept
        labels[len(kept)] = "\n".join([str(len(kept)), *lines])
    return list(labels), list(labels.values())


@style.styled
def protocols(table: pd.DataFrame, sequences: list[str]) -> Figure:
    """Every shorter protocol: its sequences, and what it changes in Dice and sensitivity.

    `table` is that of `mrelevance.protocol.selection`. A filled dot is a sequence that is there.
    Dashed: the margin. Within a number of sequences the smallest loss of Dice stands first.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(table, COLUMNS, "selection table")
    tested = table[table["chosen_by"] != FULL]
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
    figure.legend(handles=_handles(tested), loc="outside lower center", ncols=4)
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


def _handles(table: pd.DataFrame) -> list[Line2D]:
    present = set(table["conclusion"])
    return [
        Line2D([], [], linestyle="", marker="o", markersize=4, color=colour, label=label)
        for label, colour in COLOURS.items()
        if label in present
    ]


def wrapped(text: str) -> str:
    """Text in lines that fit the width of a page."""
    return "\n".join(textwrap.wrap(text, LINE_LETTERS))
