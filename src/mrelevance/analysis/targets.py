"""Shares of the sequences under the margin, and under each of its two logits."""

import numpy as np
import pandas as pd

from mrelevance.attribution.shares import TUMOUR, share_matrix
from mrelevance.runtime.columns import check_columns
from mrelevance.statistics.bootstrap import median_interval
from mrelevance.statistics.ranks import rank_agreement

MARGIN = "margin"
SHARE = "share"
DIFFERENCE = "share less that of the margin"
CONTRIBUTION = "contribution in logits"
PART = "part of the margin"
TAU = "Kendall's tau to the margin"
SAME_FIRST = "patients with the margin's first sequence"

COLUMNS = ["target", "measure", "sequence", "n", "value", "low", "high"]


def summarise_targets(
    targets: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> dict[str, pd.DataFrame]:
    """Compare what the sequences contribute to the margin and to each of its logits."""
    return {"targets": target_summary(targets, resamples, confidence, seed)}


def target_summary(
    targets: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> pd.DataFrame:
    """Compare the targets over the patients, in the predicted tumour.

    `targets` is the cohort's table of measured contributions. One row per target (margin, tumour,
    background), measure and sequence (NA where the measure covers all sequences), with the number
    of patients and the bootstrap interval over them. The measures are medians over patients: of the
    pooled share, of its paired difference to the share of the margin, of the contribution in units
    of the logit, of the part of the margin that this logit makes up, and of the rank correlation of
    its shares with the margin's. The last measure is the fraction of patients in whom both put the
    same sequence first. A target that nothing contributes to in any patient is left out, as the
    background logit of a region with a head of its own. The table is empty if no tumour was
    predicted in any patient.

    Raises
    ------
    InputError
        A column is missing.
    """
    check_columns(
        targets,
        ["patient", "target", "region", "sequence", "contribution", "relevance_pooled"],
        "targets table",
    )
    if not (targets["region"] == TUMOUR).any():
        return pd.DataFrame(columns=COLUMNS)
    named = targets.rename(columns={"target": "method"})
    # A region with a head of its own has no background logit: nothing contributes to it.
    contributing = targets[targets["relevance_pooled"].notna()]
    names = list(dict.fromkeys(contributing["target"]))
    shares = {name: share_matrix(named, name, "relevance_pooled") for name in names}
    contributions = {name: share_matrix(named, name, "contribution") for name in names}
    rows = []

    def add(target: str, measure: str, values: pd.DataFrame, labels: list) -> None:
        found = median_interval(values.to_numpy(float), resamples, confidence, seed)
        for label, *of_label in zip(labels, *found, strict=True):
            rows.append([target, measure, label, len(values), *of_label])

    for name in names:
        sequences = list(shares[name].columns)
        common = shares[name].index.intersection(shares[MARGIN].index, sort=False)
        own, margin = shares[name].loc[common], shares[MARGIN].loc[common]
        add(name, SHARE, shares[name], sequences)
        add(name, DIFFERENCE, own - margin, sequences)
        add(name, CONTRIBUTION, contributions[name], sequences)
        part = contributions[name].sum(axis=1) / contributions[MARGIN].sum(axis=1)
        add(name, PART, part.to_frame(), [None])
        taus = [rank_agreement(own.loc[p], margin.loc[p]) for p in common]
        add(name, TAU, pd.DataFrame(taus).dropna(), [None])
        same = float(np.mean(own.idxmax(axis=1) == margin.idxmax(axis=1)))
        rows.append([name, SAME_FIRST, None, len(common), same, np.nan, np.nan])
    return pd.DataFrame(rows, columns=COLUMNS)
