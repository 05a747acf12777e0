"""Performance of the trained network without a sequence, and with one alone."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns
from mrelevance.statistics.bootstrap import statistic_interval

NOT_THE_PROTOCOL = (
    "This network, not the protocol: it was trained on all sequences, and here misses some. "
    "A network that is trained without them can do better."
)
MARKERS = {
    "drop_one": ("o", -0.13, "without this sequence"),
    "keep_one": ("^", 0.13, "this sequence alone"),
}
LIMITS = {"all": ("-", "all sequences"), "none": (":", "no sequence")}


def _median_dice(values: np.ndarray) -> np.ndarray:
    known = values[:, 0][~np.isnan(values[:, 0])]
    return np.array([np.median(known) if len(known) else np.nan])


def _sensitivity(values: np.ndarray) -> np.ndarray:
    lesions = values[:, 1].sum()
    return np.array([values[:, 0].sum() / lesions if lesions else np.nan])


def _mean_margin(values: np.ndarray) -> np.ndarray:
    known = values[:, 0][~np.isnan(values[:, 0])]
    return np.array([known.mean() if len(known) else np.nan])


# Label, columns of a patient, and the statistic of all patients.
MEASURES: dict[str, tuple[list[str], Callable]] = {
    "median Dice": (["dice"], _median_dice),
    "lesion sensitivity": (["detected", "lesions"], _sensitivity),
    "mean margin over the lesions": (["margin"], _mean_margin),
}


@style.styled
def draw(
    ablation: pd.DataFrame, sequences: list[str], resamples: int, confidence: float, seed: int
) -> Figure:
    """One panel per measure; a dot per sequence left out, a triangle per sequence kept alone.

    `ablation` is the cohort's ablation table. A sequence is left out by giving its baseline to the
    network, which was trained on all sequences. Intervals are of the bootstrap over patients.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(
        ablation,
        ["patient", "ablation", "sequence", "dice", "lesions", "detected", "margin"],
        "ablation table",
    )
    groups = dict(list(ablation.fillna({"sequence": ""}).groupby(["ablation", "sequence"])))
    room = style.PAGE_MM / len(MEASURES) - 12
    figure = style.new_figure(style.PAGE_MM, 62 + fitting.names_mm(sequences, room))
    patients = ablation["patient"].nunique()
    fitting.heading(figure, f"{NOT_THE_PROTOCOL} n = {patients}.")
    panels = figure.subplots(1, len(MEASURES))
    for axes, (name, (columns, statistic)) in zip(panels, MEASURES.items(), strict=True):
        found = {
            key: statistic_interval(
                statistic, own[columns].to_numpy(float), resamples, confidence, seed
            )
            for key, own in groups.items()
        }
        _panel(axes, found, sequences)
        fitting.name_axis(axes, sequences, room)
        fitting.y_label(axes, name, 36)
    fitting.legend_below(figure, _handles(confidence))
    return figure


def _panel(axes: Axes, found: dict[tuple[str, str], tuple], sequences: list[str]) -> None:
    """`found` has value, lower and upper bound by kind of ablation and sequence."""
    for limit, (line, _) in LIMITS.items():
        axes.axhline(found[limit, ""][0][0], color="0.4", linewidth=0.8, linestyle=line, zorder=0)
    for kind, (marker, shift, _) in MARKERS.items():
        for place, (sequence, colour) in enumerate(style.sequence_colours(sequences).items()):
            value, low, high = (bound[0] for bound in found[kind, sequence])
            x = place + shift
            axes.vlines(x, low, high, color=colour, linewidth=1, gid=f"interval {kind} {sequence}")
            axes.scatter(x, value, s=16, marker=marker, color=colour, gid=f"{kind} {sequence}")


def _handles(confidence: float) -> list[Line2D]:
    lines = [
        Line2D([], [], color="0.4", linewidth=0.8, linestyle=line, label=label)
        for line, label in LIMITS.values()
    ]
    dots = [
        Line2D([], [], linestyle="", marker=marker, markersize=4, color="0.4", label=label)
        for marker, _, label in MARKERS.values()
    ]
    bar = Line2D([], [], linestyle="", marker="|", markersize=8, color="0.4",
                 label=f"{confidence:.0%} interval over patients")  # fmt: skip
    return [*lines, *dots, bar]
