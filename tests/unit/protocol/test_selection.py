import numpy as np
import pandas as pd
import pytest

from mrelevance.figures.protocols import draw as protocols
from mrelevance.figures.selection import draw
from mrelevance.protocol.selection import (
    DICE,
    SENSITIVITY,
    compare_subsets,
    paired_scores,
    recommended,
    selection,
    verdict,
)
from mrelevance.protocol.subsets import choose_subsets
from mrelevance.runtime.errors import InputError
from mrelevance.statistics.multiplicity import holm
from mrelevance.statistics.noninferiority import HOLDS, LOSES, UNDECIDED, detections_p

SEQUENCES = ["T1", "T2", "FLAIR"]
FULL = "T1,T2,FLAIR"
MARGINS = {DICE: 0.02, SENSITIVITY: 0.1}
SETTINGS = {"resamples": 300, "confidence": 0.95, "seed": 2}


def patients_of(count):
    return [f"P{k:02d}" for k in range(count)]


def network_of(dice, lost, lesions_each=4):
    """Scores and lesions of a network that loses the first `lost[k]` lesions of patient k."""
    rows = [
        (patient, "FN" if lesion <= missed else "TP", lesion)
        for patient, missed in zip(patients_of(len(dice)), lost, strict=True)
        for lesion in range(1, lesions_each + 1)
    ] + [("P00", "FP", 0)]
    scores = pd.DataFrame({
        "patient": patients_of(len(dice)),
        "dice": dice,
        "lesions": lesions_each,
        "detected": lesions_each - np.array(lost),
        "false_positives": [1] + [0] * (len(dice) - 1),
    })  # fmt: skip
    return scores, pd.DataFrame(rows, columns=["patient", "region", "lesion"])


def paired(networks):
    return paired_scores(
        {name: scores for name, (scores, _) in networks.items()},
        {name: lesions for name, (_, lesions) in networks.items()},
    )


def study(losses, patients=20, lesions_each=4, minutes=None):
    """Selection table of subsets, each with (loss of Dice, lesions lost in how many patients)."""
    generator = np.random.default_rng(5)
    dice = generator.uniform(0.7, 0.9, patients)
    networks = {FULL: network_of(dice, [0] * patients, lesions_each)}
    for name, (loss, losing) in losses.items():
        worse = dice - loss + generator.normal(0, 0.005, patients)
        networks[name] = network_of(worse, [1] * losing + [0] * (patients - losing), lesions_each)
    subsets = choose_subsets([name.split(",") for name in losses], SEQUENCES)
    return selection(subsets, paired(networks), MARGINS, minutes, SEQUENCES, **SETTINGS)


def row(table, subset, measure):
    return table[(table["subset"] == subset) & (table["measure"] == measure)].iloc[0]


def test_lesions_are_paired_one_by_one():
    scores, lesions = network_of([0.8, 0.7, 0.9], [1, 0, 2])
    _, others = network_of([0.7, 0.7, 0.6], [0, 1, 4])
    table = paired_scores(
        {"full": scores, "less": scores.assign(dice=[0.7, 0.7, 0.6], detected=[4, 3, 0])},
        {"full": lesions, "less": others},
    )
    own = table[table["subset"] == "less"]
    assert list(own["gained"]) == [1, 0, 0]
    assert list(own["lost"]) == [0, 1, 2]
    assert list(own["detected"]) == [4, 3, 0]
    assert list(own["detected_full"]) == [3, 4, 2]
    assert list(own["dice_full"]) == [0.8, 0.7, 0.9]
    of_full = table[table["subset"] == "full"]
    assert (of_full[["gained", "lost"]] == 0).all(axis=None)


def test_networks_tested_on_other_patients_are_refused():
    three, two = network_of([0.8] * 3, [0] * 3), network_of([0.8] * 2, [0] * 2)
    with pytest.raises(InputError, match="scores of less: its test patients are not those of full"):
        paired({"full": three, "less": two})


def test_table_has_the_values_of_each_protocol():
    table = study({"T2,FLAIR": (0.0, 0), "T2": (0.3, 10)})
    assert list(table["subset"].unique()) == [FULL, "T2,FLAIR", "T2"]
    full = row(table, FULL, DICE)
    assert full["difference"] == 0 and full["conclusion"] == "full protocol" and np.isnan(full["p"])
    assert row(table, FULL, SENSITIVITY)["value"] == 1
    less = row(table, "T2", SENSITIVITY)
    assert less["value"] == pytest.approx(70 / 80)
    assert less["difference"] == pytest.approx(-10 / 80)
    assert less["difference_low"] < less["difference"] < less["difference_high"] < 0
    lost = np.array([1] * 10 + [0] * 10)
    assert less["p"] == pytest.approx(detections_p(0 * lost, lost, np.full(20, 4), 0.1))
    assert row(table, "T2", DICE)["conclusion"] == LOSES
    assert row(table, "T2,FLAIR", DICE)["conclusion"] == HOLDS
    for measure in MARGINS:
        tested = table[(table["measure"] == measure) & (table["size"] < 3)]
        np.testing.assert_allclose(tested["p_holm"], holm(tested["p"].to_numpy()))
    assert table["minutes_saved"].isna().all()


