"""Patients whose shares differ from all others', and what else sets them apart."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from mrelevance.analysis.individuals import DIFFERENCE_COLUMNS, DISTANCE_COLUMNS, UNUSUAL
from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import counted, fixed

OUTLYING, USUAL = "#D55E00", "#0072B2"
MOST_SHOWN = 3
MOST_FEATURES = 6
LARGEST_Z = 12


@style.styled
def draw(
    distances: pd.DataFrame, differences: pd.DataFrame, sequences: list[str], composite: str
) -> Figure:
    """Distance of every patient on the left; on the right what sets the farthest apart.

    `distances` and `differences` are the tables of `mrelevance.analysis.individuals`, shown under
    `composite`. On the right the three farthest patients: the shares of all sequences, marked where
    they are unusual, and the six features that differ most, in robust standard deviations of the
    other patients.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(distances, DISTANCE_COLUMNS, "distances table")
    check_columns(differences, DIFFERENCE_COLUMNS, "differences table")
    own = distances[distances["method"] == composite].dropna(subset=["distance"])
    if own.empty:
        count = int((distances["method"] == composite).sum())
        return style.statement(
            f"{counted(count, 'patient')} with predicted tumour: too few to find unusual ones."
        )
    own = own.sort_values("distance", ascending=False)
    chosen = own[:MOST_SHOWN]
    row_mm = max(20 + 2.8 * len(sequences), 42)
    figure = style.new_figure(style.PAGE_MM, max(3.2 * len(own), row_mm * len(chosen)) + 24)
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.9])
    _distances(left.subplots(), own)
    fitting.heading(left, style.method_name(composite), 7.5)
    grid = right.subplots(len(chosen), 2, squeeze=False, width_ratios=[1, 1.15])
    for row, patient in zip(grid, chosen.itertuples(), strict=True):
        of_patient = differences[differences["patient"] == patient.patient]
        _shares(row[0], of_patient[of_patient["method"] == composite], sequences)
        _features(row[1], of_patient[of_patient["kind"] == "feature"])
        row[0].set_title(
            f"patient {patient.patient}, {_p(patient.p)}", loc="left",
            color=OUTLYING if patient.outlying else "black",
        )  # fmt: skip
    grid[-1, 0].set_xlabel("pooled share")
    grid[-1, 1].set_xlabel("robust z: standard deviations\nfrom the other patients' median")
    fitting.legend_below(
        right,
        [
            Line2D([], [], linestyle="", marker="o", markersize=4, color="0.3",
                   label="this patient"),
            Line2D([], [], linestyle="", marker="|", markersize=8, color="0.3",
                   label="median of the others"),
        ],
    )  # fmt: skip
    return figure


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {fixed(p, 3)}"


def _distances(axes: Axes, own: pd.DataFrame) -> None:
    for y, row in enumerate(own.itertuples()):
        colour = OUTLYING if row.outlying else USUAL
        axes.hlines(y, 0, row.distance, color=colour, linewidth=0.8)
        axes.scatter(row.distance, y, s=14, color=colour, zorder=3, gid=f"patient {row.patient}")
    axes.set_yticks(range(len(own)), own["patient"])
    axes.set_ylim(len(own) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel("Mahalanobis distance of the shares\nfrom those of all other patients")
    if own["p_holm"].notna().any():
        outlying = int(own["outlying"].sum())
        axes.set_title(f"{outlying} of {len(own)} outlying (p < .05, Holm)", fontsize=6.5)


def _shares(axes: Axes, own: pd.DataFrame, sequences: list[str]) -> None:
    rows = own.set_index("quantity").reindex(sequences)
    axes.axvline(0, color="0.8", linewidth=0.6, zorder=0)
    for y, (sequence, colour) in enumerate(style.sequence_colours(sequences).items()):
        row = rows.loc[sequence]
        axes.hlines(y, row["others_median"], row["value"], color=colour, linewidth=1)
        axes.scatter(row["value"], y, s=16, color=colour, zorder=3, gid=sequence)
        axes.scatter(row["others_median"], y, s=50, marker="|", color=colour, zorder=3)
        if row["unusual"] == 1:
            axes.text(
                1.01, y, f"z {fixed(row['z'], 1)}", fontsize=6,
                color=OUTLYING, va="center", transform=axes.get_yaxis_transform(),
            )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.set_yticks(range(len(sequences)), sequences, fontsize=6)
    axes.set_ylim(len(sequences) - 0.4, -0.6)


def _features(axes: Axes, own: pd.DataFrame) -> None:
    own = own.dropna(subset=["z"])
    own = own.reindex(own["z"].abs().sort_values(ascending=False).index)[:MOST_FEATURES]
    axes.axvspan(-UNUSUAL, UNUSUAL, color="0.93", zorder=0)
    axes.axvline(0, color="0.7", linewidth=0.6, zorder=0)
    for y, row in enumerate(own.itertuples()):
        colour = OUTLYING if row.unusual else "0.35"
        z = np.clip(row.z, -LARGEST_Z, LARGEST_Z)
        axes.barh(y, z, 0.55, color=colour, gid=row.quantity)
        if z != row.z:
            axes.text(
                z, y, fixed(row.z, 0), fontsize=6, va="center",
                ha="right" if z > 0 else "left", color="white",
            )  # fmt: skip
    axes.set_yticks(range(len(own)), fitting.row_names(own["quantity"], 30))
    axes.yaxis.tick_right()
    axes.spines["right"].set_visible(True)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(MOST_FEATURES - 0.4, -0.6)
    axes.set_xlim(-LARGEST_Z, LARGEST_Z)
