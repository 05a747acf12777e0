"""What a reader must know before believing the answer: warnings, the gravest first."""

from dataclasses import dataclass

import pandas as pd

from mrelevance.attribution.shares import MEASURED
from mrelevance.reporting.page.numbers import decimal
from mrelevance.reporting.text import listed
from mrelevance.runtime.wording import counted

POOR_DICE = 0.7
FEW_PATIENTS = 10
FEW_LESIONS = 20
SAME_FIRST = 0.8  # of the patients, below which baselines are said to disagree


@dataclass(frozen=True)
class Caution:
    """A warning, and the name of the figure or page that shows more."""

    text: str
    figure: str


def of_segmentation(scores: pd.DataFrame) -> list[Caution]:
    """Whether the network segments well enough to be worth explaining."""
    dice = scores["dice"].median()
    found, lesions = int(scores["detected"].sum()), int(scores["lesions"].sum())
    alarms = int(scores["false_positives"].sum())
    poor = []
    if not dice >= POOR_DICE:
        poor.append(f"the median Dice is {decimal(dice)}")
    if lesions and found < 0.8 * lesions:
        poor.append(f"{found} of {counted(lesions, 'lesion')} were found")
    if alarms > max(lesions, 1):
        poor.append(f"there are {alarms} false alarms beside {counted(lesions, 'lesion')}")
    if not poor:
        return []
    return [
        Caution(
            f"The network segments poorly: {listed(poor)}. What a poor network uses says little "
            "about the sequences.",
            "lesion_detection",
        )
    ]


def of_size(scores: pd.DataFrame) -> list[Caution]:
    """Whether there are few test patients or lesions."""
    patients, lesions = len(scores), int(scores["lesions"].sum())
    if patients >= FEW_PATIENTS and lesions >= FEW_LESIONS:
        return []
    return [
        Caution(
            f"Few data: {counted(patients, 'test patient')} with {counted(lesions, 'lesion')}. "
            "Another sample may give another answer.",
            "cohort_glance",
        )
    ]


def of_motion(motion: pd.DataFrame, on_failure: str) -> list[Caution]:
    """Whether registrations failed, or should be looked at."""
    failed = motion.loc[motion["flag"] == "failed", "patient"].nunique()
    doubtful = int((motion["flag"] == "check").sum())
    cautions = []
    if failed:
        one = failed == 1
        fate = {
            "exclude": "is excluded" if one else "are excluded",
            "continue": "remains in the study" if one else "remain in the study",
        }[on_failure]
        cautions.append(
            Caution(
                f"Motion correction failed in {counted(failed, 'patient')}, who {fate}.",
                "motion_correction",
            )
        )
    if doubtful:
        cautions.append(
            Caution(
                f"{doubtful} of {len(motion)} registrations should be looked at (motion.html).",
                "motion_correction",
            )
        )
    return cautions


def of_baselines(agreement: pd.DataFrame | None, baseline: str) -> list[Caution]:
    """Whether other baselines change the answer; `agreement` is None if they were not computed."""
    if agreement is None:
        return [
            Caution(
                f"Measured with one baseline ({baseline}). Another may change the shares: "
                '`make reproduce TARGET="all baselines"` shows how much.',
                "parallel_coordinates",
            )
        ]
    others = agreement[agreement["same_first"] < SAME_FIRST * agreement["n"]]
    if others.empty:
        return []
    row = others.iloc[0]
    return [
        Caution(
            f"Baselines disagree: with the baseline {row['baseline']} the same sequence comes "
            f"first in only {row['same_first']} of {row['n']} patients.",
            "baselines",
        )
    ]


def of_rules(agreement: pd.DataFrame) -> list[Caution]:
    """Whether normalisation blows up the baseline, which ruins rules that start from it."""
    blown = agreement["verdict"].str.startswith("not to be trusted")
    if not blown.any():
        return []
    return [
        Caution(
            "Normalisation in the network blows up the baseline. Rules that start from a baseline "
            "are not to be trusted here; the measurement is.",
            "agreement",
        )
    ]


def of_measurement(relevance: pd.DataFrame) -> list[Caution]:
    """Whether the measurement was sampled."""
    if "standard_error" not in relevance:
        return []
    errors = relevance.loc[relevance["method"] == MEASURED, "standard_error"]
    if not (errors > 0).any():
        return []
    return [
        Caution(
            "With this many sequences the Shapley values are estimated from a sample of orders; "
            f"the largest standard error of a share is {decimal(errors.max(), 3)}.",
            "parallel_coordinates",
        )
    ]


def of_members(distances: pd.DataFrame | None) -> list[Caution]:
    """How far the explained members of a network are from all; None if all were explained."""
    if distances is None:
        return []
    explained, deployed = (
        int(distances[f"members_{kind}"].iloc[0]) for kind in ("explained", "deployed")
    )
    lowest = distances["dice"].min()
    return [
        Caution(
            f"{explained} of {deployed} networks and mirrored copies were explained, not what is "
            f"deployed. Their segmentation agrees with that of all by a Dice of {decimal(lowest)} "
            "or more.",
            "lesion_detection",
        )
    ]


def of_source(source: str) -> list[Caution]:
    """Whether the patients are simulated."""
    if source != "phantom":
        return []
    return [
        Caution(
            "The patients are simulated. The answer holds for this phantom, not for people.",
            "cohort_glance",
        )
    ]
