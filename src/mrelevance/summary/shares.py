"""Relevance per patient and sequence, as a matrix."""

import pandas as pd

from mrelevance.errors import InputError
from mrelevance.summary.columns import check_columns

# The two ways to average over a region's voxels: the mean of quotients, the quotient of sums.
MEASURES = ["relevance", "relevance_pooled"]
MEASURED = "shapley"
TUMOUR = "tumour"


def share_matrix(
    relevance: pd.DataFrame, composite: str, measure: str, region: str = TUMOUR
) -> pd.DataFrame:
    """Shares of one composite: patients (rows) x sequences (columns, in the table's order).

    Patients whose shares are NA (no voxel of the region was left) are dropped.

    Raises
    ------
    InputError
        A column is missing, the composite is unknown, a patient has a sequence twice or lacks one.
    """
    check_columns(
        relevance, ["patient", "composite", "region", "sequence", measure], "relevance table"
    )
    of_composite = relevance[relevance["composite"] == composite]
    if of_composite.empty:
        known = ", ".join(composites_of(relevance))
        raise InputError(f"relevance table: no composite {composite}; it has {known or 'none'}")
    rows = of_composite[of_composite["region"] == region]
    twice = rows[rows.duplicated(["patient", "sequence"])]
    if not twice.empty:
        raise InputError(
            f"relevance table: patient {twice.iloc[0]['patient']}, sequence "
            f"{twice.iloc[0]['sequence']} appears twice for {composite}, region {region}; "
            "keep one target and one row per sequence"
        )
    sequences = sequences_of(relevance)
    present = set(zip(rows["patient"], rows["sequence"], strict=True))
    for patient in rows["patient"].unique():
        for sequence in sequences:
            if (patient, sequence) not in present:
                raise InputError(
                    f"relevance table: patient {patient} lacks sequence {sequence} for "
                    f"{composite}, region {region}; compute this patient's relevance again"
                )
    matrix = rows.pivot_table(index="patient", columns="sequence", values=measure, sort=False)
    return matrix.reindex(columns=sequences).dropna().astype(float)


def composites_of(relevance: pd.DataFrame) -> list[str]:
    """Composites in the table's order, the measurement last."""
    names = list(dict.fromkeys(relevance["composite"]))
    return sorted(names, key=lambda name: name == MEASURED)


def sequences_of(table: pd.DataFrame) -> list[str]:
    """Sequences in the table's order, which is that of the network's channels."""
    return list(dict.fromkeys(table["sequence"]))
