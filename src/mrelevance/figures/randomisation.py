"""Model-parameter randomisation: which maps change when the network forgets?"""

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from mrelevance.evaluation.maps import SIMILARITY_COLUMNS, YARDSTICKS
from mrelevance.figures import style
from mrelevance.runtime.columns import check_columns


@style.styled
def randomisation(similarities: pd.DataFrame) -> Figure:
    """Similarity of every method's map to that of the trained network, stage by stage.

    `similarities` is the summary of that name: one row of cells per method, the yardsticks on top,
    then the one that changes most; one column per stage that is redrawn, the number in each cell
    the median over the lesions. The verdict stands beside.

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

    figure = style.new_figure(style.PAGE_MM, 5.5 * len(values) + 34)
    axes = figure.subplots()
    # Similarities below zero are as unlike as those at zero.
    axes.imshow(values, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for y, x in np.ndindex(*values.shape):
        value = values.iloc[y, x]
        # Adding zero takes the sign from what rounds to it.
        text = f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")
        axes.text(
            x, y, text, ha="center", va="center", fontsize=6,
            color="black" if value > 0.55 else "white",
        )  # fmt: skip
    axes.set_yticks(range(len(values)), [style.method_name(name) for name in values.index])
    axes.set_xticks(range(len(stages)), stages["stage_name"], rotation=30, ha="right")
    axes.set_xlabel("redrawn down to and including this stage, from the output to the input")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.axhline(len(yardsticks) - 0.5, color="white", linewidth=2.5)
    for y, method in enumerate(values.index):
        axes.text(
            1.015, y, verdicts[method], transform=axes.get_yaxis_transform(), va="center",
            fontsize=6, gid=method,
        )  # fmt: skip
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, 1), "cividis"),
        ax=axes,
        location="bottom",
        shrink=0.5,
        aspect=40,
    )
    bar.set_label("structural similarity to the map of the trained network (1: the same map)")
    bar.outline.set_visible(False)
    return figure
