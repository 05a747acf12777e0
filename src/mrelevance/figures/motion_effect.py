"""Effect of the motion left in the images on detection and relevance."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.analysis.motion_effect import DETECTION, MEASURED_SHARE
from mrelevance.attribution.shares import MEASURED
from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns

# From full correction to none: ever paler.
SHADES = ["0.0", "0.45", "0.75"]
SPREAD = 0.22


@style.styled
def draw(effect: pd.DataFrame, sequences: list[str]) -> Figure:
    """Detection above, measured shares below: one dot with its interval per correction.

    `effect` is the table of `mrelevance.analysis.motion_effect`. Every sequence has one dot per
    correction, the configured correction first and darkest.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(
        effect, ["correction", "measure", "sequence", "n", "value", "low", "high"], "motion effect"
    )
    corrections = list(dict.fromkeys(effect["correction"]))
    shade = dict(zip(corrections, SHADES, strict=False))
    room = style.PAGE_MM - 12
    lower_mm = 56 + fitting.names_mm(sequences, room)
    figure = style.new_figure(style.PAGE_MM, 50 + lower_mm)
    above, below = figure.subfigures(2, 1, height_ratios=[50, lower_mm])
    for axes, measure in zip(above.subplots(1, len(DETECTION)), DETECTION, strict=True):
        rows = effect[effect["measure"] == measure]
        for x, row in enumerate(rows.itertuples()):
            _dot(axes, x, row, shade[row.correction])
        axes.set_xticks(range(len(corrections)), corrections)
        axes.set_xlim(-0.5, len(corrections) - 0.5)
        axes.set_ylabel(measure)
        style.start_at_zero(axes)
    axes = below.subplots()
    axes.axhline(0, color="0.9", linewidth=0.5, zorder=0)
    rows = effect[effect["measure"] == MEASURED_SHARE]
    for row in rows.itertuples():
        place = corrections.index(row.correction) - (len(corrections) - 1) / 2
        _dot(axes, sequences.index(row.sequence) + SPREAD * place, row, shade[row.correction])
    fitting.name_axis(axes, sequences, room)
    axes.set_title(f"{style.method_name(MEASURED)}, n = {rows['n'].max()}", loc="left")
    axes.set_ylabel("median pooled share")
    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=4, color=shade[name], label=name)
        for name in corrections
    ]
    below.legend(
        handles=handles, loc="outside lower center", ncols=len(handles), title="motion correction"
    )
    return figure


def _dot(axes: Axes, x: float, row: tuple, colour: str) -> None:
    axes.vlines(x, row.low, row.high, color=colour, linewidth=1)
    axes.scatter(x, row.value, s=16, color=colour, zorder=3, gid=row.correction)
