"""Lesions that the network finds, and its false positives."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.wording import counted

SIZE_EDGES_MM = [0, 10, 15, 20, 30, np.inf]
COLOUR = "#0072B2"
NORMAL_975 = 1.959963984540054


@style.styled
def draw(lesions: pd.DataFrame, scores: pd.DataFrame) -> Figure:
    """Sensitivity by lesion size and type with 95 % Wilson intervals; false positives; Dice.

    `lesions` is the cohort's table of TP, FN and FP, `scores` its table of scores, one row per
    patient. The panel of types is left out where none is known.

    Raises
    ------
    InputError
        A column is missing, or there is no patient.
    """
    check_columns(lesions, ["patient", "region", "type", "diameter_mm"], "lesion table")
    check_columns(scores, ["patient", "dice", "false_positives"], "score table")
    if scores.empty:
        raise InputError("score table: it has no patient; check the split's test patients")
    labelled = lesions[lesions["region"].isin(["TP", "FN"])]
    typed = labelled[labelled["type"] != "unknown"]
    panels = 4 if len(typed) else 3
    rows, columns = (2, 2) if panels == 4 else (1, 3)
    room = style.PAGE_MM / columns - 12
    types = sorted(typed["type"].unique())
    more_mm = fitting.names_mm(types, room) - 4 if types else 0
    figure = style.new_figure(style.PAGE_MM, 8 + 56 * rows + more_mm)
    grid = iter(figure.subplots(rows, columns).flat)

    axes = next(grid)
    size = pd.cut(labelled["diameter_mm"], SIZE_EDGES_MM, right=False, labels=_size_names())
    _sensitivity(axes, labelled["region"], size, _size_names(), room)
    axes.set_xlabel("diameter of the equivalent sphere (mm)")
    if len(typed):
        axes = next(grid)
        _sensitivity(axes, typed["region"], typed["type"], types, room)
        axes.set_xlabel("lesion type")
    _false_positives(next(grid), scores["false_positives"].to_numpy(dtype=int), room)
    _dice(next(grid), scores["dice"].dropna().to_numpy(), len(scores), room)
    return figure


def wilson_interval(found: int, total: int) -> tuple[float, float]:
    """95 % interval of a proportion `found` / `total`.

    Wilson, Journal of the American Statistical Association 22 (1927).
    """
    share, z2 = found / total, NORMAL_975**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = np.sqrt(share * (1 - share) * z2 / total + z2**2 / (4 * total**2)) / (1 + z2 / total)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _size_names() -> list[str]:
    edges = SIZE_EDGES_MM
    inner = [f"{low:g}\N{EN DASH}{high:g}" for low, high in pairwise(edges[1:-1])]
    return [f"< {edges[1]:g}", *inner, f"≥ {edges[-2]:g}"]


def _sensitivity(
    axes: Axes, outcome: pd.Series, group: pd.Series, names: Sequence[str], room_mm: float
) -> None:
    for x, name in enumerate(names):
        of_group = outcome[group == name]
        total, found = len(of_group), int((of_group == "TP").sum())
        axes.text(
            x, 1.06, f"{found}/{total}" if total else "none", ha="center", va="bottom", fontsize=6
        )
        if total:
            low, high = wilson_interval(found, total)
            axes.vlines(x, low, high, color=COLOUR, linewidth=1.2)
            axes.plot(x, found / total, marker="o", color=COLOUR, markersize=5, clip_on=False)
    found, total = int((outcome == "TP").sum()), len(outcome)
    if total:
        axes.axhline(found / total, color=style.GREY, linewidth=0.8, linestyle="--", zorder=0)
        of_all = f"sensitivity {found / total:.2f} ({found} of {counted(total, 'lesion')})"
        axes.set_title(fitting.wrapped(of_all, room_mm, 7.5), loc="left")
    fitting.name_axis(axes, names, room_mm)
    axes.set_ylim(0, 1.18)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_ylabel("lesion sensitivity")


def _false_positives(axes: Axes, counts: np.ndarray, room_mm: float) -> None:
    # A few empty places keep a single bar from filling the panel.
    values = np.arange(max(counts.max(), 4) + 1)
    sns.histplot(x=counts, discrete=True, shrink=0.7, color=COLOUR, alpha=1, linewidth=0, ax=axes)
    axes.set_xlim(values[0] - 0.5, values[-1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(12, integer=True))
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("false positives in a patient")
    axes.set_ylabel("patients")
    per_patient = f"{counts.mean():.2f} false positives per patient"
    axes.set_title(fitting.wrapped(per_patient, room_mm, 7.5), loc="left")


def _dice(axes: Axes, dice: np.ndarray, patients: int, room_mm: float) -> None:
    ordered = np.sort(dice)
    axes.plot(np.arange(1, len(ordered) + 1), ordered, "o", color=COLOUR, markersize=3.5)
    if len(ordered):
        median = np.median(ordered)
        axes.axhline(median, color=style.GREY, linewidth=0.8, linestyle="--", zorder=0)
        count = len(ordered)
        count = count if count == patients else f"{count} of {patients}, the others without lesion"
        title = f"median Dice {median:.2f} (n = {count})"
        axes.set_title(fitting.wrapped(title, room_mm, 7.5), loc="left")
    axes.set_xlim(0, patients + 1)
    axes.set_ylim(0, 1)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("patients, by Dice")
    axes.set_ylabel("voxel Dice")
