import numpy as np
import pandas as pd
import pytest

from mrelevance.analysis.motion_effect import motion_effect
from mrelevance.figures.motion_effect import draw
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2"]
SETTINGS = {"resamples": 500, "confidence": 0.95, "seed": 1}


def scores_of(dice, detected, patients=None):
    count = len(dice)
    return pd.DataFrame({
        "patient": patients or [f"P{k}" for k in range(count)],
        "dice": dice,
        "lesions": [2] * count,
        "detected": detected,
        "false_positives": [1] * count,
    })  # fmt: skip


def relevance_of(t1, patients=None):
    return pd.DataFrame([
        {"patient": patient, "method": composite, "region": "tumour", "sequence": sequence,
         "relevance_pooled": share}
        for patient, value in zip(patients or [f"P{k}" for k in range(len(t1))], t1, strict=True)
        for composite, shift in (("shapley", 0), ("deeplift", 0.4))
        for sequence, share in (("T1", value + shift), ("T2", 1 - value - shift))
    ])  # fmt: skip


@pytest.fixture
def effect():
    scores = {
        "deformable": scores_of([0.9, 0.8, 0.7, 0.85], [2, 2, 1, 2]),
        "none": scores_of([0.6, 0.5, 0.4, 0.55], [1, 1, 1, 1]),
    }
    relevance = {
        "deformable": relevance_of([0.5, 0.6, 0.7, 0.6]),
        "none": relevance_of([0.2, 0.3, 0.4, 0.3]),
    }
    return motion_effect(scores, relevance, **SETTINGS)


def row(effect, correction, measure, sequence=None):
    rows = effect[(effect["correction"] == correction) & (effect["measure"] == measure)]
    return (rows[rows["sequence"] == sequence] if sequence else rows).iloc[0]


def test_values_are_those_of_the_study(effect):
    assert row(effect, "deformable", "median Dice")["value"] == pytest.approx(0.825)
    assert row(effect, "deformable", "lesion sensitivity")["value"] == pytest.approx(7 / 8)
    assert row(effect, "none", "lesion sensitivity")["value"] == pytest.approx(0.5)
    assert row(effect, "none", "false positives per patient")["value"] == 1
    assert row(effect, "none", "measured share", "T2")["value"] == pytest.approx(0.7)


def test_differences_are_paired(effect):
    """Every patient loses .3, so no resampling can find another difference."""
    for measure, sequence, change in [
        ("median Dice", None, -0.3), ("measured share", "T1", -0.3),
        ("measured share", "T2", 0.3),
    ]:  # fmt: skip
        found = row(effect, "none", measure, sequence)
        values = found[["difference", "difference_low", "difference_high"]].astype(float)
        assert values.to_numpy() == pytest.approx(change)
        assert found["low"] < found["value"] < found["high"]
    first = effect[effect["correction"] == "deformable"]
    assert (first[["difference", "difference_low", "difference_high"]] == 0).all(axis=None)


def test_only_patients_that_every_correction_has_are_compared():
    scores = {"rigid": scores_of([0.9, 0.1, 0.5], [2, 0, 1]), "none": scores_of([0.8], [2])}
    relevance = {"rigid": relevance_of([0.5, 0.6, 0.7]), "none": relevance_of([0.4])}
    effect = motion_effect(scores, relevance, **SETTINGS)
    found = row(effect, "rigid", "median Dice")
    assert found["n"] == 1 and found["value"] == 0.9 and np.isnan(found["low"])
    other = {"rigid": relevance["rigid"], "none": relevance_of([0.4], ["P9"])}
    with pytest.raises(InputError, match="measured share: no patient has a value under each of"):
        motion_effect(scores, other, **SETTINGS)


def test_figure_shows_every_value_of_the_table(effect):
    figure = draw(effect, SEQUENCES)
    dots = [
        (axes.get_ylabel() or axes.get_title(loc="left"), dot.get_gid(), *dot.get_offsets()[0])
        for axes in figure.findobj(match=lambda artist: hasattr(artist, "get_ylabel"))
        for dot in axes.collections
        if dot.get_gid()
    ]
    assert len(dots) == len(effect)
    shown = sorted(round(float(y), 9) for *_, y in dots)
    assert shown == sorted(round(value, 9) for value in effect["value"])
    assert {gid for _, gid, *_ in dots} == {"deformable", "none"}
