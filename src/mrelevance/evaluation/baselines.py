"""Does the measurement depend on the baseline, which replaces missing sequences?"""

import pandas as pd

from mrelevance.attribution.shares import MEASURED, TUMOUR
from mrelevance.evaluation.agreement import agreement, agreement_summary
from mrelevance.evaluation.variant_labels import label_variants
from mrelevance.runtime.errors import InputError

AGREEMENT_COLUMNS = [
    *["baseline", "n", "kendall_tau", "tau_low", "tau_high"],
    *["l1_distance", "l1_low", "l1_high", "same_first"],
]


def compare_baselines(
    shapley: dict[str, pd.DataFrame],
    variants: dict[str, dict],
    baseline: str,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Compare what is measured with every baseline.

    `shapley` holds the Shapley tables of the study, whose baseline is `baseline`, and of its
    variants.
    """
    labels = label_variants(list(shapley), variants, "relevance.baseline", baseline)
    measured = {labels[name]: table for name, table in shapley.items()}
    return {
        "baselines": shares_by_baseline(measured),
        "baselines_agreement": baseline_agreement(measured, baseline, resamples, confidence, seed),
    }


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
    """How far the shares with every other baseline agree with those with the configured one.

    Columns: baseline, n (patients), then medians with bootstrap intervals and the number of
    patients with the same first sequence, as in `agreement_summary`.

    Raises
    ------
    InputError
        The configured baseline was not measured, or see `agreement`.
    """
    if configured not in measured:
        raise InputError(
            f"baseline {configured} was not measured; measured are {', '.join(measured)}"
        )
    named = [
        table.assign(method=MEASURED if baseline == configured else baseline)
        for baseline, table in measured.items()
    ]
    compared = agreement(pd.concat(named, ignore_index=True))
    summary = agreement_summary(compared, resamples, confidence, seed)
    return summary.rename(columns={"method": "baseline"})[AGREEMENT_COLUMNS]
