"""Which sequences can be left out? Networks trained on subsets against the full protocol."""

import numpy as np
import pandas as pd

from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.subset_names import left_out, subset_name
from mrelevance.runtime.wording import counted, interval, signed
from mrelevance.statistics.bootstrap import single_median
from mrelevance.statistics.multiplicity import holm
from mrelevance.statistics.noninferiority import (
    HOLDS,
    LOSES,
    compare_detections,
    compare_scores,
    conclusion,
    pooled_interval,
)

DICE = "Dice"
SENSITIVITY = "lesion sensitivity"
FULL = "full protocol"
SCORE_COLUMNS = [
    *["patient", "subset", "dice", "dice_full", "lesions", "detected", "detected_full"],
    *["gained", "lost", "false_positives"],
]
COLUMNS = [
    *["subset", "size", "left_out", "chosen_by", "minutes_saved", "measure", "n"],
    *["value", "value_low", "value_high", "difference", "difference_low", "difference_high"],
    *["margin", "p", "p_holm", "conclusion"],
]


def compare_subsets(
    subsets: pd.DataFrame,
    scores: dict[str, pd.DataFrame],
    lesions: dict[str, pd.DataFrame],
    sequences: list[str],
    margin_dice: float,
    margin_sensitivity: float,
    minutes: dict[str, float] | None,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Test networks trained on fewer sequences against the study's network, trained on all.

    `subsets` is the table of `choose_subsets`; scores and lesions are tables of the study, which
    comes first, and of each subset by its name.
    """
    full = subset_name(sequences, sequences)
    tables = [
        {full: next(iter(of_variant.values()))}
        | {subset: of_variant[subset] for subset in subsets["subset"]}
        for of_variant in (scores, lesions)
    ]
    paired = paired_scores(*tables)
    table = selection(
        subsets,
        paired,
        {DICE: margin_dice, SENSITIVITY: margin_sensitivity},
        minutes,
        sequences,
        *(resamples, confidence, seed),
    )
    return {
        "selection": table,
        "selection_scores": paired,
        "selection_verdict": pd.DataFrame({"verdict": [verdict(table)]}),
    }


def paired_scores(
    scores: dict[str, pd.DataFrame], lesions: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Scores of every network beside those of the first network, patient by patient.

    Parameters
    ----------
    scores, lesions
        Tables of the same test patients by network; that of the full protocol comes first. Lesions
        are paired by their numbers. A lesion is found where its region is TP.

    Returns
    -------
    One row per network (column subset) and patient: dice, dice_full, lesions, detected,
    detected_full, gained (lesions that only this network finds), lost (lesions that only the first
    network finds), false_positives.

    Raises
    ------
    InputError
        A column is missing, or the networks were not tested on the same patients.
    """
    first = next(iter(scores))
    dice_full = scores[first].set_index("patient")["dice"]
    found_full = _found(lesions[first])
    tables = []
    for name, table in scores.items():
        check_columns(table, ["patient", "dice", "lesions", "detected", "false_positives"], name)
        table = table.set_index("patient")
        if set(table.index) != set(dice_full.index):
            raise InputError(
                f"scores of {name}: its test patients are not those of {first}; run the workflow "
                "again"
            )
        found = _found(lesions[name])
        count = [
            found.groupby("patient").sum(),
            found_full.groupby("patient").sum(),
            (found & ~found_full).groupby("patient").sum(),
            (found_full & ~found).groupby("patient").sum(),
        ]
        detected, detected_full, gained, lost = (
            of_patient.reindex(table.index, fill_value=0).astype(int) for of_patient in count
        )
        own = table[["dice", "lesions", "false_positives"]].assign(
            subset=name,
            dice_full=dice_full.reindex(table.index),
            detected=detected,
            detected_full=detected_full,
            gained=gained,
            lost=lost,
        )
        tables.append(own.reset_index())
    return pd.concat(tables, ignore_index=True)[SCORE_COLUMNS]


def _found(lesions: pd.DataFrame) -> pd.Series:
    """Whether each lesion was found, by patient and number."""
    check_columns(lesions, ["patient", "region", "lesion"], "lesion table")
    labelled = lesions[lesions["region"] != "FP"].set_index(["patient", "lesion"])
    return (labelled["region"] == "TP").sort_index()


def selection(
    subsets: pd.DataFrame,
    scores: pd.DataFrame,
    margins: dict[str, float],
    minutes: dict[str, float] | None,
    sequences: list[str],
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Test every subset of the sequences against the full protocol.

    Parameters
    ----------
    subsets
        The table of `choose_subsets`.
    scores
        The table of `paired_scores`, subsets by their names; the full protocol among them.
    margins
        Non-inferiority margin by measure: `Dice` and `lesion sensitivity`.
    minutes
        Acquisition time of each sequence, or None.

    Returns
    -------
    One row per subset and measure, the full protocol first: `value`, the median Dice or the
    sensitivity pooled over lesions, of `n` patients; `difference` to the full protocol in the same
    patients (see `statistics.noninferiority`); both with bootstrap intervals over patients; `p` of
    the non-inferiority test at `margin`, `p_holm` corrected for the number of subsets;
    `conclusion`. Patients without tumour in both label and segmentation have no Dice and do not
    count for it.
    """
    full = pd.DataFrame([{"subset": scores["subset"].iloc[0], "size": len(sequences)}])
    tested = pd.concat([full.assign(left_out="", chosen_by=FULL), subsets], ignore_index=True)
    interval = (resamples, confidence, seed)
    rows = []
    for measure, of_measure in ((DICE, _dice_row), (SENSITIVITY, _sensitivity_row)):
        margin, found = margins[measure], []
        for subset in tested.itertuples():
            own = scores[scores["subset"] == subset.subset]
            values, comparison = of_measure(own, margin, interval)
            saved = (
                np.nan
                if minutes is None
                else sum(minutes[name] for name in left_out(subset.subset, sequences))
            )
            keys = (subset.subset, subset.size, subset.left_out, subset.chosen_by, saved, measure)
            found.append((keys, values, comparison))
        corrected = holm(np.array([comparison.p for *_, comparison in found[1:]]))
        for (keys, values, comparison), p in zip(found, [np.nan, *corrected], strict=True):
            is_full = keys[3] == FULL
            rows.append(
                [
                    *(*keys, *values),
                    *(comparison.difference, comparison.low, comparison.high, margin),
                    np.nan if is_full else comparison.p,
                    p,
                    FULL if is_full else conclusion(comparison, p, margin, confidence),
                ]
            )
    table = pd.DataFrame(rows, columns=COLUMNS)
    order = {name: place for place, name in enumerate(tested["subset"])}
    return table.sort_values(
        "subset", key=lambda names: names.map(order), kind="stable", ignore_index=True
    )


def _dice_row(own: pd.DataFrame, margin: float, interval: tuple) -> tuple:
    known = own.dropna(subset=["dice", "dice_full"])
    if known.empty:
        raise InputError(
            f"selection, {own['subset'].iloc[0]}: no test patient has a Dice coefficient with "
            "both protocols, because labels and segmentations hold no tumour; check them"
        )
    dice = known["dice"].to_numpy(float)
    value = single_median(dice, *interval)
    comparison = compare_scores(dice, known["dice_full"].to_numpy(float), margin, *interval)
    return (len(known), *value), comparison


def _sensitivity_row(own: pd.DataFrame, margin: float, interval: tuple) -> tuple:
    counts = own[["detected", "lesions"]].to_numpy()
    value = pooled_interval(counts[:, 0], counts[:, 1], *interval)
    comparison = compare_detections(
        *(own[name].to_numpy() for name in ("gained", "lost", "lesions")), margin, *interval
    )
    return (len(own), *(float(bound[0]) for bound in value)), comparison


def recommended(selection: pd.DataFrame, measures: tuple[str, ...]) -> str | None:
    """The subset that saves most among those that hold the margin in all `measures`, or None.

    What is saved are minutes if they are known, else sequences. Of equal subsets, the one with the
    smallest loss of Dice is recommended.
    """
    holding = selection[selection["conclusion"] == HOLDS].groupby("subset")["measure"].agg(set)
    names = [name for name, held in holding.items() if held >= set(measures)]
    if not names:
        return None
    rows = selection[selection["subset"].isin(names) & (selection["measure"] == DICE)]
    order = rows.sort_values(
        ["minutes_saved", "size", "difference"], ascending=[False, True, False], kind="stable"
    )
    return order["subset"].iloc[0]


def verdict(selection: pd.DataFrame) -> str:
    """One sentence: what can be left out, or that the data do not suffice to say."""
    tested = selection[selection["chosen_by"] != FULL]
    patients = counted(selection["n"].max(), "test patient")
    both = recommended(tested, (DICE, SENSITIVITY))
    if both:
        own = tested[tested["subset"] == both]
        names, saved = own["left_out"].iloc[0], own["minutes_saved"].iloc[0]
        minutes = "" if np.isnan(saved) else f"; saves {saved:g} minutes"
        return f"{_listed(names)} can be left out: {_numbers(own)}; {patients}{minutes}."
    by_dice = recommended(tested, (DICE,))
    if by_dice:
        own = tested[tested["subset"] == by_dice]
        return (
            f"By Dice {_listed(own['left_out'].iloc[0])} can be left out, but the data do not "
            f"suffice to say that no lesions are lost by it: {_numbers(own)}; {patients}."
        )
    losing = tested[tested["conclusion"] == LOSES]["subset"].nunique()
    if losing == tested["subset"].nunique():
        each = "the shorter protocol" if losing == 1 else f"each of the {losing} shorter protocols"
        return (
            f"No sequence can be left out: {each} loses more than the margin in Dice or lesion "
            f"sensitivity; {patients}."
        )
    dice = tested[tested["measure"] == DICE]
    own = tested[tested["subset"] == dice.loc[dice["difference"].idxmax(), "subset"]]
    return (
        "The data do not suffice to leave any sequence out: the shorter protocol with the smallest "
        f"loss of Dice lacks {_listed(own['left_out'].iloc[0])}, {_numbers(own)}; {patients}."
    )


def _listed(names: str) -> str:
    *others, last = names.split(", ")
    return f"{', '.join(others)} and {last}" if others else last


def _numbers(own: pd.DataFrame) -> str:
    """Difference, interval and margin of each measure, in words."""
    parts = [
        f"{row.measure} "
        f"{interval(row.difference, row.difference_low, row.difference_high, 3, signed)}, "
        f"margin {row.margin:g}"
        for row in own.itertuples()
    ]
    return "; ".join(parts)
