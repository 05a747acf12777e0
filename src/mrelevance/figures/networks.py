"""Other networks against the study's: detection, shares of the sequences, and agreement."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from mrelevance.analysis.networks import (
    AGREEMENT_COLUMNS,
    COLUMNS,
    SEED,
    share_measure,
)
from mrelevance.figures import fitting, style
from mrelevance.protocol.selection import DICE, SENSITIVITY
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import fixed, readable

MARKERS = "os^Dvp*"
DETECTION = {
    DICE: "Dice: difference to the study's\nnetwork; right: median",
    SENSITIVITY: "lesion sensitivity: difference\nto the study's network; right: value",
}
SPREAD = 0.16


@style.styled
def draw(
    values: pd.DataFrame, agreement: pd.DataFrame, verdict: pd.DataFrame, sequences: list[str]
) -> Figure:
    """Above detection and rank agreement of every network, below its shares of the sequences.

    The tables are those of `mrelevance.analysis.networks`; the study's network is the first and
    darkest. One panel of shares for every method of `agreement`, the verdicts on top.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(values, COLUMNS, "networks")
    check_columns(agreement, AGREEMENT_COLUMNS, "agreement of the networks")
    names = list(dict.fromkeys(values["network"]))
    methods = list(dict.fromkeys(agreement["method"]))
    greys = np.linspace(0, 0.65, len(names)).round(2)
    looks = {
        name: (MARKERS[place % len(MARKERS)], str(grey))
        for place, (name, grey) in enumerate(zip(names, greys, strict=True))
    }
    room = (style.PAGE_MM - 12) / len(methods) - 4
    detection_mm = 28 + 6 * max(len(names), len(methods))
    shares_mm = 52 + fitting.names_mm(sequences, room)
    figure = style.new_figure(style.PAGE_MM, detection_mm + shares_mm)
    fitting.heading(figure, readable("\n".join(verdict["verdict"])), x=0.02, ha="left")
    above, below = figure.subfigures(2, 1, height_ratios=[detection_mm, shares_mm])
    *detection, ranks = above.subplots(1, 3, width_ratios=[1, 1, 1.1])
    for axes, (measure, label) in zip(detection, DETECTION.items(), strict=True):
        _differences(axes, values[values["measure"] == measure], looks)
        axes.set_xlabel(label)
    detection[0].set_yticks(range(len(names)), fitting.row_names(names, 26))
    detection[1].set_yticks([])
    _ranks(ranks, agreement, methods, looks)
    panels = below.subplots(1, len(methods), sharey=True, squeeze=False)[0]
    for axes, method in zip(panels, methods, strict=True):
        rows = values[values["measure"] == share_measure(method)]
        _shares(axes, rows, sequences, looks)
        fitting.name_axis(axes, sequences, room)
        axes.set_title(style.method_name(method), loc="left")
    panels[0].set_ylabel("median pooled share")
    handles = [
        Line2D([], [], linestyle="", marker=marker, markersize=4, color=grey, label=name)
        for name, (marker, grey) in looks.items()
    ]
    fitting.legend_below(below, handles)
    return figure


def _differences(axes: Axes, rows: pd.DataFrame, looks: dict[str, tuple[str, str]]) -> None:
    """One row per network: the difference to the study's, and the value in figures."""
    axes.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    for y, row in enumerate(rows.itertuples()):
        marker, grey = looks[row.network]
        axes.hlines(y, row.difference_low, row.difference_high, color=grey, linewidth=1)
        axes.scatter(row.difference, y, s=16, marker=marker, color=grey, zorder=3, gid=row.network)
        axes.text(
            1.02, y, fixed(row.value, 3), transform=axes.get_yaxis_transform(), va="center",
            fontsize=6,
        )  # fmt: skip
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(3))


def _shares(
    axes: Axes, rows: pd.DataFrame, sequences: list[str], looks: dict[str, tuple[str, str]]
) -> None:
    """Share of every sequence, the networks side by side."""
    axes.axhline(0, color="0.9", linewidth=0.5, zorder=0)
    names = list(looks)
    step = min(SPREAD, 0.7 / len(names))
    for row in rows.itertuples():
        marker, grey = looks[row.network]
        place = names.index(row.network) - (len(names) - 1) / 2
        x = sequences.index(row.sequence) + step * place
        axes.vlines(x, row.low, row.high, color=grey, linewidth=1)
        axes.scatter(
            x, row.value, s=16, marker=marker, color=grey, zorder=3,
            gid=f"{row.network} {row.sequence}",
        )  # fmt: skip


def _ranks(
    axes: Axes,
    agreement: pd.DataFrame,
    methods: list[str],
    looks: dict[str, tuple[str, str]],
) -> None:
    """Kendall's tau to the study's network; shaded is the range of other seeds."""
    others = list(dict.fromkeys(agreement["network"]))
    for y, method in enumerate(methods):
        rows = agreement[agreement["method"] == method]
        for row in rows.itertuples():
            place = y + SPREAD * (others.index(row.network) - (len(others) - 1) / 2)
            marker, grey = looks[row.network]
            axes.hlines(place, row.tau_low, row.tau_high, color=grey, linewidth=1)
            axes.scatter(
                row.kendall_tau, place, s=16, marker=marker, color=grey, zorder=3,
                gid=f"{row.network} {method}",
            )  # fmt: skip
        seeds = rows[rows["differs_in"] == SEED]
        if seeds["tau_low"].notna().any():
            axes.fill_betweenx(
                [y - 0.45, y + 0.45], seeds["tau_low"].min(), seeds["tau_high"].max(),
                color="0.93", linewidth=0, zorder=0,
            )  # fmt: skip
    axes.set_yticks(range(len(methods)), fitting.row_names(map(style.method_name, methods), 20))
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.set_xlim(right=1.04)
    axes.set_xlabel("Kendall's tau to the study's\nnetwork (shaded: another seed)")
