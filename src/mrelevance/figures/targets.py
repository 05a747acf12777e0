"""What each sequence contributes to the margin and to each of its two logits."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.analysis.targets import COLUMNS, CONTRIBUTION, MARGIN, PART, SAME_FIRST, SHARE, TAU
from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import fixed

NAMES = {
    "margin": "margin: tumour minus background",
    "tumour": "tumour logit",
    "background": "fall of the background logit",
}
MARKS = {"margin": "o", "tumour": "^", "background": "v"}
SPREAD = 0.24


@style.styled
def draw(targets: pd.DataFrame, sequences: list[str]) -> Figure:
    """Contributions in logits on the left, shares on the right; one mark per target and sequence.

    `targets` is the table of `mrelevance.analysis.targets`: medians over patients with their
    intervals.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(targets, COLUMNS, "summary of the targets")
    if targets.empty:
        return style.statement("No tumour was predicted in any test patient.")
    names = [name for name in NAMES if (targets["target"] == name).any()]
    colours = style.sequence_colours(sequences)
    room = style.PAGE_MM / 2 - 12
    figure = style.new_figure(style.PAGE_MM, 62 + fitting.names_mm(sequences, room))
    figure.get_layout_engine().set(wspace=0.04)  # room for the label of the second axis
    for axes, measure, label in zip(
        figure.subplots(1, 2),
        [CONTRIBUTION, SHARE],
        ["contribution to the change, logits", "share of the target's change"],
        strict=True,
    ):
        axes.axhline(0, color="0.8", linewidth=0.6, zorder=0)
        for row in targets[targets["measure"] == measure].itertuples():
            x = sequences.index(row.sequence) + SPREAD * (names.index(row.target) - 1)
            colour = colours[row.sequence]
            axes.vlines(x, row.low, row.high, color=colour, linewidth=1)
            face = colour if row.target == MARGIN else "white"
            axes.scatter(
                x, row.value, s=22, marker=MARKS[row.target], facecolor=face, edgecolor=colour,
                linewidths=1, zorder=3, gid=f"{row.target} {row.sequence}",
            )  # fmt: skip
        fitting.name_axis(axes, sequences, room)
        axes.set_ylabel(label)
    count = int(targets.loc[targets["measure"] == SHARE, "n"].max())
    fitting.heading(figure, f"{_in_words(targets)}; n = {count}")
    handles = [
        Line2D([], [], linestyle="", marker=MARKS[name], markersize=4.5, color="0.3",
               markerfacecolor="0.3" if name == MARGIN else "white", label=NAMES[name])
        for name in names
    ]  # fmt: skip
    fitting.legend_below(figure, handles)
    return figure


def _in_words(summary: pd.DataFrame) -> str:
    of_tumour = summary[summary["target"] == "tumour"].set_index("measure")
    same = of_tumour.loc[SAME_FIRST]
    return (
        f"The tumour logit makes up {of_tumour.loc[PART, 'value']:.0%} of the margin "
        f"(median); its order of the sequences: tau {fixed(of_tumour.loc[TAU, 'value'])} to the "
        f"margin's, same first in {round(same['value'] * same['n'])}/{same['n']}"
    )
