import pandas as pd
import pytest

from mrelevance.figures.ablation import draw
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2"]


def dots(axes) -> dict:
    return {d.get_gid(): tuple(d.get_offsets()[0]) for d in axes.collections if d.get_gid()}


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
    dice, sensitivity, margin = draw(table, SEQUENCES).axes
    assert dots(dice)["drop_one T1"] == pytest.approx((0, 0.7))
    assert dots(dice)["keep_one T2"] == pytest.approx((1, 0.6))
    assert dots(sensitivity)["drop_one T2"] == pytest.approx((1, 2 / 6))
    assert dots(margin)["keep_one T1"] == pytest.approx((0, -2))
    lines = [line.get_ydata()[0] for line in sensitivity.lines]
    assert lines == [1, 0]
    with pytest.raises(InputError, match="ablation table"):
        draw(table.drop(columns="margin"), SEQUENCES)
