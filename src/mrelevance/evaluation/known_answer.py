"""Which methods give the right answer where it is known?

In the phantom `decoy` one sequence is noise and deserves no relevance. In the phantom
`single_source` the lesions show in one sequence only, which must come first.
"""

import pandas as pd

from mrelevance.attribution.shares import methods_of, share_matrix
from mrelevance.evaluation.baseline_contrast import (
    contrast_by_patient,
    depends_on_contrast,
    doubt,
)
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.wording import counted
from mrelevance.statistics.bootstrap import single_median
from mrelevance.statistics.sample_size import fewest_patients

# Largest share that a method may give to noise, in the median over patients.
MOST_FOR_DECOY = 0.02

COLUMNS = [
    *["method", "known_answer", "sequence", "n", "share", "share_low", "share_high"],
    *["largest_share", "ranked_first", "baseline_contrast", "verdict"],
]


def compare_known_answer(
    relevance: pd.DataFrame,
    occlusion: pd.DataFrame,
    gradient_methods: pd.DataFrame,
    shapley: pd.DataFrame,
    known_answer: str,
    sequence: str,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Compare every method with the known answer about one sequence."""
    by_method = pd.concat([relevance, occlusion, gradient_methods, shapley], ignore_index=True)
    answers = known_answers(by_method, known_answer, sequence, resamples, confidence, seed)
    return {"known_answer": answers, "relevance_by_method": by_method}


def known_answers(
    relevance: pd.DataFrame,
    known_answer: str,
    sequence: str,
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Share of the sequence about which the answer is known, and a verdict, per method.

    `relevance` is the cohort's relevance table, `known_answer` is `decoy` or `single_source`.
    Columns: method, known_answer, sequence, n (patients), share (median pooled share of the
    predicted tumour), share_low, share_high (bootstrap interval), largest_share (the largest
    magnitude in any patient), ranked_first (patients in which the sequence comes first),
    baseline_contrast (the smallest, for methods that start from a baseline), verdict:

    - `not to be trusted: ...`: normalisation blows up the baseline of a patient;
    - for `decoy`: `trustworthy` if the median share of noise is below .02 in magnitude and noise
      comes first in no patient, otherwise `misleading` and in what way;
    - for `single_source`: `trustworthy` if the source comes first in every patient, otherwise
      `misleading` and in what way;
    - `not judged: ...` with fewer patients than an interval takes (`fewest_patients`).

    Raises
    ------
    InputError
        The known answer is of another kind, the table lacks the sequence, or see `share_matrix`.
    """
    if known_answer not in VERDICTS:
        raise InputError(
            f"phantom.known_answer: {known_answer!r} is unknown; choose {' or '.join(VERDICTS)}"
        )
    lowest = min(contrast_by_patient(relevance).values(), default=float("nan"))
    fewest = fewest_patients(1 - confidence)
    rows = []
    for method in methods_of(relevance):
        contrast = lowest if depends_on_contrast(method) else float("nan")
        shares = share_matrix(relevance, method, "relevance_pooled")
        if sequence not in shares:
            raise InputError(f"relevance table: it lacks {sequence}, whose answer is known")
        of_sequence = shares[sequence]
        share, low, high = single_median(of_sequence.to_numpy(), resamples, confidence, seed)
        first = int((shares.idxmax(axis=1) == sequence).sum())
        rows.append(
            {
                "method": method,
                "known_answer": known_answer,
                "sequence": sequence,
                "n": len(shares),
                "share": share,
                "share_low": low,
                "share_high": high,
                "largest_share": float(of_sequence.abs().max()),
                "ranked_first": first,
                "baseline_contrast": contrast,
                "verdict": doubt(contrast)
                or _verdict(known_answer, share, first, len(shares), fewest),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _verdict(known_answer: str, share: float, first: int, patients: int, fewest: int) -> str:
    if patients < fewest:
        return f"not judged: {counted(patients, 'patient')}"
    wrong = VERDICTS[known_answer](share, first, patients)
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
