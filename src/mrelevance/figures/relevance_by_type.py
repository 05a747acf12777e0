"""Relevance of the sequences by lesion type."""

from textwrap import fill

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mrelevance.attribution.shares import MEASURED
from mrelevance.figures import style
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError


@style.styled
def draw(
    relevance: pd.DataFrame,
    lesions: pd.DataFrame,
    sequences: list[str],
    composite: str,
    seed: int,
) -> Figure:
    """Pooled shares of the true positives: one row per method, one column per lesion type.

    The methods are `composite` and the exact Shapley value. `relevance` is the cohort's relevance
    table, `lesions` its table of TP, FN and FP with each lesion's type; `seed` scatters the dots
    sideways. A dot is a lesion, the bar is the median, the line joins the quartiles. Each panel
    counts the dots beyond its axis.

    Raises
    ------
    InputError
        A column is missing, or none of the methods is in the table.
    """
    check_columns(
        relevance,
        ["patient", "method", "region", "lesion", "sequence", "relevance_pooled"],
        "relevance table",
    )
    check_columns(lesions, ["patient", "region", "lesion", "type"], "lesion table")
    methods = [composite, MEASURED]
    shown = [name for name in methods if (relevance["method"] == name).any()]
    if not shown:
        raise InputError(f"relevance table: none of the methods {', '.join(methods)}")
    positive = relevance[(relevance["region"] == "TP") & relevance["relevance_pooled"].notna()]
    types = lesions.loc[lesions["region"] == "TP", ["patient", "lesion", "type"]]
    typed = positive.merge(types, on=["patient", "lesion"], validate="many_to_one")
    typed = typed[typed["method"].isin(shown)]
    if typed.empty:
        return style.statement("No true positive in the test patients.")
    kinds = list(typed.groupby("type")["lesion"].size().sort_values(ascending=False).index)

    columns = max(len(kinds), 2)
    width = min(style.PAGE_MM, 25 + 44 * columns)
    figure = style.new_figure(width, 18 + 50 * len(shown))
    grid = figure.subplots(len(shown), len(kinds), sharey=True, sharex=True, squeeze=False)
    values = typed["relevance_pooled"].to_numpy()
    limits = style.share_limits(values, values)
    rotation = 90 if len(sequences) * len(kinds) > 26 else 40
    for row, method in zip(grid, shown, strict=True):
        for axes, kind in zip(row, kinds, strict=True):
            of_panel = typed[(typed["method"] == method) & (typed["type"] == kind)]
            with style.scattering(seed):
                _panel(axes, of_panel, sequences)
            style.count_beyond(axes, of_panel["relevance_pooled"].to_numpy(), limits, x=0.03)
            style.sequence_axis(axes, sequences, rotation)
            axes.set_ylim(limits)
        row[0].set_ylabel(f"{style.method_name(method)}\npooled share")
    for axes, kind in zip(grid[0], kinds, strict=True):
        of_kind = typed.loc[typed["type"] == kind, ["patient", "lesion"]].drop_duplicates()
        name = fill("type unknown" if kind == "unknown" else kind, 20)
        axes.set_title(f"{name}\nn = {len(of_kind)}")
    return figure


def _panel(axes: Axes, table: pd.DataFrame, sequences: list[str]) -> None:
    axes.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    colours = style.sequence_colours(sequences)
    of_sequence = {
        "data": table, "x": "sequence", "y": "relevance_pooled", "order": sequences,
        "hue": "sequence", "hue_order": sequences, "palette": colours, "legend": False, "ax": axes,
    }  # fmt: skip
    sns.stripplot(**of_sequence, jitter=0.2, size=2.2, alpha=0.5, linewidth=0)
    sns.pointplot(
        **of_sequence, estimator="median", errorbar=("pi", 50), linestyle="none", marker="_",
        markersize=8, markeredgewidth=1.6, err_kws={"linewidth": 0.8},
    )  # fmt: skip
    axes.set_xlabel(None)
