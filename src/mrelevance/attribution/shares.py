"""Relevance per patient and sequence, as a matrix."""

import pandas as pd

from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError

# The two ways to average over a region's voxels: the mean of quotients, the quotient of sums.
MEASURES = ["relevance", "relevance_pooled"]
MEASURED = "shapley"
HALVES = "halves"
"""Measured as well: the mean of taking one sequence out and of putting it in alone."""
TUMOUR = "tumour"


def share_matrix(
    relevance: pd.DataFrame, method: str, measure: str, region: str = TUMOUR
) -> pd.DataFrame:
    """Shares of one method: patients (rows) x sequences (columns, in the table's order).

    Patients whose shares are NA (no voxel of the region was left) are dropped.

    Raises
    ------
    InputError
        A column is missing, the method is unknown, a patient has a sequence twice or lacks one.
    """
    check_columns(
        relevance, ["patient", "method", "region", "sequence", measure], "relevance table"
    )
    of_method = relevance[relevance["method"] == method]
    if of_method.empty:
        known = ", ".join(methods_of(relevance))
        raise InputError(f"relevance table: no method {method}; it has {known or 'none'}")
    rows = of_method[of_method["region"] == region]
    twice = rows[rows.duplicated(["patient", "sequence"])]
    if not twice.empty:
        raise InputError(
            f"relevance table: patient {twice.iloc[0]['patient']}, sequence "
            f"{twice.iloc[0]['sequence']} appears twice for {method}, region {region}; "
            "keep one target and one row per sequence"
        )
    sequences = sequences_of(relevance)
    present = set(zip(rows["patient"], rows["sequence"], strict=True))
    for patient in rows["patient"].unique():
        for sequence in sequences:
            if (patient, sequence) not in present:
                raise InputError(
                    f"relevance table: patient {patient} lacks sequence {sequence} for "
                    f"{method}, region {region}; compute this patient's relevance again"
                )
    matrix = rows.pivot_table(index="patient", columns="sequence", values=measure, sort=False)
    return matrix.reindex(columns=sequences).dropna().astype(float)


def methods_of(relevance: pd.DataFrame) -> list[str]:
    """Methods in the table's order, the measurement last."""
    names = list(dict.fromkeys(relevance["method"]))
    return sorted(names, key=lambda name: name == MEASURED)


def sequences_of(table: pd.DataFrame) -> list[str]:
    """Sequences in the table's order, which is that of the network's channels."""
    return list(dict.fromkeys(table["sequence"]))
