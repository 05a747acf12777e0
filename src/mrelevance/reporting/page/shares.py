"""The table of shares: for each sequence whether it is used, and whether it can go."""

import math

import pandas as pd

from mrelevance.attribution.shares import MEASURED
from mrelevance.protocol.selection import DICE, SENSITIVITY
from mrelevance.reporting.page.numbers import decimal_interval
from mrelevance.runtime.method_names import label
from mrelevance.statistics.bootstrap import single_median
from mrelevance.statistics.noninferiority import HOLDS, LOSES
from mrelevance.statistics.sample_size import fewest_patients


def share_table(
    sequences: list[str],
    intervals: pd.DataFrame,
    ablation: pd.DataFrame,
    selection: pd.DataFrame | None,
    composites: list[str],
    summary: dict,
) -> dict:
    """Columns and rows of the table.

    Parameters
    ----------
    intervals, ablation
        Tables of the cohort; see `enough.known_intervals`.
    selection
        The comparison of shorter protocols, see `enough.known_conclusions`; None if it was not
        made.
    composites
        Identifiers of the composites, each a column.
    summary
        Section `summary` of the configuration, with `seed`.

    Returns
    -------
    `columns`: pairs of heading and note. `rows`: of each sequence its name, and for each further
    column the text of the cell and the value to sort it by.
    """
    pooled = intervals[intervals["measure"] == "relevance_pooled"]
    columns = [
        ("Sequence", ""),
        ("Measured share", "Shapley value"),
        ("Used?", "interval of the share above zero"),
        ("Can it go?", "by networks trained without it"),
        ("Dice lost if replaced", "this network, not the protocol"),
    ]
    cells = [
        _of_method(pooled, MEASURED, sequences),
        _used(pooled, sequences),
        _can_go(selection, sequences),
        [_cell(*row[1:]) for row in lost_if_replaced(ablation, sequences, summary).itertuples()],
    ]
    if selection is not None:
        columns.append(("Dice lost if left out", "network trained without it"))
        cells.append(_lost_if_left_out(selection, sequences))
    for composite in composites:
        columns.append((label(composite), "share by this rule"))
        cells.append(_of_method(pooled, composite, sequences))
    rows = [
        [(name, position), *row]
        for position, (name, *row) in enumerate(zip(sequences, *cells, strict=True))
    ]
    return {"columns": columns, "rows": rows}


def _of_method(pooled: pd.DataFrame, method: str, sequences: list[str]) -> list[tuple]:
    own = pooled[pooled["method"] == method].set_index("sequence").reindex(sequences)
    return [_cell(row.median, row.ci_low, row.ci_high) for row in own.itertuples()]


def _used(pooled: pd.DataFrame, sequences: list[str]) -> list[tuple]:
    own = pooled[pooled["method"] == MEASURED].set_index("sequence").reindex(sequences)
    words = []
    for row in own.itertuples():
        if row.ci_low > 0:
            words.append(("yes", 2))
        elif row.ci_high < 0:
            words.append(("against tumour", 1))
        elif pd.isna(row.ci_low):
            words.append(("not judged", -1))
        else:
            words.append(("no evidence", 0))
    return words


def _can_go(selection: pd.DataFrame | None, sequences: list[str]) -> list[tuple]:
    """Whether a network trained without a sequence holds the margins of Dice and sensitivity."""
    if selection is None:
        return [("not judged", -1)] * len(sequences)
    words = []
    for sequence in sequences:
        own = selection[selection["left_out"] == sequence].set_index("measure")["conclusion"]
        if own.empty:
            words.append(("not tested", -1))
        elif (own == LOSES).any():
            words.append(("no", 0))
        elif (own.reindex([DICE, SENSITIVITY]) == HOLDS).all():
            words.append(("yes", 2))
        else:
            words.append(("too few data", 1))
    return words


def lost_if_replaced(ablation: pd.DataFrame, sequences: list[str], summary: dict) -> pd.DataFrame:
    """Dice lost when the baseline replaces a sequence: `loss`, `low` and `high` by sequence.

    `summary` is the section of the configuration, with `seed`. The interval of too few patients is
    NaN.
    """
    fewest = fewest_patients(1 - summary["confidence"])
    whole = ablation[ablation["ablation"] == "all"].set_index("patient")["dice"]
    rows = []
    for sequence in sequences:
        own = ablation[(ablation["ablation"] == "drop_one") & (ablation["sequence"] == sequence)]
        lost = (whole - own.set_index("patient")["dice"]).dropna().to_numpy(dtype=float)
        interval = (summary["resamples"], summary["confidence"], summary["seed"])
        loss, *ends = single_median(lost, *interval)
        rows.append([loss, *(ends if lost.size >= fewest else (math.nan, math.nan))])
    return pd.DataFrame(rows, index=sequences, columns=["loss", "low", "high"])


def _lost_if_left_out(selection: pd.DataFrame, sequences: list[str]) -> list[tuple]:
    dice = selection[selection["measure"] == DICE].set_index("left_out")
    cells = []
    for sequence in sequences:
        if sequence in dice.index:
            row = dice.loc[[sequence]].iloc[0]
            cells.append(_cell(-row["difference"], -row["difference_high"], -row["difference_low"]))
        else:
            cells.append(("not trained", float("-inf")))
    return cells


def _cell(value: float, low: float, high: float) -> tuple[str, float]:
    return decimal_interval(value, low, high), float("-inf") if pd.isna(value) else float(value)
