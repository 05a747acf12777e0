"""Measured shares of the sequences with each baseline."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.evaluation.baselines import AGREEMENT_COLUMNS
from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import fixed

COLOURS = {"inpainted": "#0072B2", "zero": "#E69F00", "shuffled": "#009E73"}
APART = 0.24


@style.styled
def draw(shares: pd.DataFrame, agreement: pd.DataFrame, sequences: list[str]) -> Figure:
    """Shapley shares per sequence and baseline; small dots are patients, large ones medians.

    `shares` and `agreement` are the tables of `mrelevance.evaluation.baselines`.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(shares, ["patient", "baseline", "sequence", "share"], "shares by baseline")
    check_columns(agreement, AGREEMENT_COLUMNS, "agreement of baselines")
    if shares.empty:
        return style.statement("No tumour was predicted in any test patient.")
    names = list(dict.fromkeys(shares["baseline"]))
    medians = shares.groupby(["baseline", "sequence"])["share"].median()
    limits = style.share_limits(shares["share"].to_numpy(), medians.to_numpy())
    room = style.PAGE_MM - 14
    figure = style.new_figure(style.PAGE_MM, 74 + fitting.names_mm(sequences, room))
    axes = figure.subplots()
    axes.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    for place, baseline in enumerate(names):
        shift = APART * (place - (len(names) - 1) / 2)
        of_baseline = shares[shares["baseline"] == baseline].set_index("sequence")["share"]
        for x, sequence in enumerate(sequences):
            values = of_baseline.loc[[sequence]]
            colour = COLOURS[baseline]
            axes.scatter(
                [x + shift] * len(values), values, s=6, color=colour, alpha=0.35, linewidths=0
            )
            axes.scatter(
                x + shift, medians[baseline, sequence], s=26, color=colour, zorder=3,
                gid=f"{baseline} {sequence}",
            )  # fmt: skip
    axes.set_title(style.count_beyond(shares["share"].to_numpy(), limits), loc="right", fontsize=6)
    fitting.name_axis(axes, sequences, room)
    axes.set_ylim(limits)
    fitting.y_label(axes, "measured Shapley share of the predicted tumour", 55)
    rows = agreement.set_index("baseline")
    handles = [
        Line2D(
            [], [], linestyle="", marker="o", markersize=4, color=COLOURS[name],
            label=_label(name, rows.loc[name] if name in rows.index else None),
        )
        for name in names
    ]  # fmt: skip
    fitting.legend_below(figure, handles)
    return figure


def _label(baseline: str, row: pd.Series | None) -> str:
    if row is None:
        return f"{baseline} (configured)"
    return (
        f"{baseline}: tau {fixed(row['kendall_tau'])}, L1 {fixed(row['l1_distance'])}, same first "
        f"sequence in {row['same_first']:.0f}/{row['n']:.0f}"
    )
