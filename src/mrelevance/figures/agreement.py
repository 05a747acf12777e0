"""Every method's shares against the measured shares."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mrelevance.attribution.shares import MEASURED, methods_of, share_matrix
from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import fixed

LARGEST_MM = 70


@style.styled
def draw(relevance: pd.DataFrame, agreement: pd.DataFrame, sequences: list[str]) -> Figure:
    """Pooled shares of each method over the exact Shapley shares; a dot is one patient.

    `relevance` is the cohort's relevance table, of which the region `tumour` is shown; `agreement`
    is the agreement summary. On the diagonal a method equals the measurement. Each panel counts the
    dots beyond its axis.

    Raises
    ------
    InputError
        A column is missing, there are no Shapley values, or see `share_matrix`.
    """
    check_columns(
        agreement,
        ["method", "n", "kendall_tau", "l1_distance", "same_first"],
        "agreement summary",
    )
    measured = share_matrix(relevance, MEASURED, "relevance_pooled").reindex(columns=sequences)
    methods = list(agreement["method"])
    if not methods:
        return style.statement("No tumour was predicted in any test patient.")
    matrices = {
        name: share_matrix(relevance, name, "relevance_pooled").reindex(columns=sequences)
        for name in methods_of(relevance)
        if name in methods
    }
    limits = style.share_limits(
        np.concatenate([matrix.to_numpy().ravel() for matrix in matrices.values()]),
        np.concatenate([measured, *(matrix.median().to_frame().T for matrix in matrices.values())]),
    )
    summaries = agreement.set_index("method")
    names = [style.method_name(name) for name in matrices]
    notes = [
        _note(summaries.loc[name], _paired(measured, shares)[1], limits)
        for name, shares in matrices.items()
    ]
    columns = min(len(matrices), 4 if len(matrices) in (4, 7, 8) else 3)
    rows = -(-len(matrices) // columns)
    width = style.PAGE_MM if columns > 1 else style.COLUMN_MM
    room = min(width / columns - 9, LARGEST_MM)
    figure = style.new_figure(width, rows * (room + fitting.titles_mm(names, notes, room) + 5) + 16)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, shares in zip(grid.flat, matrices.values(), strict=False):
        _panel(axes, *_paired(measured, shares), limits)
    fitting.panel_titles(grid.flat[: len(names)], names, notes, room)
    for axes in grid.flat[len(matrices) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel("share by the method")
    for column in grid.T:
        lowest = [axes for axes in column if axes.axison][-1]
        lowest.set_xlabel("measured Shapley share")
        lowest.tick_params(labelbottom=True)
    fitting.legend_below(figure, style.sequence_handles(sequences))
    return figure


def _paired(measured: pd.DataFrame, shares: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables for the patients that are in both."""
    patients = shares.index.intersection(measured.index, sort=False)
    return measured.loc[patients], shares.loc[patients]


def _note(summary: pd.Series, shares: pd.DataFrame, limits: tuple[float, float]) -> str:
    agreement = (
        f"tau {fixed(summary['kendall_tau'])}, L1 {fixed(summary['l1_distance'])}, "
        f"first right {summary['same_first']:.0f}/{summary['n']:.0f}"
    )
    return "\n".join(filter(None, [agreement, style.count_beyond(shares.to_numpy(), limits)]))


def _panel(
    axes: Axes, measured: pd.DataFrame, shares: pd.DataFrame, limits: tuple[float, float]
) -> None:
    axes.plot(limits, limits, color="0.75", linewidth=0.7, zorder=0)
    axes.axhline(0, color="0.9", linewidth=0.5, zorder=0)
    axes.axvline(0, color="0.9", linewidth=0.5, zorder=0)
    for sequence, colour in style.sequence_colours(list(shares.columns)).items():
        axes.scatter(
            measured[sequence],
            shares[sequence],
            s=9,
            color=colour,
            alpha=0.7,
            linewidths=0,
            gid=sequence,
        )
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))
