"""Do networks of equal Dice use the same sequences? Two seeds of one network are the yardstick."""

import numpy as np
import pandas as pd

from mrelevance.attribution.shares import MEASURED, share_matrix
from mrelevance.protocol.selection import DICE, SENSITIVITY, paired_scores
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.wording import counted, fixed, interval, signed
from mrelevance.statistics.bootstrap import median_interval, statistic_interval
from mrelevance.statistics.noninferiority import pooled_interval, typical_difference
from mrelevance.statistics.ranks import rank_agreement

SEED = "seed"
OTHER = "other"
COLUMNS = [
    *["network", "measure", "sequence", "n", "value", "low", "high"],
    *["difference", "difference_low", "difference_high"],
]
AGREEMENT_COLUMNS = [
    *["network", "differs_in", "method", "n", "kendall_tau", "tau_low", "tau_high"],
    *["same_first", "beyond_seed", "beyond_low", "beyond_high"],
]


def compare_networks(
    scores: dict[str, pd.DataFrame],
    lesions: dict[str, pd.DataFrame],
    relevance: dict[str, pd.DataFrame],
    shapley: dict[str, pd.DataFrame],
    variants: dict[str, dict],
    composite: str,
    margin: float,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Compare other networks with the study's: are they as good, do they use the same sequences?

    Tables by network, the study's first; `variants` are the changes of each variant to the
    configuration. Compared are the measured shares and those by the composite.
    """
    both = {name: pd.concat([relevance[name], shapley[name]]) for name in relevance}
    methods, bootstrap = [MEASURED, composite], (resamples, confidence, seed)
    seeds = [name for name in list(scores)[1:] if differs_in_seed_only(variants[name])]
    values = network_values(paired_scores(scores, lesions), both, methods, *bootstrap)
    agreement = network_agreement(both, seeds, methods, *bootstrap)
    return {
        "networks": values,
        "networks_agreement": agreement,
        "networks_verdict": networks_verdict(values, agreement, margin),
    }


def differs_in_seed_only(changes: dict) -> bool:
    """Whether a variant's network differs from the study's in nothing but the seed.

    How its relevance is computed has no influence on the network.
    """
    return set(changes) - {"relevance"} == {SEED}


def share_measure(method: str) -> str:
    """Name of the measure: the shares by a method."""
    return f"share by {method}"


def network_values(
    scores: pd.DataFrame,
    relevance: dict[str, pd.DataFrame],
    methods: list[str],
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Detection and shares of every network, and their differences to the study's.

    Parameters
    ----------
    scores
        The table of `paired_scores`, in which the networks are the subsets; the study's is first.
    relevance
        The relevance tables by network, in the same order.
    methods
        Those whose pooled shares of the predicted tumour are compared.

    Returns
    -------
    One row per network, measure and sequence (NA for detection) over `n` patients: median Dice,
    lesion sensitivity, median share; the difference to the study's network in the same patients
    (of a typical patient; pooled over the lesions for sensitivity), with bootstrap intervals.

    Raises
    ------
    InputError
        No patient is common to a network and the study's, or see `share_matrix`.
    """
    interval = (resamples, confidence, seed)
    rows = []
    for network in relevance:
        own = scores[scores["subset"] == network]
        dice = own.dropna(subset=["dice", "dice_full"])
        _check_common(dice, network, "Dice coefficient")
        value = median_interval(dice[["dice"]].to_numpy(float), *interval)
        change = (dice["dice"] - dice["dice_full"]).to_numpy(float)[:, np.newaxis]
        difference = statistic_interval(typical_difference, change, *interval)
        rows.append([network, DICE, None, len(dice), *_flat(value, difference)])
        value, difference = (
            pooled_interval(counts.to_numpy(), own["lesions"].to_numpy(), *interval)
            for counts in (own["detected"], own["gained"] - own["lost"])
        )
        rows.append([network, SENSITIVITY, None, len(own), *_flat(value, difference)])
        for method in methods:
            shares, of_study = _common_shares(relevance, network, method)
            value = median_interval(shares.to_numpy(), *interval)
            difference = statistic_interval(
                typical_difference, (shares - of_study).to_numpy(), *interval
            )
            rows += [
                [network, share_measure(method), sequence, len(shares), *of_sequence]
                for sequence, *of_sequence in zip(shares, *value, *difference, strict=True)
            ]
    return pd.DataFrame(rows, columns=COLUMNS)


def network_agreement(
    relevance: dict[str, pd.DataFrame],
    seeds: list[str],
    methods: list[str],
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """How far every network ranks the sequences as the study's does, compared with another seed.

    Parameters
    ----------
    relevance
        The relevance tables by network, the study's first.
    seeds
        The networks that differ from the study's in the seed only.

    Returns
    -------
    One row per network and method over `n` patients, with bootstrap intervals: kendall_tau, the
    median over patients of Kendall's tau between the shares by both networks; same_first, the
    number of patients in whom both put the same sequence first; and beyond_seed, a typical
    patient's tau minus the mean tau of the seeds in the same patient (NA without another seed, and
    for the seeds themselves).

    Raises
    ------
    InputError
        There is no network beside the study's, or no patient is common to both.
    """
    if len(relevance) == 1:
        raise InputError(
            "comparisons.networks: no network differs from the study's; name a variant that does"
        )
    interval = (resamples, confidence, seed)
    rows = []
    for method in methods:
        taus, same_first = {}, {}
        for network in list(relevance)[1:]:
            shares, of_study = _common_shares(relevance, network, method)
            taus[network] = pd.Series(
                {
                    name: rank_agreement(shares.loc[name], of_study.loc[name])
                    for name in shares.index
                }
            ).dropna()
            same_first[network] = int((shares.idxmax(axis=1) == of_study.idxmax(axis=1)).sum())
        yardstick = pd.DataFrame({name: taus[name] for name in seeds}).mean(axis=1)
        for network, tau in taus.items():
            median = median_interval(tau.to_numpy()[:, np.newaxis], *interval)
            beyond = [[np.nan]] * 3
            difference = (tau - yardstick).dropna().to_numpy()[:, np.newaxis]
            if network not in seeds and len(difference):
                beyond = statistic_interval(typical_difference, difference, *interval)
            differs_in = SEED if network in seeds else OTHER
            rows.append(
                [
                    *[network, differs_in, method, len(tau), *_flat(median)],
                    *[same_first[network], *_flat(beyond)],
                ]
            )
    return pd.DataFrame(rows, columns=AGREEMENT_COLUMNS)


def networks_verdict(values: pd.DataFrame, agreement: pd.DataFrame, margin: float) -> pd.DataFrame:
    """One sentence per network other than the study's: is it as good, on the same sequences?

    Dice is called equal if the interval of the difference lies within `margin` of zero.
    """
    dice = values[values["measure"] == DICE].set_index("network")
    measured = agreement[agreement["method"] == MEASURED]
    rows = []
    for own in measured.itertuples():
        row = dice.loc[own.network]
        low, high = row["difference_low"], row["difference_high"]
        if -margin < low and high < margin:
            equal = "equal Dice"
        elif low > 0 or high < 0:
            equal = "another Dice"
        else:
            equal = "not shown to have equal Dice"
        rows.append(
            (
                own.network,
                f"{own.network}: {equal} ({fixed(row['value'], 3)}, difference "
                f"{interval(row['difference'], low, high, 3, signed)}, margin {margin:g}); it "
                f"ranks the sequences by their measured share like the study's network with a "
                f"median Kendall's tau of {interval(own.kendall_tau, own.tau_low, own.tau_high)} "
                f"and the same first sequence in {own.same_first} of {counted(own.n, 'patient')}"
                f"{_beside_seeds(own)}.",
            )
        )
    return pd.DataFrame(rows, columns=["network", "verdict"])


def _beside_seeds(own: tuple) -> str:
    """How a network's agreement with the study's compares with that of two seeds, in words."""
    if own.differs_in == SEED:
        return ": this is how far two seeds agree"
    if np.isnan(own.beyond_low):
        return ", with no other seed or too few patients to compare with"
    low, high = own.beyond_low, own.beyond_high
    numbers = f"difference in tau {interval(own.beyond_seed, low, high, 2, signed)}"
    if high < 0:
        return f": less than two seeds agree ({numbers}), so it weighs the sequences differently"
    if low > 0:
        return f": more than two seeds agree ({numbers})"
    return f": not shown to differ from two seeds ({numbers})"


def _common_shares(
    relevance: dict[str, pd.DataFrame], network: str, method: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares (patients x sequences) by a network and by the study's, of the patients of both."""
    first = next(iter(relevance))
    own, of_study = (
        share_matrix(relevance[name], method, "relevance_pooled") for name in (network, first)
    )
    common = own.index.intersection(of_study.index, sort=False)
    _check_common(common, network, f"predicted tumour ({method})")
    return own.loc[common], of_study.loc[common]


def _check_common(patients: pd.DataFrame | pd.Index, network: str, what: str) -> None:
    if not len(patients):
        raise InputError(
            f"networks, {network}: no test patient has a {what} by this network and by the "
            "study's; check its segmentations and its learning curve"
        )


def _flat(*intervals: tuple) -> list[float]:
    """Bounds of intervals of one quantity each, as numbers."""
    return [float(bound[0]) for interval in intervals for bound in interval]
