"""The share that every method gives the sequence whose answer is known."""

import pandas as pd
from matplotlib.figure import Figure

from mrelevance.attribution.shares import share_matrix
from mrelevance.evaluation.known_answer import COLUMNS, MOST_FOR_DECOY
from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import readable

VERDICT_MM = 52  # width of the verdicts beside the panel
TITLES = {
    "decoy": "{} is noise: its share should be 0",
    "single_source": "lesions show in {} alone: it should come first",
}


@style.styled
def draw(relevance: pd.DataFrame, known_answer: pd.DataFrame) -> Figure:
    """Share of the sequence whose answer is known, by every method; a small dot is one patient.

    `known_answer` is the table of `mrelevance.evaluation.known_answer`, `relevance` the relevance
    table of all methods. The large dot is the median over patients with its interval. Methods with
    the verdict trustworthy are blue, misleading ones orange.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(known_answer, COLUMNS, "table of the known answer")
    if known_answer.empty:
        return style.statement("No tumour was predicted in any test patient.")
    kind, sequence = known_answer[["known_answer", "sequence"]].iloc[0]
    figure = style.new_figure(style.PAGE_MM, 8 * len(known_answer) + 24)
    axes = figure.subplots()
    shares = {
        name: share_matrix(relevance, name, "relevance_pooled")[sequence]
        for name in known_answer["method"]
    }
    limits = style.share_limits(pd.concat(shares.values()), known_answer["share"].to_numpy())
    for y, row in enumerate(known_answer.itertuples()):
        colour = "#0072B2" if row.verdict == "trustworthy" else "#D55E00"
        values = shares[row.method]
        axes.scatter(values, [y] * len(values), s=6, color=colour, alpha=0.35, linewidths=0)
        axes.hlines(y, row.share_low, row.share_high, color=colour, linewidth=1.4)
        axes.scatter(row.share, y, s=24, color=colour, zorder=3, gid=row.method)
        beyond = int(((values < limits[0]) | (values > limits[1])).sum())
        note = readable(row.verdict) + (f" ({beyond} beyond the axis)" if beyond else "")
        note = fitting.wrapped(note, VERDICT_MM, 6)
        axes.text(1.02, y, note, transform=axes.get_yaxis_transform(), va="center", fontsize=6)
    if kind == "decoy":
        axes.axvspan(-MOST_FOR_DECOY, MOST_FOR_DECOY, color="0.92", zorder=0, linewidth=0)
    axes.axvline(0, color="0.6", linewidth=0.6, zorder=0)
    axes.set_yticks(
        range(len(known_answer)), [style.method_name(name) for name in known_answer["method"]]
    )
    axes.invert_yaxis()
    axes.set_xlim(limits)
    label = f"share of {sequence} in the relevance of the predicted tumour"
    axes.set_xlabel(fitting.wrapped(label, 80, 7))
    fitting.heading(figure, TITLES[kind].format(sequence))
    return figure
