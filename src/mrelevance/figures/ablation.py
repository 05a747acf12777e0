"""Performance of the trained network without a sequence, and with one alone."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.figures import style
from mrelevance.runtime.columns import check_columns

MEASURES = {
    "dice": "median Dice",
    "sensitivity": "lesion sensitivity",
    "margin": "mean margin over the lesions",
}
MARKERS = {"drop_one": ("o", "without this sequence"), "keep_one": ("^", "this sequence alone")}
LIMITS = {"all": ("-", "all sequences"), "none": (":", "no sequence")}


@style.styled
def draw(ablation: pd.DataFrame, sequences: list[str]) -> Figure:
    """One panel per measure; a dot per sequence left out, a triangle per sequence kept alone.

    `ablation` is the cohort's ablation table. A sequence is left out by giving its baseline to the
    network, which was trained on all sequences.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(
        ablation,
        ["ablation", "sequence", "dice", "lesions", "detected", "margin"],
        "ablation table",
    )
    values = ablation.fillna({"sequence": ""}).groupby(["ablation", "sequence"])
    summary = pd.DataFrame({
        "dice": values["dice"].median(),
        "sensitivity": values["detected"].sum() / values["lesions"].sum(),
        "margin": values["margin"].mean(),
    })  # fmt: skip
    figure = style.new_figure(style.PAGE_MM, 70)
    colours = style.sequence_colours(sequences)
    panels = figure.subplots(1, len(MEASURES))
    for axes, (measure, name) in zip(panels, MEASURES.items(), strict=True):
        _panel(axes, summary[measure], sequences, colours)
        axes.set_ylabel(name)
    figure.legend(handles=_handles(), loc="outside lower center", ncols=4)
    return figure


def _panel(axes: Axes, summary: pd.Series, sequences: list[str], colours: dict[str, str]) -> None:
    for limit, (line, _) in LIMITS.items():
        axes.axhline(summary[limit, ""], color="0.4", linewidth=0.8, linestyle=line, zorder=0)
    for kind, (marker, _) in MARKERS.items():
        for x, sequence in enumerate(sequences):
            axes.scatter(
                x, summary[kind, sequence], s=22, marker=marker, color=colours[sequence],
                gid=f"{kind} {sequence}",
            )  # fmt: skip
    style.sequence_axis(axes, sequences)


def _handles() -> list[Line2D]:
    lines = [
        Line2D([], [], color="0.4", linewidth=0.8, linestyle=line, label=label)
        for line, label in LIMITS.values()
    ]
    dots = [
        Line2D([], [], linestyle="", marker=marker, markersize=4, color="0.4", label=label)
        for marker, label in MARKERS.values()
    ]
    return lines + dots
