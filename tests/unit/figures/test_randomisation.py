import pandas as pd

from mrelevance.evaluation.maps import SIMILARITY_COLUMNS
from mrelevance.figures.randomisation import draw


def test_yardsticks_stand_above_the_methods():
    rows = [
        [method, stage, name, 3, value, value, value, value, f"verdict on {method}"]
        for method, last in (("alpha1_beta0", 0.9), ("epsilon", 0.2), ("network_output", 0.1))
        for stage, (name, value) in enumerate([("trained", 1.0), ("output", 0.9), ("rest", last)])
    ]
    figure = draw(pd.DataFrame(rows, columns=SIMILARITY_COLUMNS))
    axes = figure.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["the network's output", "epsilon", "alpha1-beta0 (z+)"]
    texts = [text.get_text() for text in axes.texts]
    assert texts[:6] == ["0.90", "0.10", "0.90", "0.20", "0.90", "0.90"]
    assert texts[6:] == [f"verdict on {m}" for m in ("network_output", "epsilon", "alpha1_beta0")]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["output", "rest"]


def test_without_lesions_the_figure_says_so():
    figure = draw(pd.DataFrame(columns=SIMILARITY_COLUMNS))
    assert "No lesion was found" in figure.texts[0].get_text()
