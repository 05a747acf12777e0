"""Which methods give the right answer where it is known?

In the `decoy` variant of the phantom one sequence is noise and deserves nothing; in
`single_source` the lesions show in one sequence alone, which must come first.
"""

import pandas as pd

from mrelevance.errors import InputError
from mrelevance.summary.bootstrap import FEWEST_PATIENTS, median_interval
from mrelevance.summary.shares import composites_of, share_matrix

# What a method may give to noise, by the median over patients.
MOST_FOR_DECOY = 0.02

COLUMNS = [
    *["composite", "variant", "sequence", "n", "share", "share_low", "share_high"],
    *["largest_share", "ranked_first", "verdict"],
]


def known_truth(
    relevance: pd.DataFrame,
    variant: str,
    sequence: str,
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Share of the sequence about which the truth is known, and a verdict, per method.

    `relevance` is the cohort's relevance table, `variant` is `decoy` or `single_source`.
    Columns: composite, variant, sequence, n (patients), share (median of the pooled share of the
    predicted tumour), share_low, share_high (bootstrap interval), largest_share (the largest
    magnitude in any patient), ranked_first (patients in which the sequence comes first), verdict:

    - of `decoy`: `trustworthy` if noise gets less than .02 of the relevance in the median, in
      magnitude, and comes first in no patient, otherwise `misleading` and in what way;
    - of `single_source`: `trustworthy` if the source comes first in every patient.
    - `not judged: ...` with fewer than three patients.

    Raises
    ------
    InputError
        The variant has no known answer, the table does not know the sequence, or see
        `share_matrix`.
    """
    if variant not in VERDICTS:
        raise InputError(
            f"phantom.variant: {variant!r} has no known answer; choose {' or '.join(VERDICTS)}"
        )
    rows = []
    for composite in composites_of(relevance):
        shares = share_matrix(relevance, composite, "relevance_pooled")
        if sequence not in shares:
            raise InputError(f"relevance table: no sequence {sequence}, whose truth is known")
        of_sequence = shares[sequence]
        share, low, high = (
            float(bound[0])
            for bound in median_interval(
                of_sequence.to_numpy()[:, None], resamples, confidence, seed
            )
        )
        first = int((shares.idxmax(axis=1) == sequence).sum())
        rows.append(
            {
                "composite": composite,
                "variant": variant,
                "sequence": sequence,
                "n": len(shares),
                "share": share,
                "share_low": low,
                "share_high": high,
                "largest_share": float(of_sequence.abs().max()),
                "ranked_first": first,
                "verdict": _verdict(variant, share, first, len(shares)),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _verdict(variant: str, share: float, first: int, patients: int) -> str:
    if patients < FEWEST_PATIENTS:
        return f"not judged: {patients} patient{'s' if patients != 1 else ''}"
    wrong = VERDICTS[variant](share, first, patients)
    return f"misleading: {', '.join(wrong)}" if wrong else "trustworthy"


def _wrong_of_decoy(share: float, first: int, patients: int) -> list[str]:
    wrong = []
    if abs(share) >= MOST_FOR_DECOY:
        wrong.append(f"gives noise {share:.2f} of the relevance")
    if first:
        wrong.append(f"puts noise first in {first}/{patients}")
    return wrong


def _wrong_of_single_source(share: float, first: int, patients: int) -> list[str]:
    return [] if first == patients else [f"source first in {first}/{patients} only"]


VERDICTS = {"decoy": _wrong_of_decoy, "single_source": _wrong_of_single_source}
