"""Does the measurement depend on what stands for a missing sequence?"""

import pandas as pd

from mrelevance.errors import InputError
from mrelevance.summary.agreement import agreement, agreement_summary
from mrelevance.summary.shares import MEASURED, TUMOUR

AGREEMENT_COLUMNS = [
    *["reference", "n", "kendall_tau", "tau_low", "tau_high"],
    *["l1_distance", "l1_low", "l1_high", "same_first"],
]


def shares_by_reference(measured: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Pooled Shapley shares of the predicted tumour, measured with each reference.

    `measured` holds the cohort's Shapley tables by reference. Columns: patient, reference,
    sequence, share, standard_error (0 where the values are exact).
    """
    tables = [
        table.loc[table["region"] == TUMOUR].assign(reference=reference)
        for reference, table in measured.items()
    ]
    columns = ["patient", "reference", "sequence", "relevance_pooled", "standard_error"]
    stacked = pd.concat(tables, ignore_index=True)[columns]
    return stacked.rename(columns={"relevance_pooled": "share"})


def reference_agreement(
    measured: dict[str, pd.DataFrame],
    configured: str,
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """How far the shares with every other reference agree with those of the configured one.

    Columns: reference, n (patients), then medians with bootstrap intervals and the number of
    patients with the same first sequence, as in `agreement_summary`.

    Raises
    ------
    InputError
        The configured reference was not measured, or see `agreement`.
    """
    if configured not in measured:
        raise InputError(f"reference {configured} was not measured; there are {list(measured)}")
    named = [
        table.assign(composite=MEASURED if reference == configured else reference)
        for reference, table in measured.items()
    ]
    compared = agreement(pd.concat(named, ignore_index=True))
    summary = agreement_summary(compared, resamples, confidence, seed)
    return summary.rename(columns={"composite": "reference"})[AGREEMENT_COLUMNS]
