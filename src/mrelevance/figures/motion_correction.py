"""Motion correction: how well the sequences fit the fixed one before and after."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.figures import fitting, style
from mrelevance.registration.measures import FLAGS
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.wording import counted

# Pairs of columns, and what they measure; those without values are left out.
MEASURES = {
    "error": ("error_before_mm", "error_after_mm", "mean error against the truth (mm)"),
    "landmarks": (
        "landmark_error_before_mm",
        "landmark_error_after_mm",
        "mean landmark error (mm)",
    ),
    "similarity": ("similarity_before", "similarity_after", "similarity to the fixed sequence"),
}


@style.styled
def draw(motion: pd.DataFrame, sequences: list[str], fixed_sequence: str) -> Figure:
    """Before and after, one thin line per patient, one panel per measure that has values.

    `motion` is the cohort's motion table; the title counts its flags. Errors are shown for cohorts
    whose true displacement is known, similarity always. The fixed sequence is not registered and
    therefore left out.

    Raises
    ------
    InputError
        A column is missing, or no moving sequence has a row.
    """
    columns = [column for before, after, _ in MEASURES.values() for column in (before, after)]
    check_columns(motion, ["patient", "sequence", "flag", *columns], "motion table")
    moved = [name for name in sequences if name != fixed_sequence]
    if not moved:
        return style.statement("No sequence but the fixed one: nothing was registered.")
    rows = motion[motion["sequence"].isin(moved)]
    if rows.empty:
        raise InputError(
            f"motion table: no row for any moving sequence ({', '.join(moved)}); "
            "run motion correction again"
        )
    shown = [m for m in MEASURES.values() if rows[m[0]].notna().any() and rows[m[1]].notna().any()]
    width = style.PAGE_MM if len(shown) > 1 else style.COLUMN_MM
    room = width / len(shown) - 12
    figure = style.new_figure(width, 58 + fitting.names_mm(moved, room))
    colours = style.sequence_colours(sequences)
    for axes, (before, after, name) in zip(
        figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True
    ):
        for x, sequence in enumerate(moved):
            pairs = rows.loc[rows["sequence"] == sequence, [before, after]].dropna().to_numpy()
            _pairs(axes, x, pairs, colours[sequence])
        fitting.name_axis(axes, moved, room)
        fitting.y_label(axes, name, 38)
        if "similarity" not in before:
            style.start_at_zero(axes)
    counts = rows["flag"].value_counts().reindex(FLAGS, fill_value=0)
    flags = ", ".join(f"{count} {flag}" for flag, count in counts.items())
    fitting.heading(figure, f"{counted(len(rows), 'registration')}: {flags}")
    patients = rows["patient"].nunique()
    handles = [
        Line2D(
            [],
            [],
            color="0.4",
            marker="o",
            markersize=4,
            linestyle="",
            markerfacecolor="white",
            label="before (median)",
        ),
        Line2D([], [], color="0.4", marker="o", markersize=4, linestyle="", label="after (median)"),
        Line2D([], [], color="0.6", linewidth=0.6, label=f"one patient (n = {patients})"),
    ]
    fitting.legend_below(figure, handles)
    return figure


def _pairs(axes: Axes, x: int, pairs: np.ndarray, colour: str) -> None:
    """Lines from before (left) to after (right) around position `x`; (patients, 2) values."""
    if not len(pairs):
        return
    places = [x - 0.2, x + 0.2]
    axes.plot(places, pairs.T, color=colour, linewidth=0.4, alpha=0.35)
    median = np.median(pairs, axis=0)
    axes.plot(places, median, color=colour, linewidth=1.6)
    axes.scatter(
        places, median, s=22, c=["white", colour], edgecolors=colour, linewidths=1.2, zorder=3
    )
