"""The answer of a study in three sentences, made from its numbers.

What the network rests on, which rule to believe, and what can be dropped. Where the data do not
support a sentence, it says what is missing.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from mrelevance.attribution.shares import MEASURED
from mrelevance.reporting.page.numbers import decimal, decimal_interval, percent_interval
from mrelevance.reporting.text import listed
from mrelevance.runtime.method_names import label
from mrelevance.runtime.wording import counted
from mrelevance.statistics.bootstrap import FEWEST_PATIENTS
from mrelevance.statistics.noninferiority import detections_p

LEVEL = 0.05  # of tests between the first two sequences
SMALL = 0.05  # a share that is called small lies below this with its whole interval
DROPPING = '`make reproduce TARGET="all select"`'


@dataclass(frozen=True)
class Answer:
    """A question of the page, its answer, and the name of the figure that shows it."""

    question: str
    text: str
    figure: str
    link: str


@dataclass(frozen=True)
class LesionTest:
    """What shows that a shorter protocol loses few lesions.

    Attributes
    ----------
    protocols
        Number of shorter protocols that are compared, of which the best is named.
    lesions
        Number of labelled lesions of the test patients.
    margin
        Largest loss of lesion sensitivity that is accepted.
    confidence
        Confidence of the test.
    """

    protocols: int
    lesions: int
    margin: float
    confidence: float

    @property
    def fewest(self) -> int:
        """Fewest lesions that can show it."""
        return lesions_needed(self.margin, (1 - self.confidence) / 2 / max(self.protocols, 1))

    @property
    def large_enough(self) -> bool:
        """Whether there are as many."""
        return self.lesions >= self.fewest

    @property
    def needs(self) -> str:
        """How many lesions it takes, in a sentence."""
        which = (
            "a shorter protocol"
            if self.protocols < 2
            else f"the best of {self.protocols} protocols"
        )
        return (
            f"To exclude that {which} loses more than {100 * self.margin:g} % of the lesions takes "
            f"at least {counted(self.fewest, 'test lesion')}; there are {self.lesions}."
        )


def rests_on(intervals: pd.DataFrame, pairwise: pd.DataFrame, confidence: float) -> Answer:
    """What the network rests on, by the measured pooled shares of the predicted tumour."""
    measured = _measured(intervals).sort_values("median", ascending=False, kind="stable")
    question = "What does the network rest on?"

    def answer(text: str) -> Answer:
        return Answer(question, text, "parallel_coordinates", "Figure 1, last panel")

    if measured.empty or measured["median"].isna().all():
        return answer("Not known: no tumour was predicted in any test patient.")
    patients = int(measured["n"].iloc[0])
    first, *others = (_named(row, confidence) for row in measured.itertuples())
    if not others:
        return answer(f"It has one sequence only, {measured['sequence'].iloc[0]}.")
    if patients < FEWEST_PATIENTS:
        return answer(
            f"In {counted(patients, 'test patient')} most of the measured contributions come from "
            f"{first}, then from {others[0]}. Intervals need {FEWEST_PATIENTS} patients."
        )
    top, second = measured.iloc[0], measured.iloc[1]
    if not _differ(pairwise, top["sequence"], second["sequence"]):
        text = (
            f"No single sequence leads: {first} and {others[0]} cannot be told apart in "
            f"{counted(patients, 'patient')}."
        )
    else:
        how = "Mostly on" if top["ci_low"] > 0.5 else "More than on any other sequence, on"
        text = (
            f"{how} {first} of what it takes from the images, measured in {patients} patients "
            f"(median); next comes {others[0]}."
        )
    return answer(text + _small(measured))


def _small(measured: pd.DataFrame) -> str:
    """Sentence about sequences that hardly count, and about those that speak against tumour."""
    hardly = measured[(measured["ci_high"] < SMALL) & (measured["ci_high"] >= 0)]
    against = measured[measured["ci_high"] < 0]
    text = ""
    if len(hardly):
        verb = "contributes" if len(hardly) == 1 else "contribute"
        each = "" if len(hardly) == 1 else " each"
        text += f" {listed(hardly['sequence'])} {verb} less than {100 * SMALL:g} %{each}."
    if len(against):
        verb = "speaks" if len(against) == 1 else "speak"
        text += f" {listed(against['sequence'])} {verb} against tumour on balance."
    return text


def rule_to_believe(agreement: pd.DataFrame, composites: list[str], confidence: float) -> Answer:
    """Which composite follows the measurement, and which mislead."""
    own = agreement[agreement["method"].isin(composites)].sort_values("l1_distance", kind="stable")
    question = "Which rule to believe?"

    def answer(text: str) -> Answer:
        return Answer(question, text, "agreement", "Rules against the measurement")

    by_verdict = {
        kind: own[own["verdict"].str.startswith(kind)]
        for kind in ("follows", "approximates", "misleading", "not to be trusted", "not judged")
    }
    if own.empty:
        return answer("Not known: no rule could be compared with the measurement.")
    if len(by_verdict["not judged"]):
        patients = int(own["n"].max())
        return answer(
            f"Not judged: {counted(patients, 'test patient')} with predicted tumour, and a verdict "
            f"needs {FEWEST_PATIENTS}. Believe the measurement (last panel of Figure 1)."
        )
    good = by_verdict["follows"] if len(by_verdict["follows"]) else by_verdict["approximates"]
    if len(good):
        best = good.iloc[0]
        verb = "follows" if len(by_verdict["follows"]) else "approximates, but does not follow,"
        ends = f"{decimal(best.l1_low)} to {decimal(best.l1_high)}"
        text = (
            f"{label(best.method)} {verb} the measurement: its L1 distance is "
            f"{decimal(best.l1_distance)} ({100 * confidence:g} % interval {ends}), and it puts "
            f"the right sequence first in {best.same_first} of {best.n} patients."
        )
        if len(good) > 1:
            verb = "does" if len(good) == 2 else "do"
            text += f" So {verb} {listed(map(label, good['method'].iloc[1:]))}."
    else:
        text = "None: no rule follows the measurement here. Believe the last panel of Figure 1."
    wrong = [*by_verdict["misleading"]["method"], *by_verdict["not to be trusted"]["method"]]
    if wrong:
        text += f" Do not believe {listed(map(label, wrong), 'or')}."
    return answer(text)


def can_be_dropped(
    verdict: str | None, test: LesionTest, spared: str, trained_elsewhere: bool
) -> Answer:
    """What can be dropped by the networks trained on fewer sequences, or how to find out.

    Parameters
    ----------
    verdict
        Conclusion of the comparison of shorter protocols; None if it was not made.
    test
        What the comparison must show of lesions.
    spared
        Sentence about the sequences that the trained network can spare; see `little_lost`.
    trained_elsewhere
        Whether networks on fewer sequences must be trained outside of the study.
    """
    question = "What can be dropped from the protocol?"
    if verdict is not None:
        text = verdict + ("" if test.large_enough else f" {test.needs}")
        return Answer(question, text, "selection", "Shorter protocols")
    how = (
        "Train some where this network was trained, and compare them on these patients."
        if trained_elsewhere
        else f"Run {DROPPING} with the CONFIG of this study."
    )
    text = (
        "Not judged. A small share does not mean that a sequence can go: that takes networks "
        f"trained on fewer sequences. {how} {spared}{test.needs}"
    )
    return Answer(question, text, "ablation", "What this network loses without a sequence")


def little_lost(losses: pd.DataFrame, margin: float, confidence: float) -> str:
    """Sentence about sequences without which the trained network loses less than `margin` Dice.

    `losses` has `loss`, `low` and `high` by sequence. Empty if there is no such sequence.
    """
    spared = losses[losses["high"] < margin]
    if spared.empty:
        return ""
    parts = [
        f"{row.Index} ({decimal_interval(row.loss, row.low, row.high)})"
        for row in spared.itertuples()
    ]
    return (
        f"Candidates are {listed(parts)}: replaced in the trained network they cost less than "
        f"{margin:g} Dice (median and {100 * confidence:g} % interval). "
    )


@cache
def lesions_needed(margin: float, level: float) -> int:
    """Fewest lesions that show non-inferiority of one protocol which loses and gains none."""
    number = 2
    while True:
        none, targets = np.zeros(number), np.ones(number)
        if detections_p(none, none, targets, margin) < level:
            return number
        number += 1


def _measured(intervals: pd.DataFrame) -> pd.DataFrame:
    own = (intervals["measure"] == "relevance_pooled") & (intervals["method"] == MEASURED)
    return intervals[own]


def _named(row, confidence: float) -> str:
    return (
        f"{row.sequence} with {percent_interval(row.median, row.ci_low, row.ci_high, confidence)}"
    )


def _differ(pairwise: pd.DataFrame, a: str, b: str) -> bool:
    own = pairwise[(pairwise["measure"] == "relevance_pooled") & (pairwise["method"] == MEASURED)]
    pair = own[
        ((own["sequence_a"] == a) & (own["sequence_b"] == b))
        | ((own["sequence_a"] == b) & (own["sequence_b"] == a))
    ]
    return bool((pair["p_holm"] < LEVEL).any())
