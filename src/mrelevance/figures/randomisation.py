"""Model-parameter randomisation: how maps change when weights are redrawn."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from mrelevance.evaluation.maps import SIMILARITY_COLUMNS, YARDSTICKS
from mrelevance.figures import fitting, style
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import fixed

VERDICT_MM = 44  # width of the verdicts beside the cells


@style.styled
def draw(similarities: pd.DataFrame) -> Figure:
    """Similarity of every method's map to that of the trained network, stage by stage.

    `similarities` is the randomisation summary. One row of cells per method: the yardsticks on top,
    then the methods, the one that changes most first. One column per stage that is redrawn; the
    number in each cell is the median over the lesions. The verdict stands beside.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(similarities, SIMILARITY_COLUMNS, "randomisation summary")
    redrawn = similarities[similarities["stage"] > 0]
    if redrawn.empty:
        return style.statement("No lesion was found in the test patients that are mapped.")
    stages = redrawn.drop_duplicates("stage").sort_values("stage")
    values = redrawn.pivot_table(index="method", columns="stage", values="similarity")
    yardsticks = [name for name in YARDSTICKS if name in values.index]
    methods = values.drop(yardsticks).mean(axis=1).sort_values().index
    values = values.loc[[*yardsticks, *methods]]
    verdicts = redrawn.drop_duplicates("method").set_index("method")["verdict"]

    figure = style.new_figure(style.PAGE_MM, 6 * len(values) + 34)
    axes = figure.subplots()
    # Similarities below zero mean as little as zero: they have its colour, but keep their number.
    sns.heatmap(
        values, vmin=0, vmax=1, cmap="cividis", annot=values.map(fixed), fmt="",
        annot_kws={"fontsize": 6}, linewidths=0.4, ax=axes,
        cbar_kws={"location": "bottom", "shrink": 0.5, "aspect": 40},
    )  # fmt: skip
    shown = values.to_numpy()
    for text, value in zip(axes.texts, shown[~np.isnan(shown)], strict=True):
        text.set_color("black" if value > 0.55 else "white")
    names = [style.method_name(name) for name in values.index]
    axes.set_yticklabels(fitting.row_names(names, 32), rotation=0)
    axes.set_xticklabels(stages["stage_name"], rotation=30, ha="right")
    axes.set_ylabel(None)
    axes.set_xlabel("redrawn down to and including this stage, from the output to the input")
    axes.tick_params(length=0)
    axes.axhline(len(yardsticks), color="white", linewidth=2.5)
    for y, method in enumerate(values.index):
        verdict = fitting.wrapped(verdicts[method], VERDICT_MM, 6)
        axes.text(
            1.015, y + 0.5, verdict, transform=axes.get_yaxis_transform(), va="center",
            fontsize=6, gid=method,
        )  # fmt: skip
    bar = axes.collections[0].colorbar
    bar.set_label("structural similarity to the map of the trained network (1: the same map)")
    bar.outline.set_visible(False)
    return figure