def test_what_saves_most_is_recommended():
    losses = {"T1,T2": (0.0, 0), "T2,FLAIR": (0.001, 0), "T2": (0.3, 9), "T1": (0.002, 0)}
    table = study(losses, patients=30)
    assert recommended(table, (DICE, SENSITIVITY)) == "T1"
    text = verdict(table)
    assert text.startswith("T2 and FLAIR can be left out: Dice \N{MINUS SIGN}0.00")
    assert "margin 0.02; lesion sensitivity +0.000" in text and "30 test patients." in text
    minutes = {"T1": 9.0, "T2": 2, "FLAIR": 1}
    saving = study(losses, patients=30, minutes=minutes)
    assert row(saving, "T1", DICE)["minutes_saved"] == 3
    assert row(saving, "T2", SENSITIVITY)["minutes_saved"] == 10
    assert verdict(saving).startswith("T1 can be left out: Dice")
    assert verdict(saving).endswith("30 test patients; saves 9 minutes.")


def test_too_few_lesions_to_say():
    table = study({"T2,FLAIR": (0.0, 0)}, lesions_each=1)
    assert row(table, "T2,FLAIR", DICE)["conclusion"] == HOLDS
    assert row(table, "T2,FLAIR", SENSITIVITY)["conclusion"] == UNDECIDED
    assert verdict(table).startswith("By Dice T1 can be left out, but the data do not suffice")


def test_too_few_patients_to_say():
    for patients in (2, 4):
        table = study({"T2,FLAIR": (0.0, 0), "T1": (0.01, 0)}, patients=patients)
        shorter = table[table["size"] < 3]
        assert set(shorter["conclusion"]) == {UNDECIDED}
        assert "The data do not suffice to leave any sequence out" in verdict(table)
        assert "lacks T1, Dice" in verdict(table)


def test_nothing_can_be_left_out():
    text = verdict(study({"T2,FLAIR": (0.2, 9), "T2": (0.3, 15)}))
    assert text.startswith("No sequence can be left out: each of the 2 shorter protocols")


def test_patients_without_tumour_have_no_dice():
    scores, lesions = network_of([np.nan, 0.8, 0.7, 0.9], [0] * 4)
    networks = {FULL: (scores, lesions), "T2": (scores, lesions)}
    subsets = choose_subsets([["T2"]], SEQUENCES)
    table = selection(subsets, paired(networks), MARGINS, None, SEQUENCES, **SETTINGS)
    assert row(table, "T2", DICE)["n"] == 3 and row(table, "T2", SENSITIVITY)["n"] == 4
    nobody = scores.assign(dice=np.nan)
    networks = {FULL: (nobody, lesions), "T2": (nobody, lesions)}
    with pytest.raises(InputError, match="no test patient has a Dice coefficient"):
        selection(subsets, paired(networks), MARGINS, None, SEQUENCES, **SETTINGS)


def dots(axes):
    return {dot.get_gid(): tuple(dot.get_offsets()[0]) for dot in axes.collections if dot.get_gid()}


def test_figures_show_every_protocol():
    losses = {"T1,T2": (0.01, 0), "T2,FLAIR": (0.0, 1), "T2": (0.3, 9)}
    table = study(losses, minutes={"T1": 1, "T2": 2, "FLAIR": 3})
    for axes, measure in zip(draw(table, SEQUENCES).axes, MARGINS, strict=True):
        rows = table[table["measure"] == measure].set_index("subset")
        shown = dots(axes)
        assert set(shown) == set(rows.index)
        for subset, (x, y) in shown.items():
            assert y == pytest.approx(rows.loc[subset, "value"])
            assert round(x) == rows.loc[subset, "size"]
    figure = protocols(table, SEQUENCES)
    for axes, measure in zip(figure.axes[1:], MARGINS, strict=True):
        rows = table[table["measure"] == measure].set_index("subset")
        assert {name: x for name, (x, _) in dots(axes).items()} == pytest.approx(
            rows.drop(FULL)["difference"].to_dict()
        )
    numbers = [text.get_text() for text in figure.axes[2].texts]
    assert any(number.endswith("4 min") for number in numbers)
    assert figure.axes[2].get_title("right") == "saved"


def test_axis_names_the_protocols_of_the_search():
    table = study({"T1,T2": (0.0, 0), "T2,FLAIR": (0.05, 1), "T2": (0.3, 9)})
    table.loc[table["subset"].isin(["T2,FLAIR", "T2"]), "chosen_by"] = "search"
    labels = [label.get_text() for label in draw(table, SEQUENCES).axes[1].get_xticklabels()]
    assert set(labels) == {"3\nall", "2\nwithout\nT1", "1\nT2"}


def test_step_tests_every_subset_against_the_study():
    generator = np.random.default_rng(5)
    dice = generator.uniform(0.7, 0.9, 12)
    networks = {"study": network_of(dice, [0] * 12), "T2": network_of(dice - 0.3, [2] * 12)}
    scores, lesions = ({name: pair[k] for name, pair in networks.items()} for k in (0, 1))
    subsets = choose_subsets([["T2"]], SEQUENCES)
    made = compare_subsets(subsets, scores, lesions, SEQUENCES, 0.02, 0.1, minutes=None, **SETTINGS)
    assert list(made["selection"]["subset"].unique()) == [FULL, "T2"]
    assert set(made["selection_scores"]["subset"]) == {FULL, "T2"}
    assert made["selection_verdict"]["verdict"].item() == verdict(made["selection"])
