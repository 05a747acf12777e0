import numpy as np
import pandas as pd
import pytest

from mrelevance.evaluation.agreement import SUMMARY_COLUMNS
from mrelevance.figures.faithfulness import GROUPS, draw


@pytest.fixture
def summary() -> pd.DataFrame:
    rows = [
        ["epsilon", 20, 0.3, 0.1, 0.5, 0.9, 0.8, 1.0, 17, np.nan, "misleading"],
        ["deeplift", 20, 0.93, 0.8, 1.0, 0.13, 0.1, 0.2, 20, np.nan, "follows the measurement"],
        ["random", 20, np.nan, np.nan, np.nan, 1.4, 1.2, 1.6, 3, np.nan, "misleading"],
        ["drop_one", 20, 0.93, 0.8, 1.0, 0.10, 0.1, 0.2, 20, np.nan, "follows the measurement"],
    ]
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)


def dots(axes) -> dict:
    return {d.get_gid(): tuple(d.get_offsets()[0]) for d in axes.collections if d.get_gid()}


def test_methods_are_listed_from_best_to_worst(summary):
    figure = draw(summary)
    order, amounts = figure.axes
    best_first = sorted(dots(amounts), key=lambda method: dots(amounts)[method][1])
    assert best_first == ["drop_one", "deeplift", "epsilon", "random"]
    labels = [label.get_text() for label in order.get_yticklabels()]
    assert labels[0] == "one sequence replaced" and labels[-1] == "drawn at random"
    assert dots(order)["deeplift"][0] == 0.93 and dots(amounts)["epsilon"][0] == 0.9
    assert [text.get_text() for text in amounts.texts] == ["20/20", "20/20", "17/20", "3/20"]
    (legend,) = figure.legends
    shown = [text.get_text() for text in legend.get_texts()]
    assert shown == ["propagation", "forward passes", "chance"] and set(shown) < set(GROUPS)


def test_without_tumours_the_figure_says_so(summary):
    figure = draw(summary.iloc[:0])
    assert "No tumour was predicted" in figure.texts[0].get_text()
