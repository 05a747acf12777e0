"""Every method's shares against the measured shares."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from mrelevance.attribution.shares import MEASURED, methods_of, share_matrix
from mrelevance.figures import style
from mrelevance.runtime.columns import check_columns


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
    rows, columns = (1, len(matrices)) if len(matrices) <= 4 else style.grid_shape(len(matrices))
    panel_mm = min((style.PAGE_MM - 10) / columns, 70)
    figure = style.new_figure(
        max(panel_mm * columns + 10, style.COLUMN_MM), rows * (panel_mm + 10) + 12
    )
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    limits = style.share_limits(
        np.concatenate([matrix.to_numpy().ravel() for matrix in matrices.values()]),
        np.concatenate([measured, *(matrix.median().to_frame().T for matrix in matrices.values())]),
    )
    summaries = agreement.set_index("method")
    for axes, (name, shares) in zip(grid.flat, matrices.items(), strict=False):
        _panel(axes, measured, shares, limits)
        row = summaries.loc[name]
        axes.set_title(style.method_name(name), fontweight="bold", loc="left", pad=21)
        axes.text(
            0,
            1.02,
            f"tau {row['kendall_tau']:.2f}, L1 {row['l1_distance']:.2f}\n"
            f"first right {row['same_first']:.0f}/{row['n']:.0f}",
            transform=axes.transAxes,
            fontsize=6,
            va="bottom",
        )
    for axes in grid.flat[len(matrices) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel("share by the method")
    for axes in grid[-1]:
        axes.set_xlabel("measured Shapley share")
    figure.legend(
        handles=style.sequence_handles(sequences),
        loc="outside lower center",
        ncols=min(len(sequences), 8),
    )
    return figure


def _panel(
    axes: Axes, measured: pd.DataFrame, shares: pd.DataFrame, limits: tuple[float, float]
) -> None:
    axes.plot(limits, limits, color="0.75", linewidth=0.7, zorder=0)
    axes.axhline(0, color="0.9", linewidth=0.5, zorder=0)
    axes.axvline(0, color="0.9", linewidth=0.5, zorder=0)
    patients = shares.index.intersection(measured.index, sort=False)
    for sequence, colour in style.sequence_colours(list(shares.columns)).items():
        axes.scatter(
            measured.loc[patients, sequence],
            shares.loc[patients, sequence],
            s=9,
            color=colour,
            alpha=0.7,
            linewidths=0,
            gid=sequence,
        )
    style.count_beyond(axes, shares.loc[patients].to_numpy(), limits, x=0.97)
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.xaxis.set_major_locator(MultipleLocator(0.5))
    axes.yaxis.set_major_locator(MultipleLocator(0.5))
