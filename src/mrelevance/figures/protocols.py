"""Every shorter protocol beside the full one."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mrelevance.figures import fitting, style
from mrelevance.figures.selection import COLOURS, VALUES, conclusion_handles
from mrelevance.protocol.selection import COLUMNS, DICE, FULL
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.subset_names import sequences_of
from mrelevance.runtime.wording import interval, signed, significant

ROW_MM = 3.2
NUMBERS_MM = 50  # width of a panel, relative to that of the dots of a protocol


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
    with_minutes = bool(order["minutes_saved"].notna().all())
    names_mm = max(fitting.width_mm(name, 6) for name in sequences)
    rows_mm = max(ROW_MM * len(place), 12)
    figure = style.new_figure(style.PAGE_MM, rows_mm + names_mm + 26)
    columns = [max(2.7 * len(sequences), 8), NUMBERS_MM, NUMBERS_MM]
    matrix, *panels = figure.subplots(1, 3, sharey=True, width_ratios=columns)
    _matrix(matrix, order, sequences)
    for axes, measure in zip(panels, VALUES, strict=True):
        rows = tested[tested["measure"] == measure]
        numbers = _differences(axes, rows, place)
        if with_minutes and axes is panels[-1]:
            numbers = {
                name: f"{numbers[name]}\N{EM SPACE}{significant(saved, 3)} min"
                for name, saved in zip(order["subset"], order["minutes_saved"], strict=True)
            }
        _beside(axes, numbers, place)
        axes.set_xlabel(f"difference in {measure}\nto the full protocol")
    if with_minutes:
        panels[-1].set_title("saved", loc="right", fontsize=6, color=style.GREY)
    matrix.set_ylim(len(place) - 0.4, -0.6)
    larger = order["size"].to_numpy()
    for y in np.flatnonzero(larger[:-1] != larger[1:]):
        for axes in (matrix, *panels):
            axes.axhline(y + 0.5, color="0.88", linewidth=0.6, zorder=0)
    fitting.legend_below(figure, conclusion_handles(tested))
    return figure


def _matrix(axes: Axes, order: pd.DataFrame, sequences: list[str]) -> None:
    for x, (name, colour) in enumerate(style.sequence_colours(sequences).items()):
        for y, subset in enumerate(order["subset"]):
            present = name in sequences_of(subset)
            axes.scatter(x, y, s=20 if present else 4, color=colour if present else "0.85")
    axes.set_xticks(range(len(sequences)), sequences, rotation=90, fontsize=6)
    axes.xaxis.tick_top()
    axes.set_xlim(-0.6, len(sequences) - 0.4)
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)


def _differences(axes: Axes, rows: pd.DataFrame, place: dict[str, int]) -> dict[str, str]:
    """Draw the differences; what each is in figures, by protocol."""
    axes.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    margin = -rows["margin"].iloc[0]
    axes.axvline(margin, color=style.GREY, linewidth=0.8, linestyle="--", zorder=0)
    axes.set_title(f"dashed: margin {signed(margin)}", fontsize=6, color=style.GREY, loc="left")
    for row in rows.itertuples():
        y, colour = place[row.subset], COLOURS[row.conclusion]
        axes.hlines(y, row.difference_low, row.difference_high, color=colour, linewidth=1.2)
        axes.scatter(row.difference, y, s=14, color=colour, zorder=3, gid=row.subset)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    return {
        row.subset: interval(row.difference, row.difference_low, row.difference_high, 3, signed)
        for row in rows.itertuples()
    }


def _beside(axes: Axes, numbers: dict[str, str], place: dict[str, int]) -> None:
    """Write the numbers of each protocol beside its row."""
    for subset, text in numbers.items():
        axes.text(
            1.02, place[subset], text, transform=axes.get_yaxis_transform(), va="center",
            fontsize=6,
        )  # fmt: skip
