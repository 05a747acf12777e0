"""Networks beside the study's: detection, shares of the sequences, and whether they agree."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.figures import style
from mrelevance.summary.columns import check_columns
from mrelevance.summary.networks import (
    AGREEMENT_COLUMNS,
    COLUMNS,
    SEED,
    share_measure,
)
from mrelevance.summary.selection import DICE, SENSITIVITY

MARKERS = "os^Dvp*"
DETECTION = {DICE: "median Dice", SENSITIVITY: SENSITIVITY}
SPREAD = 0.16


@style.styled
def networks(values: pd.DataFrame, agreement: pd.DataFrame, sequences: list[str]) -> Figure:
    """Above detection and rank agreement of every network, below its shares of the sequences.

    `values` and `agreement` are the tables of `mrelevance.summary.networks`; the study's network
    is the first and darkest. One panel of shares for every composite of `agreement`.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(values, COLUMNS, "networks")
    check_columns(agreement, AGREEMENT_COLUMNS, "agreement of the networks")
    names = list(dict.fromkeys(values["network"]))
    composites = list(dict.fromkeys(agreement["composite"]))
    looks = {
        name: (MARKERS[k % len(MARKERS)], str(round(grey, 2)))
        for k, (name, grey) in enumerate(
            zip(names, np.linspace(0, 0.65, len(names)), strict=True)
        )
    }
    figure = style.new_figure(style.PAGE_MM, 125)
    above, below = figure.subfigures(2, 1, height_ratios=[1, 1.25])
    *detection, ranks = above.subplots(1, 3, width_ratios=[1, 1, 1.3])
    for axes, (measure, name) in zip(detection, DETECTION.items(), strict=True):
        rows = values[values["measure"] == measure]
        for x, row in enumerate(rows.itertuples()):
            _mark(axes, x, row, looks[row.network], row.network)
        axes.set_xlim(-0.6, len(names) - 0.4)
        axes.set_xticks([])
        axes.set_ylim(0, 1.02)
        axes.set_ylabel(name)
    _ranks(ranks, agreement, composites, looks)
    panels = below.subplots(1, len(composites), sharey=True, squeeze=False)[0]
    for axes, composite in zip(panels, composites, strict=True):
        axes.axhline(0, color="0.9", linewidth=0.5, zorder=0)
        for row in values[values["measure"] == share_measure(composite)].itertuples():
            place = names.index(row.network) - (len(names) - 1) / 2
            step = min(SPREAD, 0.7 / len(names))
            x = sequences.index(row.sequence) + step * place
            _mark(axes, x, row, looks[row.network], f"{row.network} {row.sequence}")
        style.sequence_axis(axes, sequences)
        axes.set_title(style.composite_name(composite), loc="left")
    panels[0].set_ylabel("median pooled share")
    handles = [
        Line2D([], [], linestyle="", marker=marker, markersize=4, color=grey, label=name)
        for name, (marker, grey) in looks.items()
    ]
    below.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6))
    return figure


def _ranks(
    axes: Axes,
    agreement: pd.DataFrame,
    composites: list[str],
    looks: dict[str, tuple[str, str]],
) -> None:
    """Kendall's tau to the study's network; what seeds reach is the shaded yardstick."""
    others = list(dict.fromkeys(agreement["network"]))
    for y, composite in enumerate(composites):
        rows = agreement[agreement["composite"] == composite]
        for row in rows.itertuples():
            place = y + SPREAD * (others.index(row.network) - (len(others) - 1) / 2)
            marker, grey = looks[row.network]
            axes.hlines(place, row.tau_low, row.tau_high, color=grey, linewidth=1)
            axes.scatter(
                row.kendall_tau, place, s=16, marker=marker, color=grey, zorder=3,
                gid=f"{row.network} {composite}",
            )  # fmt: skip
        seeds = rows[rows["differs_in"] == SEED]
        if seeds["tau_low"].notna().any():
            axes.fill_betweenx(
                [y - 0.45, y + 0.45], seeds["tau_low"].min(), seeds["tau_high"].max(),
                color="0.93", linewidth=0, zorder=0,
            )  # fmt: skip
    axes.set_yticks(range(len(composites)), [style.composite_name(name) for name in composites])
    axes.set_ylim(len(composites) - 0.5, -0.5)
    axes.set_xlim(right=1.04)
    axes.set_xlabel("Kendall's tau to the study's network\n(shaded: another seed)")


def _mark(axes: Axes, x: float, row: tuple, look: tuple[str, str], gid: str) -> None:
    marker, grey = look
    axes.vlines(x, row.low, row.high, color=grey, linewidth=1)
    axes.scatter(x, row.value, s=16, marker=marker, color=grey, zorder=3, gid=gid)
