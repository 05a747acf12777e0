import numpy as np
import pandas as pd
import pytest

from mrelevance.evaluation import perturbation, randomisation
from mrelevance.evaluation.maps import (
    perturbation_areas,
    randomisation_verdict,
    relative_margins,
    summarise_maps,
    summarise_perturbation,
    summarise_randomisation,
)
from mrelevance.runtime.errors import InputError

BOOTSTRAP = {"resamples": 200, "confidence": 0.95, "seed": 1}


def curves(patients=4, gain=1.0) -> pd.DataFrame:
    """Curves with areas known by hand: lost 0.5 and 1 in the one order, 0 and 1 in the other."""
    rows = []
    for number in range(patients):
        intact = 2.0 + number
        for order, relative in (("most_relevant", [1, 0.5, 0]), ("least_relevant", [1, 1, 0])):
            for step, value in enumerate(relative):
                margin = intact * (1 + gain * (value - 1))
                rows.append([
                    *[f"P{number}", 1, "rule", "all_sequences", "noise", order],
                    *[step, step, step / 2, margin],
                ])  # fmt: skip
    return pd.DataFrame(rows, columns=perturbation.COLUMNS)


def test_areas_are_those_by_hand():
    areas = perturbation_areas(curves())
    assert len(areas) == 4
    np.testing.assert_allclose(areas["most_relevant"], 0.75)
    np.testing.assert_allclose(areas["least_relevant"], 0.5)
    np.testing.assert_allclose(areas["difference"], 0.25)


def test_margins_are_relative_to_each_lesions_own():
    table = curves()
    relative = relative_margins(table)
    assert set(relative.round(9)) == {0, 0.5, 1}
    assert (relative[table["step"] == 0] == 1).all()


def test_summary_holds_medians_and_intervals_of_every_measure():
    both = pd.concat([curves(3), curves(3, gain=2.0).replace({"P0": "Q0", "P1": "Q1", "P2": "Q2"})])
    summary = summarise_perturbation(both, **BOOTSTRAP).set_index("measure")
    assert (summary["n"] == 6).all()
    assert summary.loc["difference", "median"] == pytest.approx((0.25 + 0.5) / 2)
    assert summary.loc["difference", "ci_low"] == pytest.approx(0.25)
    assert summary.loc["difference", "ci_high"] == pytest.approx(0.5)
    few = summarise_perturbation(curves(2), **BOOTSTRAP)
    assert few["ci_low"].isna().all() and few["median"].notna().all()


@pytest.mark.parametrize(
    ("similarity", "lesions", "verdict"),
    [
        ([1, 0.4, 0.3, 0.2, 0.1], 3, "changes with the weights"),
        ([1, 1, 0.8, 0.8, 0.1], 3, "blind to the upper stages: 0.80 after 2 of 4"),
        ([1, 1, 0.9, 0.8, 0.6], 3, "blind to the weights: similarity 0.60 at the end"),
        ([1, 0.4, 0.1], 1, "not judged: 1 lesion"),
        ([1, 0.4, 0.1], 2, "not judged: 2 lesions"),
    ],
)
def test_verdicts(similarity, lesions, verdict):
    assert randomisation_verdict(np.array(similarity), lesions) == verdict


def test_yardsticks_are_not_judged():
    rows = [
        [f"P{k}", 1, method, stage, f"stage {stage}", 1.0, 1.0]
        for k in range(3)
        for method in ("network_output", "random", "rule")
        for stage in range(3)
    ]
    summary = summarise_randomisation(
        pd.DataFrame(rows, columns=randomisation.COLUMNS), **BOOTSTRAP
    )
    both = summarise_maps(curves(), pd.DataFrame(rows, columns=randomisation.COLUMNS), **BOOTSTRAP)
    pd.testing.assert_frame_equal(both["randomisation"], summary)
    pd.testing.assert_frame_equal(
        both["perturbation"], summarise_perturbation(curves(), **BOOTSTRAP)
    )
    verdicts = summary.groupby("method")["verdict"].first()
    assert verdicts["network_output"] == "yardstick: the network itself"
    assert verdicts["random"] == "yardstick: chance"
    assert verdicts["rule"].startswith("blind to the weights")


def test_empty_tables_stay_empty_and_missing_columns_are_named():
    nothing = pd.DataFrame(columns=perturbation.COLUMNS)
    assert summarise_perturbation(nothing, **BOOTSTRAP).empty
    nothing = pd.DataFrame(columns=randomisation.COLUMNS)
    assert summarise_randomisation(nothing, **BOOTSTRAP).empty
    with pytest.raises(InputError, match="perturbation table: column margin is missing"):
        perturbation_areas(curves().drop(columns="margin"))
    with pytest.raises(InputError, match="randomisation table: column similarity is missing"):
        summarise_randomisation(nothing.drop(columns="similarity"), **BOOTSTRAP)
