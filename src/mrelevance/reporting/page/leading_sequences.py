"""What the network rests on: which sequences lead by the measurement."""

from math import comb

import pandas as pd

from mrelevance.attribution.shares import MEASURED
from mrelevance.reporting.page.answers import WITH_TUMOUR, Answer, median_of, too_few
from mrelevance.reporting.page.numbers import percent_interval
from mrelevance.reporting.text import listed
from mrelevance.statistics.sample_size import fewest_patients

LEVEL = 0.05  # of tests between the first sequence and the others
SMALL = 0.05  # a share is called small if its whole interval is nearer to zero


def rests_on(
    intervals: pd.DataFrame, pairwise: pd.DataFrame, confidence: float, false_alarms_only: bool
) -> Answer:
    """What the network rests on, by the measured pooled shares of the predicted tumour.

    Parameters
    ----------
    intervals
        Shares of the cohort with their intervals; see `enough.known_intervals`.
    pairwise
        Tests between sequences.
    confidence
        Confidence of the intervals.
    false_alarms_only
        Whether all predicted tumour is false, as no labelled lesion was found.
    """
    own = (intervals["measure"] == "relevance_pooled") & (intervals["method"] == MEASURED)
    measured = intervals[own].sort_values("median", ascending=False, kind="stable")
    if measured["median"].isna().all():
        text = "Not known: no tumour was predicted in any test patient."
    elif len(measured) == 1:
        text = f"{measured['sequence'].iloc[0]} is its only sequence."
    else:
        of_measure = (pairwise["measure"] == "relevance_pooled") & (pairwise["method"] == MEASURED)
        text = _leading(measured, pairwise[of_measure], confidence)
        if false_alarms_only:
            text = f"No labelled lesion was found: this is what false alarms rest on. {text}"
    question = "What does the network rest on?"
    return Answer(question, text, "parallel_coordinates", "Figure 1, last panel")


def _leading(measured: pd.DataFrame, pairwise: pd.DataFrame, confidence: float) -> str:
    """Sentences about the leaders and those behind; `measured` is sorted by the share."""
    shares = _shares(measured, confidence)
    patients = int(measured["n"].iloc[0])
    median = median_of(patients)
    first, *others = measured["sequence"]
    fewest = fewest_patients(LEVEL, comb(len(measured), 2))
    if patients < fewest:
        few = too_few(patients, fewest, "judge which sequence leads", WITH_TUMOUR)
        return (
            f"{few} Measured: {first} {shares[first]}, then {others[0]} "
            f"{shares[others[0]]} ({median})."
        ) + _others(measured, shares)
    tied = [name for name in others if not _differ(pairwise, first, name)]
    if len(tied) > 1:
        return (
            f"No sequence leads: the largest share, {first} with {shares[first]}, cannot be told "
            f"apart from those of {listed(tied)} ({median})."
        ) + _others(measured, shares)
    if tied:
        text = (
            f"{first} and {tied[0]} share the lead, with {shares[first]} and {shares[tied[0]]} of "
            f"all measured contributions ({median}); they cannot be told apart."
        )
    elif measured["ci_low"].iloc[0] > 0.5:
        text = (
            f"{first} above all: it accounts for {shares[first]} of all measured contributions "
            f"({median})."
        )
    else:
        text = (
            f"{first} contributes most: {shares[first]} of all measured contributions ({median})."
        )
    behind = measured[~measured["sequence"].isin([first, *tied]) & (measured["median"] > 0)]
    if len(behind):
        follower = behind["sequence"].iloc[0]
        text += f" {follower} follows with {shares[follower]}."
    return text + _others(measured, shares)


def _others(measured: pd.DataFrame, shares: dict[str, str]) -> str:
    """Sentences about sequences that hardly count, and about those that count against tumour."""
    hardly = (measured["ci_low"] > -SMALL) & (measured["ci_high"] < SMALL)
    against = list(measured.loc[(measured["ci_high"] < 0) & ~hardly, "sequence"])
    small = list(measured.loc[hardly, "sequence"])
    text = ""
    if small:
        verb, each = ("contributes", "") if len(small) == 1 else ("contribute", " each")
        text += f" {listed(small)} {verb} less than {100 * SMALL:g} %{each}."
    if against:
        verb = "counts" if len(against) == 1 else "count"
        text += (
            f" {listed(against)} {verb} against tumour, with "
            f"{listed(shares[name] for name in against)}, so that the other shares add up to more "
            "than 100 %."
        )
    return text


def _shares(measured: pd.DataFrame, confidence: float) -> dict[str, str]:
    """Share of each sequence with its interval, which is named with the first."""
    return {
        row.sequence: percent_interval(
            row.median, row.ci_low, row.ci_high, None if place else confidence
        )
        for place, row in enumerate(measured.itertuples())
    }


def _differ(pairwise: pd.DataFrame, a: str, b: str) -> bool:
    pair = pairwise[
        ((pairwise["sequence_a"] == a) & (pairwise["sequence_b"] == b))
        | ((pairwise["sequence_a"] == b) & (pairwise["sequence_b"] == a))
    ]
    return bool((pair["p_holm"] < LEVEL).any())
