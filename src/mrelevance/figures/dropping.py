"""Relevance of each sequence against the loss when a network is trained without it."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.attribution.shares import MEASURED
from mrelevance.figures import fitting, style
from mrelevance.protocol.dropping import (
    COLUMNS,
    LOSSES,
    REPLACED,
    RETRAINED,
    SHARE,
    VALUE_COLUMNS,
    dropping_verdict,
)
from mrelevance.protocol.selection import DICE
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import readable

FACES = {LOSSES[0]: "0.2", LOSSES[1]: "white"}
SPREAD = 0.15


@style.styled
def draw(values: pd.DataFrame, agreement: pd.DataFrame, sequences: list[str]) -> Figure:
    """Measured share and loss of Dice in the trained network over the loss on retraining; ranks.

    `values` and `agreement` are the tables of `mrelevance.protocol.dropping`. The verdict stands
    above.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(values, VALUE_COLUMNS, "loss by sequence")
    check_columns(agreement, COLUMNS, "agreement with the loss")
    text = dropping_verdict(values, agreement)
    if agreement.empty:
        return style.statement(text)
    predictors = list(dict.fromkeys(agreement["predictor"]))
    figure = style.new_figure(style.PAGE_MM, max(86, 7 * len(predictors) + 42))
    fitting.heading(figure, readable(text), x=0.02, ha="left")
    shares, replaced, ranks = figure.subplots(1, 3, width_ratios=[1, 1, 0.9])
    of_quantity = values.set_index(["quantity", "measure"]).sort_index(kind="stable")
    retrained = of_quantity.loc[RETRAINED, DICE].set_index("sequence")
    for axes, quantity, measure in ((shares, MEASURED, SHARE), (replaced, REPLACED, DICE)):
        predictor = of_quantity.loc[quantity, measure].set_index("sequence")
        _scatter(axes, predictor, retrained, sequences)
    low = max(replaced.get_xlim()[0], replaced.get_ylim()[0])
    high = min(replaced.get_xlim()[1], replaced.get_ylim()[1])
    replaced.plot([low, high], [low, high], color="0.8", linewidth=0.8, zorder=0)
    shares.set_xlabel("measured share (Shapley value)")
    shares.set_ylabel("Dice lost when left out of training")
    replaced.set_xlabel("Dice lost when replaced\nin the network trained on all")
    _ranks(ranks, agreement, predictors)
    fitting.legend_below(figure, style.sequence_handles(list(retrained.index)))
    return figure


def _scatter(
    axes: Axes, predictor: pd.DataFrame, retrained: pd.DataFrame, sequences: list[str]
) -> None:
    axes.axhline(0, color="0.9", linewidth=0.5, zorder=0)
    axes.axvline(0, color="0.9", linewidth=0.5, zorder=0)
    colours = style.sequence_colours(sequences)
    for sequence, x in predictor.iterrows():
        y, colour = retrained.loc[sequence], colours[sequence]
        axes.hlines(y["value"], x["low"], x["high"], color=colour, linewidth=0.8, alpha=0.7)
        axes.vlines(x["value"], y["low"], y["high"], color=colour, linewidth=0.8, alpha=0.7)
        axes.scatter(x["value"], y["value"], s=20, color=colour, zorder=3, gid=sequence)


def _ranks(axes: Axes, agreement: pd.DataFrame, predictors: list[str]) -> None:
    """Kendall's tau of every predictor, a dot for the loss of Dice, a ring for lost lesions."""
    axes.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    for measure, shift in zip(LOSSES, (-SPREAD, SPREAD), strict=True):
        for row in agreement[agreement["measure"] == measure].itertuples():
            y = predictors.index(row.predictor) + shift
            axes.hlines(y, row.tau_low, row.tau_high, color="0.2", linewidth=0.8)
            axes.scatter(
                row.kendall_tau, y, s=14, facecolor=FACES[measure], edgecolor="0.2", linewidth=0.8,
                zorder=3, gid=f"{row.predictor} {measure}",
            )  # fmt: skip
    names = fitting.row_names(map(style.method_name, predictors), 26)
    axes.set_yticks(range(len(predictors)), names)
    axes.invert_yaxis()
    axes.set_xlim(-1.08, 1.08)
    axes.set_xlabel("Kendall's tau to what is lost\nwhen left out of training")
    handles = [
        Line2D(
            [], [], linestyle="", marker="o", markersize=4, markerfacecolor=face,
            markeredgecolor="0.2", label=measure,
        )
        for measure, face in FACES.items()
    ]  # fmt: skip
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
