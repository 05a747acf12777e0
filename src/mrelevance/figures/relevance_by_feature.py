"""Relevance of the sequences over the size and the contrast of the lesions."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.analysis.lesion_features import (
    CONSPICUITY,
    CORRELATION_COLUMNS,
    DIAMETER,
    shares_with_features,
    visibility,
)
from mrelevance.attribution.shares import MEASURED
from mrelevance.figures import style
from mrelevance.figures.lesion_kinds import KIND_COLOURS, KIND_NAMES
from mrelevance.runtime.columns import check_columns

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
    figure = style.new_figure(style.PAGE_MM, 36 * len(shown) * 2 + 16)
    blocks = figure.subfigures(2 * len(shown), 1, squeeze=False)[:, 0]
    for index, block in enumerate(blocks):
        method, measure = shown[index // 2], measures[index % 2]
        own = table[table["method"] == method]
        values = own["relevance_pooled"].to_numpy()
        limits = style.share_limits(values, values)
        row = block.subplots(1, len(sequences), sharey=True, squeeze=False)[0]
        known = correlation[
            (correlation["method"] == method) & (correlation["feature"] == measure)
        ].set_index("sequence")
        for axes, sequence in zip(row, sequences, strict=True):
            _panel(axes, own[own["sequence"] == sequence], measure)
            axes.set_title(f"{sequence}{_in_words(known, sequence)}", fontsize=6)
            axes.set_ylim(limits)
        row[0].set_ylabel(f"{style.method_name(method)}\npooled share")
        block.supxlabel(LABELS[measure], fontsize=6.5)
    figure.legend(
        handles=[
            Line2D([], [], linestyle="", marker="o", markersize=4, color=KIND_COLOURS[kind],
                   markerfacecolor=KIND_COLOURS[kind] if kind == "TP" else "white",
                   label=KIND_NAMES[kind])
            for kind in SHOWN
        ],
        loc="outside lower center", ncols=2,
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
    axes.set_xlim(left=0)


def _in_words(correlation: pd.DataFrame, sequence: str) -> str:
    if sequence not in correlation.index:
        return ""
    row = correlation.loc[sequence]
    if pd.isna(row["spearman"]):
        return ""
    text = f"\n\N{GREEK SMALL LETTER RHO} {row['spearman']:.2f}"
    if pd.notna(row["low"]):
        text += f" [{row['low']:.2f}, {row['high']:.2f}]"
    return text.replace("-", "\N{MINUS SIGN}")
