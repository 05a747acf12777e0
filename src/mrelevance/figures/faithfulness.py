"""Agreement of every attribution method with the measurement."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.evaluation.agreement import FOLLOWS, SUMMARY_COLUMNS
from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.method_names import method_of
from mrelevance.runtime.methods import CHANCE, FORWARD_PASSES, GRADIENTS, PROPAGATION

GROUPS = {
    PROPAGATION: "#0072B2",
    GRADIENTS: "#E69F00",
    FORWARD_PASSES: "#009E73",
    CHANCE: "#888888",
}


@style.styled
def draw(agreement: pd.DataFrame) -> Figure:
    """Order and amounts of every method against the exact Shapley values, best method first.

    `agreement` is the agreement summary: medians over patients with their intervals. The dashed
    lines mark what a method must reach to follow the measurement.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(agreement, SUMMARY_COLUMNS, "agreement summary")
    if agreement.empty:
        return style.statement("No tumour was predicted in any test patient.")
    methods = agreement.sort_values(
        ["kendall_tau", "l1_distance"], ascending=[False, True], na_position="last"
    )
    figure = style.new_figure(style.PAGE_MM, 6 * len(methods) + 26)
    order, amounts = figure.subplots(1, 2, sharey=True)
    _dots(order, methods, "kendall_tau", "tau")
    _dots(amounts, methods, "l1_distance", "l1")
    order.axvline(FOLLOWS["tau"], color=style.GREY, linewidth=0.8, linestyle="--", zorder=0)
    amounts.axvline(FOLLOWS["l1"], color=style.GREY, linewidth=0.8, linestyle="--", zorder=0)
    order.set_xlabel("order: Kendall's tau (1: the same)")
    amounts.set_xlabel("amounts: L1 distance (0: the same)")
    style.start_at_zero(amounts, "x")
    order.set_yticks(range(len(methods)), [style.method_name(name) for name in methods["method"]])
    order.invert_yaxis()
    for y, row in enumerate(methods.itertuples()):
        amounts.text(
            1.02,
            y,
            f"{row.same_first}/{row.n}",
            transform=amounts.get_yaxis_transform(),
            va="center",
            fontsize=6,
        )
    amounts.set_title("first sequence right", loc="right", fontsize=6)
    groups = [name for name in GROUPS if name in {_group(m) for m in methods["method"]}]
    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=4, color=GROUPS[name], label=name)
        for name in groups
    ]
    fitting.legend_below(figure, handles)
    return figure


def _dots(axes: Axes, methods: pd.DataFrame, value: str, interval: str) -> None:
    for y, row in enumerate(methods.to_dict("records")):
        colour = GROUPS[_group(row["method"])]
        axes.hlines(y, row[f"{interval}_low"], row[f"{interval}_high"], color=colour, linewidth=1)
        axes.scatter(row[value], y, s=18, color=colour, zorder=3, gid=row["method"])


def _group(method: str) -> str:
    declared = method_of(method)
    return declared.group if declared else PROPAGATION
