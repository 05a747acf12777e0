"""Maps of a region whose sums are the measured values of the sequences.

A rule says where in a sequence relevance lies; the measurement says how much the sequence is worth.
A map that is scaled to its measured value shows both.
"""

import numpy as np
import pandas as pd

from mrelevance.attribution.shares import MEASURED

SMALLEST_SHARE = 0.01
"""A map that has less of the region's relevance is not scaled: its sum is near zero."""

SMALLEST_REMAINDER = 0.05
"""Nor is one whose positive and negative voxels cancel to less than this part of their sizes."""


def exact_shares(
    relevance: pd.DataFrame, patient: str, region: str, lesion: int, sequences: list[str]
) -> pd.Series | None:
    """Measured pooled share of each sequence in a region; None where it is not known exactly.

    `relevance` is the relevance table of the test patients.
    """
    own = relevance[
        (relevance["patient"] == patient)
        & (relevance["method"] == MEASURED)
        & (relevance["region"] == region)
        & (relevance["lesion"] == lesion)
    ].set_index("sequence")
    shares = own["relevance_pooled"].reindex(sequences)
    sampled = own["standard_error"].reindex(sequences) != 0
    return None if shares.isna().any() or sampled.any() else shares


def parts_of_region(relevance_map: np.ndarray) -> np.ndarray:
    """Each voxel's part of the region's relevance, from a map (C, D, H, W); they sum to one.

    A map that is zero, as no voxel of its region can be used, stays so.
    """
    total = relevance_map.sum(dtype=np.float64)
    return relevance_map / total if total else relevance_map


def scaled_to_measured(parts: np.ndarray, measured: pd.Series) -> tuple[np.ndarray, dict[str, str]]:
    """Scale the map of every sequence so that it sums to its measured share.

    Parameters
    ----------
    parts
        Each voxel's part of the region's relevance, (C, D, H, W).
    measured
        Share of each sequence, in the order of the channels.

    Returns
    -------
    The maps, and by sequence the factor or why there is none: a map whose sum has the other sign,
    or is near zero, stays as it is.
    """
    scaled, notes = parts.astype(np.float64), {}
    for own, (sequence, share) in zip(scaled, measured.items(), strict=True):
        total, size = own.sum(), np.abs(own).sum()
        if abs(total) < max(SMALLEST_SHARE, SMALLEST_REMAINDER * size):
            notes[sequence] = f"not scaled: sum near zero ({total:.2f})"
        elif total * share < 0:
            notes[sequence] = f"not scaled: other sign ({total:.2f})"
        else:
            own *= share / total
            notes[sequence] = f"map \N{MULTIPLICATION SIGN} {share / total:.2f}"
    return scaled, {name: note.replace("-", "\N{MINUS SIGN}") for name, note in notes.items()}
