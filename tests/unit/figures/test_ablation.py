import numpy as np
import pandas as pd
import pytest
from helpers.figure_words import texts
from matplotlib.collections import PathCollection

from mrelevance.figures.ablation import draw
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2"]
BOOTSTRAP = (400, 0.95, 0)


def dots(axes) -> dict:
    return {
        d.get_gid(): tuple(d.get_offsets()[0])
        for d in axes.collections
        if isinstance(d, PathCollection)
    }


def interval(axes, of: str) -> tuple[float, float]:
    (line,) = (line for line in axes.collections if line.get_gid() == f"interval {of}")
    return tuple(end for path in line.get_paths() for end in path.vertices[:, 1])


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
    figure = draw(table, SEQUENCES, *BOOTSTRAP)
    assert "This network, not the protocol" in texts(figure) and "n = 3" in texts(figure)
    dice, sensitivity, margin = figure.axes
    assert dots(dice)["drop_one T1"] == pytest.approx((-0.13, 0.7))
    assert dots(dice)["keep_one T2"] == pytest.approx((1.13, 0.6))
    assert dots(sensitivity)["drop_one T2"] == pytest.approx((0.87, 2 / 6))
    assert dots(margin)["keep_one T1"] == pytest.approx((0.13, -2))
    # Three patients whose Dice is 0.6, 0.7, 0.8: resamples have medians of 0.6 to 0.8.
    assert interval(dice, "drop_one T1") == pytest.approx((0.6, 0.8))
    assert interval(sensitivity, "drop_one T1") == pytest.approx((1, 1))
    assert interval(sensitivity, "drop_one T2") == pytest.approx((0, 0.5))
    two = draw(table[table["patient"] != "P3"], SEQUENCES, *BOOTSTRAP)
    assert not np.isfinite(interval(two.axes[0], "drop_one T1")).any()
    lines = [line.get_ydata()[0] for line in sensitivity.lines]
    assert lines == [1, 0]
    with pytest.raises(InputError, match="ablation table"):
        draw(table.drop(columns="margin"), SEQUENCES, *BOOTSTRAP)
