"""Figures that compare attribution methods and ablations show what their tables say."""

import numpy as np
import pandas as pd
import pytest

from mrelevance.evaluation.agreement import SUMMARY_COLUMNS
from mrelevance.figures.ablation import ablation
from mrelevance.figures.faithfulness import GROUPS, faithfulness
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2"]


@pytest.fixture
def summary() -> pd.DataFrame:
    rows = [
        ["epsilon", 20, 0.3, 0.1, 0.5, 0.9, 0.8, 1.0, 17, "misleading"],
        ["deeplift", 20, 0.93, 0.8, 1.0, 0.13, 0.1, 0.2, 20, "follows the measurement"],
        ["random", 20, np.nan, np.nan, np.nan, 1.4, 1.2, 1.6, 3, "misleading"],
        ["drop_one", 20, 0.93, 0.8, 1.0, 0.10, 0.1, 0.2, 20, "follows the measurement"],
    ]
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)


def dots(axes) -> dict:
    return {d.get_gid(): tuple(d.get_offsets()[0]) for d in axes.collections if d.get_gid()}


def test_methods_are_listed_from_best_to_worst(summary):
    figure = faithfulness(summary)
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
    figure = faithfulness(summary.iloc[:0])
    assert "No tumour was predicted" in figure.texts[0].get_text()


def test_ablation_shows_medians_and_pooled_sensitivity():
    rows = [
        [patient, kind, sequence, dice, 2, detected, 0, margin]
        for patient, shift in (("P1", 0.0), ("P2", 0.1), ("P3", 0.2))
        for kind, sequence, dice, detected, margin in [
            ("all", None, 0.7, 2, 5), ("none", None, 0.0, 0, -5),
            ("drop_one", "T1", 0.6, 2, 4), ("drop_one", "T2", 0.1, int(shift > 0), -1),
            ("keep_one", "T1", 0.2, 0, -2), ("keep_one", "T2", 0.5, 1, 3),
        ]
        for dice in [dice + shift]
    ]  # fmt: skip
    columns = ["patient", "ablation", "sequence", "dice", "lesions", "detected",
               "false_positives", "margin"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    dice, sensitivity, margin = ablation(table, SEQUENCES).axes
    assert dots(dice)["drop_one T1"] == pytest.approx((0, 0.7))
    assert dots(dice)["keep_one T2"] == pytest.approx((1, 0.6))
    assert dots(sensitivity)["drop_one T2"] == pytest.approx((1, 2 / 6))
    assert dots(margin)["keep_one T1"] == pytest.approx((0, -2))
    lines = [line.get_ydata()[0] for line in sensitivity.lines]
    assert lines == [1, 0]
    with pytest.raises(InputError, match="ablation table"):
        ablation(table.drop(columns="margin"), SEQUENCES)
