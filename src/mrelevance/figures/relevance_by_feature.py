"""Relevance of the sequences over the size and the contrast of the lesions."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from mrelevance.analysis.lesion_features import (
    CONSPICUITY,
    CORRELATION_COLUMNS,
    DIAMETER,
    shares_with_features,
    visibility,
)
from mrelevance.attribution.shares import MEASURED
from mrelevance.figures import fitting, style
from mrelevance.figures.lesion_kinds import KIND_COLOURS, KIND_NAMES
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import interval

SHOWN = ["TP", "FN"]
LABELS = {
    DIAMETER: "diameter, mm",
    CONSPICUITY: "true contrast to noise (magnitude)",
    "contrast": "contrast in robust standard deviations (magnitude)",
}


@style.styled
def draw(
    relevance: pd.DataFrame,
    features: pd.DataFrame,
    correlation: pd.DataFrame,
    sequences: list[str],
    composite: str,
) -> Figure:
    """Pooled share of every sequence over a lesion's size, and over its contrast there.

    `features` and `correlation` are the tables of `mrelevance.analysis.lesion_features`. Two rows
    for `composite` and two for the measurement; a dot is a labelled lesion; above each panel
    Spearman's rank correlation over the true positives with its interval. Contrast is the true one
    where it is known, else as measured.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(correlation, CORRELATION_COLUMNS, "feature correlation")
    methods = [composite, MEASURED]
    table = shares_with_features(relevance, features, methods)
    table = table[table["region"].isin(SHOWN) & table["relevance_pooled"].notna()]
    if table.empty:
        return style.statement("The test patients have no labelled lesion.")
    measures = [DIAMETER, visibility(features)]
    shown = [name for name in methods if (table["method"] == name).any()]
    columns = len(sequences) if len(sequences) <= 6 else max(6, -(-len(sequences) // 2))
    rows = -(-len(sequences) // columns)
    room = (style.PAGE_MM - 14) / columns - 3.5
    correlations = [
        [_in_words(correlation, method, measure, name) for name in sequences]
        for method in shown for measure in measures
    ]  # fmt: skip
    titles_mm = fitting.titles_mm(
        sequences, [note for own in correlations for note in own], room, points=6
    )
    panel_mm = 17 if rows == 1 else 9
    block_mm = rows * (panel_mm + 5 + titles_mm) + 3
    figure = style.new_figure(style.PAGE_MM, block_mm * len(correlations) + 6)
    blocks = figure.subfigures(len(correlations), 1, squeeze=False)[:, 0]
    for index, (block, notes) in enumerate(zip(blocks, correlations, strict=True)):
        method, measure = shown[index // 2], measures[index % 2]
        own = table[table["method"] == method]
        values = own["relevance_pooled"].to_numpy()
        limits = style.share_limits(values, values)
        grid = block.subplots(rows, columns, sharey=True, squeeze=False)
        for axes, sequence in zip(grid.flat, sequences, strict=False):
            _panel(axes, own[own["sequence"] == sequence], measure)
            axes.set_ylim(limits)
        used = grid.flat[: len(sequences)]
        fitting.panel_titles(used, sequences, notes, room, bold=False, points=6)
        for axes in grid.flat[len(sequences) :]:
            axes.set_axis_off()
        label = f"{style.method_name(method)}\npooled share"
        label = fitting.wrapped(label, block_mm - 8, fitting.HEADING_POINTS)
        block.supylabel(label, fontsize=fitting.HEADING_POINTS)
        block.supxlabel(LABELS[measure], fontsize=6.5)
    fitting.legend_below(
        figure,
        [
            Line2D([], [], linestyle="", marker="o", markersize=4, color=KIND_COLOURS[kind],
                   markerfacecolor=KIND_COLOURS[kind] if kind == "TP" else "white",
                   label=KIND_NAMES[kind])
            for kind in SHOWN
        ],
    )  # fmt: skip
    return figure


def _panel(axes: Axes, own: pd.DataFrame, measure: str) -> None:
    axes.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    for kind in SHOWN:
        of_kind = own[own["region"] == kind]
        axes.scatter(
            of_kind[measure].abs(), of_kind["relevance_pooled"], s=8, alpha=0.7,
            facecolor=KIND_COLOURS[kind] if kind == "TP" else "white",
            edgecolor=KIND_COLOURS[kind], linewidths=0.7, gid=kind,
        )  # fmt: skip
    style.start_at_zero(axes, "x")
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_locator(MaxNLocator(3))


def _in_words(correlation: pd.DataFrame, method: str, measure: str, sequence: str) -> str:
    own = correlation[
        (correlation["method"] == method)
        & (correlation["feature"] == measure)
        & (correlation["sequence"] == sequence)
    ]
    if own.empty or own["spearman"].isna().all():
        return ""
    rho, low, high = own[["spearman", "low", "high"]].iloc[0]
    return f"\N{GREEK SMALL LETTER RHO} {interval(rho, low, high)}"
