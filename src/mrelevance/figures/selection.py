"""Performance of networks that were trained on fewer sequences."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.figures import fitting, style
from mrelevance.protocol.selection import COLUMNS, DICE, FULL, SENSITIVITY, verdict
from mrelevance.protocol.subsets import SEARCHED
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.subset_names import left_out, sequences_of
from mrelevance.runtime.wording import readable
from mrelevance.statistics.noninferiority import HOLDS, LOSES, UNDECIDED

COLOURS = {HOLDS: "#009E73", UNDECIDED: "0.55", LOSES: "#D55E00", FULL: "0"}
VALUES = {DICE: "median Dice", SENSITIVITY: SENSITIVITY}
# Dots of protocols with as many sequences lie this far apart, in sequences, and within this width.
STEP, WIDTH = 0.1, 0.7


@style.styled
def draw(selection: pd.DataFrame, sequences: list[str]) -> Figure:
    """Dice and lesion sensitivity of every protocol over its number of sequences.

    `selection` is the table of `mrelevance.protocol.selection`. A line joins the protocols that the
    search chose, or, without a search, the protocol of each size with the best Dice; the axis names
    them. The verdict stands above.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(selection, COLUMNS, "selection table")
    named = _named(selection)
    figure = style.new_figure(style.PAGE_MM, 116)
    fitting.heading(figure, readable(verdict(selection)), x=0.02, ha="left")
    panels = figure.subplots(2, 1, sharex=True)
    for axes, (measure, name) in zip(panels, VALUES.items(), strict=True):
        rows = selection[selection["measure"] == measure]
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
    room = (style.PAGE_MM - 14) / len(named) - 2
    places, labels = _ticks(named, sequences)
    labels = [fitting.wrapped(label, room, 6) for label in labels]
    panels[-1].set_xticks(places, labels, fontsize=6)
    fitting.grow(figure, fitting.height_mm(max(label.count("\n") for label in labels), 6))
    panels[-1].set_xlabel("number of sequences, and those of the protocol on the line")
    fitting.legend_below(figure, conclusion_handles(selection))
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


def conclusion_handles(table: pd.DataFrame) -> list[Line2D]:
    """Legend entries of the conclusions that a table has."""
    present = set(table["conclusion"])
    return [
        Line2D([], [], linestyle="", marker="o", markersize=4, color=colour, label=label)
        for label, colour in COLOURS.items()
        if label in present
    ]
