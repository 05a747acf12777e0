"""Does the measurement depend on what stands for a missing sequence?"""

import pandas as pd

from mrelevance.attribution.shares import MEASURED, TUMOUR
from mrelevance.evaluation.agreement import agreement, agreement_summary
from mrelevance.runtime.errors import InputError

AGREEMENT_COLUMNS = [
    *["baseline", "n", "kendall_tau", "tau_low", "tau_high"],
    *["l1_distance", "l1_low", "l1_high", "same_first"],
]


def shares_by_baseline(measured: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Pooled Shapley shares of the predicted tumour, measured with each baseline.

    `measured` holds the cohort's Shapley tables by baseline. Columns: patient, baseline,
    sequence, share, standard_error (0 where the values are exact).
    """
    tables = [
        table.loc[table["region"] == TUMOUR].assign(baseline=baseline)
        for baseline, table in measured.items()
    ]
    columns = ["patient", "baseline", "sequence", "relevance_pooled", "standard_error"]
    stacked = pd.concat(tables, ignore_index=True)[columns]
    return stacked.rename(columns={"relevance_pooled": "share"})


def baseline_agreement(
    measured: dict[str, pd.DataFrame],
    configured: str,
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """How far the shares with every other baseline agree with those of the configured one.

    Columns: baseline, n (patients), then medians with bootstrap intervals and the number of
    patients with the same first sequence, as in `agreement_summary`.

    Raises
    ------
    InputError
        The configured baseline was not measured, or see `agreement`.
    """
    if configured not in measured:
        raise InputError(f"baseline {configured} was not measured; there are {list(measured)}")
    named = [
        table.assign(method=MEASURED if baseline == configured else baseline)
        for baseline, table in measured.items()
    ]
    compared = agreement(pd.concat(named, ignore_index=True))
    summary = agreement_summary(compared, resamples, confidence, seed)
    return summary.rename(columns={"method": "baseline"})[AGREEMENT_COLUMNS]
