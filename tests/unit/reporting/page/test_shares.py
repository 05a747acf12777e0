"""The table of shares of the report page."""

import numpy as np
import pandas as pd

from mrelevance.reporting.page.shares import lost_if_replaced, share_table
from mrelevance.statistics.noninferiority import HOLDS, LOSES

SEQUENCES = ["T1", "T2", "FLAIR"]
SUMMARY = {"resamples": 200, "confidence": 0.95, "seed": 0}


def intervals() -> pd.DataFrame:
    values = {"T1": (0.0, -0.1, 0.1), "T2": (0.9, 0.8, 1.0), "FLAIR": (-0.1, -0.2, -0.05)}
    return pd.DataFrame(
        [
            ["relevance_pooled", method, sequence, *values[sequence]]
            for method in ("shapley", "deepshap")
            for sequence in SEQUENCES
        ],
        columns=["measure", "method", "sequence", "median", "ci_low", "ci_high"],
    )


def ablation(patients: int) -> pd.DataFrame:
    rows = [
        [patient, kind, sequence, dice]
        for patient in range(patients)
        for kind, sequence, dice in (
            ("all", "NA", 0.9),
            ("drop_one", "T1", 0.9),
            ("drop_one", "T2", 0.5),
            ("keep_one", "T1", 0.0),
            ("drop_one", "FLAIR", 0.95),
        )
    ]
    return pd.DataFrame(rows, columns=["patient", "ablation", "sequence", "dice"])


def column(table: dict, heading: str) -> list[str]:
    place = [name for name, _ in table["columns"]].index(heading)
    return [row[place][0] for row in table["rows"]]


def test_whether_a_sequence_is_used_follows_from_its_interval():
    table = share_table(SEQUENCES, intervals(), ablation(6), None, ["deepshap"], SUMMARY)
    assert column(table, "Sequence") == SEQUENCES
    assert column(table, "Used?") == ["no evidence", "yes", "against tumour"]
    assert column(table, "Can it go?") == ["not judged"] * 3
    assert column(table, "Measured share")[1] == "0.90 [0.80, 1.00]"
    assert column(table, "Dice lost if replaced")[1] == "0.40 [0.40, 0.40]"
    assert column(table, "Shapley activations") == column(table, "Measured share")
    assert {len(row) for row in table["rows"]} == {len(table["columns"])}


def test_a_sequence_can_go_if_both_measures_hold_their_margins():
    selection = pd.DataFrame(
        [
            ["T1", "Dice", HOLDS, 0.01, 0.0, 0.02],
            ["T1", "lesion sensitivity", HOLDS, 0.0, 0.0, 0.0],
            ["T2", "Dice", LOSES, -0.3, -0.4, -0.2],
            ["T2", "lesion sensitivity", "undecided", 0.0, -0.1, 0.1],
            ["T1, T2", "Dice", HOLDS, 0.0, 0.0, 0.0],
        ],
        columns=[
            *["left_out", "measure", "conclusion"],
            *["difference", "difference_low", "difference_high"],
        ],
    )
    table = share_table(SEQUENCES, intervals(), ablation(6), selection, [], SUMMARY)
    assert column(table, "Can it go?") == ["yes", "no", "not tested"]
    assert column(table, "Dice lost if left out")[1:] == ["0.30 [0.20, 0.40]", "not trained"]
    selection.loc[1, "conclusion"] = "undecided"
    table = share_table(SEQUENCES, intervals(), ablation(6), selection, [], SUMMARY)
    assert column(table, "Can it go?")[0] == "too few data"


def test_losses_of_few_patients_have_no_interval_and_those_of_none_are_unknown():
    losses = lost_if_replaced(ablation(5), SEQUENCES, SUMMARY)
    assert losses.loc["T2", "loss"] == 0.4 and np.isnan(losses.loc["T2", "low"])
    unknown = lost_if_replaced(ablation(2).assign(dice=np.nan), SEQUENCES, SUMMARY)
    assert unknown.isna().all(axis=None)
    cells = share_table(SEQUENCES, intervals(), ablation(0), None, [], SUMMARY)
    assert column(cells, "Dice lost if replaced") == ["\N{EN DASH}"] * 3
