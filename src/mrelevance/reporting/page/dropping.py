"""What can be dropped from the protocol, or what it takes to find out."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from mrelevance.protocol.selection import DICE, FULL
from mrelevance.reporting.page.answers import Answer, too_few
from mrelevance.reporting.page.numbers import decimal, decimal_interval
from mrelevance.reporting.text import listed
from mrelevance.runtime.wording import counted, signed
from mrelevance.statistics.noninferiority import detections_p
from mrelevance.statistics.sample_size import fewest_patients

COMMAND = '`make reproduce TARGET="all select"`'
NAMED = 3  # of the smallest losses where patients are too few to name candidates


@dataclass(frozen=True)
class Sample:
    """What shows that a shorter protocol loses little.

    Attributes
    ----------
    protocols
        Number of shorter protocols that are compared, of which the best is named.
    patients
        Number of test patients with a Dice coefficient.
    lesions
        Number of labelled lesions of the test patients.
    margin
        Largest loss of lesion sensitivity that is accepted.
    confidence
        Confidence of the tests and intervals.
    """

    protocols: int
    patients: int
    lesions: int
    margin: float
    confidence: float

    @property
    def fewest_patients(self) -> int:
        """Fewest patients that can show it."""
        return fewest_patients(1 - self.confidence, max(self.protocols, 1))

    @property
    def fewest_lesions(self) -> int:
        """Fewest lesions that can show it."""
        return lesions_needed(self.margin, (1 - self.confidence) / 2 / max(self.protocols, 1))

    @property
    def few_patients(self) -> str:
        """Sentence that there are too few patients; empty if there are enough."""
        if self.patients >= self.fewest_patients:
            return ""
        return too_few(self.patients, self.fewest_patients)

    @property
    def needed_lesions(self) -> str:
        """How many lesions it takes, in a sentence."""
        which = (
            "a shorter protocol"
            if self.protocols < 2
            else f"the best of {self.protocols} shorter protocols"
        )
        return (
            f"At least {counted(self.fewest_lesions, 'test lesion')} are needed to rule out that "
            f"{which} misses more than {100 * self.margin:g} % of them; this study has "
            f"{self.lesions}."
        )


def can_be_dropped(
    selection: pd.DataFrame | None,
    verdict: str | None,
    sample: Sample,
    spared: str,
    trained_elsewhere: bool,
) -> Answer:
    """What can be dropped by the networks trained on fewer sequences, or how to find out.

    Parameters
    ----------
    selection, verdict
        Comparison of shorter protocols, and its conclusion; None if it was not made.
    sample
        What the comparison rests on.
    spared
        Sentence about the sequences that the trained network can spare; see `little_lost`.
    trained_elsewhere
        Whether networks on fewer sequences must be trained outside of the study.
    """
    question = "What can be dropped from the protocol?"
    if selection is not None:
        text = f"{sample.few_patients} {_least_lost(selection)}" if sample.few_patients else verdict
        if sample.lesions < sample.fewest_lesions:
            text += f" {sample.needed_lesions}"
        return Answer(question, text, "selection", "Shorter protocols")
    how = (
        "Train them where this network was trained, and compare them on these patients."
        if trained_elsewhere
        else f"To train and compare them, run {COMMAND} with the CONFIG of this study."
    )
    text = (
        "Not judged yet. A small share alone does not show that a sequence can go; that takes "
        f"networks trained without it. {how}"
    )
    text = " ".join(filter(None, [text, sample.few_patients, spared, sample.needed_lesions]))
    return Answer(question, text, "ablation", "What this network loses without a sequence")


def _least_lost(selection: pd.DataFrame) -> str:
    """What the shorter protocol with the smallest loss of Dice changes, in a sentence."""
    dice = selection[(selection["measure"] == DICE) & (selection["chosen_by"] != FULL)]
    best = dice.loc[dice["difference"].idxmax()]
    names = listed(best["left_out"].split(", "))
    least = f", the smallest loss of {len(dice)} shorter protocols" if len(dice) > 1 else ""
    return f"Measured: without {names}, Dice changes by {signed(best['difference'])}{least}."


def little_lost(losses: pd.DataFrame, margin: float, sample: Sample) -> str:
    """Sentence about sequences without which the trained network loses less than `margin` Dice.

    `losses` is the table of `lost_if_replaced`. Empty if there is no such sequence. If there are
    too few patients for intervals, the smallest losses.
    """
    if sample.few_patients:
        least = losses["loss"].dropna().sort_values(kind="stable").head(NAMED)
        if least.empty:
            return ""
        parts = listed((f"{name} ({decimal(loss)})" for name, loss in least.items()), "or")
        return f"Measured: this network loses least Dice when one replaces {parts}."
    spared = losses[losses["high"] < margin]
    if spared.empty:
        return ""
    parts = [
        f"{row.Index} ({decimal_interval(row.loss, row.low, row.high)})"
        for row in spared.itertuples()
    ]
    candidates = "A candidate is" if len(parts) == 1 else "Candidates are"
    return (
        f"{candidates} {listed(parts)}: replacing {'it' if len(parts) == 1 else 'one'} costs this "
        f"network less than {margin:g} Dice (median and {100 * sample.confidence:g} % interval)."
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
