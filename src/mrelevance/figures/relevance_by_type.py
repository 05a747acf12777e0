"""Relevance of the sequences by lesion type."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mrelevance.attribution.shares import MEASURED
from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError

PANEL_MM = 32


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

    width = style.PAGE_MM if len(kinds) > 1 else style.COLUMN_MM
    columns = min(len(kinds), fitting.most_columns(sequences, width - 14, 4))
    rows_of_method = -(-len(kinds) // columns)
    room = (width - 14) / columns - 4
    rows = rows_of_method * len(shown)
    titles_mm = fitting.titles_mm([_title(typed, kind) for kind in kinds], ["0"], room)
    names_mm = fitting.names_mm(sequences, room)
    figure = style.new_figure(width, 6 + (PANEL_MM + titles_mm + names_mm) * rows)
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    values = typed["relevance_pooled"].to_numpy()
    limits = style.share_limits(values, values)
    for place, method in enumerate(shown):
        own = grid[place * rows_of_method : (place + 1) * rows_of_method]
        notes = []
        for axes, kind in zip(own.flat, kinds, strict=False):
            of_panel = typed[(typed["method"] == method) & (typed["type"] == kind)]
            with style.scattering(seed):
                _panel(axes, of_panel, sequences)
            fitting.name_axis(axes, sequences, room)
            axes.set_ylim(limits)
            notes.append(style.count_beyond(of_panel["relevance_pooled"].to_numpy(), limits))
        titles = [_title(typed, kind) for kind in kinds]
        fitting.panel_titles(own.flat[: len(kinds)], titles, notes, room, bold=False)
        for axes in own.flat[len(kinds) :]:
            axes.set_axis_off()
        for axes in own[:, 0]:
            fitting.y_label(axes, f"{style.method_name(method)}\npooled share", PANEL_MM)
    return figure


def _title(typed: pd.DataFrame, kind: str) -> str:
    of_kind = typed.loc[typed["type"] == kind, ["patient", "lesion"]].drop_duplicates()
    return f"{'type unknown' if kind == 'unknown' else kind}\nn = {len(of_kind)}"


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
