"""Figure 1: relevance per sequence, one line per patient, one panel per method."""

import re

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.attribution.shares import MEASURED, methods_of, share_matrix
from mrelevance.figures import fitting, style
from mrelevance.runtime.wording import readable

PATIENT_COLOUR = "#7A93AC"
MEASURED_COLOUR = "0.35"
PANEL_MM = 36


def draw(
    relevance: pd.DataFrame, friedman: pd.DataFrame, agreement: pd.DataFrame, sequences: list[str]
) -> Figure:
    """Figure 1: `parallel_coordinates` of the pooled shares."""
    return parallel_coordinates(relevance, sequences, friedman, agreement, "relevance_pooled")


@style.styled
def parallel_coordinates(
    relevance: pd.DataFrame,
    sequences: list[str],
    friedman: pd.DataFrame,
    agreement_summary: pd.DataFrame,
    measure: str,
) -> Figure:
    """One panel per method and one for the Shapley values, on a common y axis.

    `relevance` is the cohort's relevance table, of which the region `tumour` is shown, and
    `measure` its column to show. Kendall's W is from `friedman`, the verdicts are from
    `agreement_summary`. Thin lines are patients, the thick line is their median, the dashed one the
    median of the measurement. Each panel counts the patients whose line leaves the axis. Shapley
    values that were sampled are named so, and their pooled shares have bars of one standard error.

    Raises
    ------
    InputError
        See `share_matrix`.
    """
    methods = methods_of(relevance)
    matrices = {
        name: share_matrix(relevance, name, measure).reindex(columns=sequences) for name in methods
    }
    if not any(len(matrix) for matrix in matrices.values()):
        return style.statement("No tumour was predicted in any test patient.")
    verdicts = agreement_summary.set_index("method")["verdict"].to_dict()
    of_measure = friedman[friedman["measure"] == measure]
    concordance = of_measure.set_index("method")["kendall_w"].to_dict()
    truth = matrices.get(MEASURED, pd.DataFrame(columns=sequences, dtype=float))
    measured = truth.median() if len(truth) else None
    limits = style.share_limits(
        np.concatenate([matrix.to_numpy().ravel() for matrix in matrices.values()]),
        np.concatenate(
            [truth, *(matrix.median().to_frame().T for matrix in matrices.values() if len(matrix))]
        ),
    )
    sampled = _standard_errors(relevance, sequences)
    with_errors = len(sampled) > 0 and measure == "relevance_pooled"
    names = {name: style.method_name(name) for name in methods}
    if MEASURED in names:
        measurement = names[MEASURED]
        names[MEASURED] = f"{measurement}, sampled" if len(sampled) else f"exact {measurement}"
        verdicts[MEASURED] = "the measurement, by forward passes alone"
    notes = {
        name: "\n".join([
            _counts(matrices[name], concordance.get(name, np.nan), limits),
            _unbroken(readable(verdicts.get(name, ""))),
        ]).strip()
        for name in methods
    }  # fmt: skip

    columns = style.grid_shape(len(methods))[1]
    columns = min(columns, fitting.most_columns(sequences, style.PAGE_MM, 8))
    rows = -(-len(methods) // columns)
    width = style.PAGE_MM if columns > 1 else style.COLUMN_MM
    room = width / columns - 8
    titles_mm = fitting.titles_mm(names.values(), notes.values(), room)
    row_mm = titles_mm + PANEL_MM + fitting.names_mm(sequences, room)
    figure = style.new_figure(width, 12 + row_mm * rows)
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes, name in zip(grid.flat, methods, strict=False):
        if name == MEASURED and with_errors:
            _bars(axes, matrices[name], sampled)
        _panel(axes, matrices[name], measured if name != MEASURED else None, limits)
        fitting.name_axis(axes, sequences, room)
    used = grid.flat[: len(methods)]
    fitting.panel_titles(used, names.values(), notes.values(), room)
    for axes in grid.flat[len(methods) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel("normalised relevance")
    handles = _legend(measured is not None, with_errors)
    if grid.size > len(methods):
        grid.flat[-1].legend(handles=handles, loc="center")
    else:
        fitting.legend_below(figure, handles)
    return figure


def _standard_errors(relevance: pd.DataFrame, sequences: list[str]) -> pd.DataFrame:
    """Standard errors of the Shapley shares, patients x sequences; empty if these are exact."""
    if "standard_error" not in relevance:
        return pd.DataFrame(columns=sequences)
    errors = share_matrix(relevance, MEASURED, "standard_error").reindex(columns=sequences)
    return errors if (errors > 0).any(axis=None) else errors.iloc[:0]


def _bars(axes: Axes, shares: pd.DataFrame, errors: pd.DataFrame) -> None:
    """Bars from one standard error below to one above the shares of each patient."""
    for patient, values in shares.iterrows():
        bars = axes.errorbar(
            np.arange(len(values)),
            values,
            errors.loc[patient],
            fmt="none",
            ecolor=PATIENT_COLOUR,
            elinewidth=0.5,
            alpha=0.7,
        )
        bars.lines[2][0].set_gid(f"standard error {patient}")


def _panel(
    axes: Axes, shares: pd.DataFrame, measured: pd.Series | None, limits: tuple[float, float]
) -> None:
    sequences = list(shares.columns)
    x = np.arange(len(sequences))
    axes.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    axes.axhline(1 / len(sequences), color="0.8", linewidth=0.6, linestyle=":", zorder=0)
    for patient, values in shares.iterrows():
        axes.plot(
            x, values, color=PATIENT_COLOUR, linewidth=0.5, alpha=0.7, gid=f"patient {patient}"
        )
    if measured is not None:
        axes.plot(
            x, measured, color=MEASURED_COLOUR, linewidth=1, linestyle="--", gid="measured median"
        )
    if len(shares):
        median = shares.median()
        axes.plot(x, median, color="black", linewidth=1.4, gid="median")
        axes.scatter(
            x,
            median,
            c=list(style.sequence_colours(sequences).values()),
            s=22,
            edgecolors="white",
            linewidths=0.5,
            zorder=3,
        )
    axes.set_ylim(limits)


def _counts(shares: pd.DataFrame, kendall_w: float, limits: tuple[float, float]) -> str:
    outside = int(((shares < limits[0]) | (shares > limits[1])).any(axis="columns").sum())
    parts = [f"n = {len(shares)}"]
    if not np.isnan(kendall_w):
        parts.append(f"Kendall's W = {kendall_w:.2f}")
    beyond = [f"{outside} beyond the axis"] if outside else []
    return "\n".join([", ".join(parts), *beyond])


def _unbroken(verdict: str) -> str:
    """A verdict whose numbers stay on the line of what they measure."""
    return re.sub(r"\((\w+) ", "(\\1\N{NO-BREAK SPACE}", verdict)


def _legend(with_measured: bool, with_errors: bool) -> list[Line2D]:
    handles = [
        Line2D([], [], color=PATIENT_COLOUR, linewidth=0.7, label="one patient"),
        Line2D([], [], color="black", linewidth=1.4, marker="o", markersize=4, label="median"),
        Line2D([], [], color="0.7", linewidth=0.8, linestyle=":", label="equal shares"),
    ]
    if with_measured:
        handles.insert(
            2,
            Line2D(
                [], [], color=MEASURED_COLOUR, linestyle="--", label="median of the measurement"
            ),
        )
    if with_errors:
        bar = Line2D(
            [],
            [],
            color=PATIENT_COLOUR,
            linestyle="",
            marker="|",
            label="\N{PLUS-MINUS SIGN} 1 standard error",
        )
        handles.insert(1, bar)
    return handles
