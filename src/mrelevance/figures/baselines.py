"""Measured shares of the sequences with each baseline."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.evaluation.baselines import AGREEMENT_COLUMNS
from mrelevance.figures import style
from mrelevance.runtime.columns import check_columns

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
    figure = style.new_figure(style.PAGE_MM, 80)
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
    style.count_beyond(axes, shares["share"].to_numpy(), limits, x=0.97)
    style.sequence_axis(axes, sequences, rotation=0)
    axes.set_xlim(-0.6, len(sequences) - 0.4)
    axes.set_ylim(limits)
    axes.set_ylabel("measured Shapley share of the predicted tumour")
    rows = agreement.set_index("baseline")
    handles = [
        Line2D(
            [], [], linestyle="", marker="o", markersize=4, color=COLOURS[name],
            label=_label(name, rows.loc[name] if name in rows.index else None),
        )
        for name in names
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=1)
    return figure


def _label(baseline: str, row: pd.Series | None) -> str:
    if row is None:
        return f"{baseline} (configured)"
    return (
        f"{baseline}: tau {row['kendall_tau']:.2f}, L1 {row['l1_distance']:.2f}, same first "
        f"sequence in {row['same_first']:.0f}/{row['n']:.0f}"
    )
