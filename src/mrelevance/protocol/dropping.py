"""Does relevance predict what dropping a sequence costs?

Ablation replaces a sequence in a network that was trained with it. Dropping trains a network
without it, which may then find the same information in another sequence. So the two may differ.
"""

import numpy as np
import pandas as pd

from mrelevance.attribution.shares import MEASURED, methods_of, share_matrix
from mrelevance.evaluation.agreement import APPROXIMATES
from mrelevance.protocol.selection import DICE, SENSITIVITY
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.method_names import label
from mrelevance.runtime.subset_names import left_out
from mrelevance.runtime.wording import counted, fixed, interval
from mrelevance.statistics.bootstrap import statistic_interval
from mrelevance.statistics.noninferiority import pooled, typical_difference
from mrelevance.statistics.ranks import rank_agreement

REPLACED = "drop_one"
RETRAINED = "left_out"
SHARE = "share"
LOSSES = (DICE, SENSITIVITY)
# Ranks of fewer sequences carry no information.
FEWEST_SEQUENCES = 3

VALUE_COLUMNS = ["sequence", "quantity", "measure", "n", "value", "low", "high"]
COLUMNS = ["predictor", "measure", "sequences", "n", "kendall_tau", "tau_low", "tau_high"]

# Values (patients, sequences) by quantity and measure.
Patients = dict[tuple[str, str], np.ndarray]


def compare_dropping(
    relevance: pd.DataFrame,
    ablation: pd.DataFrame,
    scores: pd.DataFrame,
    sequences: list[str],
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Compare what each sequence contributes to a network with what dropping it costs.

    See `dropping` for the tables.
    """
    interval = (resamples, confidence, seed)
    values, agreement = dropping(relevance, ablation, scores, sequences, *interval)
    return {
        "dropping_values": values,
        "dropping": agreement,
        "dropping_verdict": pd.DataFrame({"verdict": [dropping_verdict(values, agreement)]}),
    }


def dropping(
    relevance: pd.DataFrame,
    ablation: pd.DataFrame,
    scores: pd.DataFrame,
    sequences: list[str],
    resamples: int,
    confidence: float,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares of each sequence, the cost of ablating and of dropping it, and their agreement.

    Parameters
    ----------
    relevance, ablation
        The cohort's tables of the network with all sequences.
    scores
        The table of `paired_scores`. A sequence takes part if the table holds the network trained
        on all other sequences.

    Returns
    -------
    Two tables over the `n` patients that all tables have in common, with bootstrap intervals over
    patients.

    values: one row per sequence, quantity and measure: the median pooled `share` of the predicted
    tumour by each method and by `shapley`; the loss of `Dice` (of a typical patient) and of
    `lesion sensitivity` (pooled over lesions), once with the sequence replaced by its baseline in
    the trained network (`drop_one`) and once with a network trained without it (`left_out`).

    agreement: one row per predictor and measure: Kendall's tau-b over the sequences between the
    predictor and the loss of `measure` by dropping; NA where one of the two has equal values
    throughout. There is no row with fewer than three sequences.

    Raises
    ------
    InputError
        A column is missing, or no patient is common to all tables.
    """
    without = _left_out(scores, sequences)
    compared = list(without)
    if not compared:
        return pd.DataFrame(columns=VALUE_COLUMNS), pd.DataFrame(columns=COLUMNS)
    patients, lesions = _common_patients(relevance, ablation, without)
    predictions = [
        (quantity, measure, predicted)
        for predicted in LOSSES
        for quantity, measure in patients
        if quantity != RETRAINED and measure in (SHARE, predicted)
    ]

    def values_of(drawn: np.ndarray) -> np.ndarray:
        return np.concatenate([_value(patients, *name, lesions, drawn) for name in patients])

    def taus_of(drawn: np.ndarray) -> np.ndarray:
        lost = {of: _value(patients, RETRAINED, of, lesions, drawn) for of in LOSSES}
        return np.array([
            rank_agreement(_value(patients, quantity, measure, lesions, drawn), lost[predicted])
            for quantity, measure, predicted in predictions
        ])  # fmt: skip

    everyone, interval = np.arange(len(lesions)), (resamples, confidence, seed)
    keys = [(sequence, *name) for name in patients for sequence in compared]
    values = zip(keys, *statistic_interval(values_of, everyone, *interval), strict=True)
    values = pd.DataFrame(
        [(*key, len(lesions), *of_key) for key, *of_key in values], columns=VALUE_COLUMNS
    )
    if len(compared) < FEWEST_SEQUENCES:
        return values, pd.DataFrame(columns=COLUMNS)
    taus = zip(predictions, *statistic_interval(taus_of, everyone, *interval), strict=True)
    agreement = pd.DataFrame(
        [
            (quantity, predicted, len(compared), len(lesions), *of_tau)
            for (quantity, _, predicted), *of_tau in taus
        ],
        columns=COLUMNS,
    )
    return values, agreement


def _left_out(scores: pd.DataFrame, sequences: list[str]) -> dict[str, pd.DataFrame]:
    """Scores by patient of the networks that were trained without a single sequence."""
    check_columns(scores, ["patient", "subset", "dice", "dice_full", "gained", "lost"], "scores")
    lacking = {subset: left_out(subset, sequences) for subset in scores["subset"].unique()}
    subset_of = {missing[0]: name for name, missing in lacking.items() if len(missing) == 1}
    by_subset = scores.set_index("patient").groupby("subset")
    return {name: by_subset.get_group(subset_of[name]) for name in sequences if name in subset_of}


def _common_patients(
    relevance: pd.DataFrame, ablation: pd.DataFrame, without: dict[str, pd.DataFrame]
) -> tuple[Patients, np.ndarray]:
    """Values of the patients that all tables have in common, and their lesions (patients,)."""
    compared = list(without)
    tables = {
        (method, SHARE): share_matrix(relevance, method, "relevance_pooled")[compared]
        for method in methods_of(relevance)
    }
    check_columns(
        ablation, ["patient", "ablation", "sequence", "dice", "lesions", "detected"], "ablation"
    )
    whole = ablation[ablation["ablation"] == "all"].set_index("patient")
    replaced = ablation[ablation["ablation"] == "drop_one"]
    for measure, column in ((DICE, "dice"), (SENSITIVITY, "detected")):
        kept = replaced.pivot_table(index="patient", columns="sequence", values=column)[compared]
        tables[REPLACED, measure] = (-kept.sub(whole[column], axis="index")).dropna()
    for measure, losses in (
        (DICE, {name: own["dice_full"] - own["dice"] for name, own in without.items()}),
        (SENSITIVITY, {name: own["lost"] - own["gained"] for name, own in without.items()}),
    ):
        tables[RETRAINED, measure] = pd.DataFrame(losses).dropna()
    common = [name for name in whole.index if all(name in table.index for table in tables.values())]
    if not common:
        raise InputError(
            "dropping: no test patient has relevance and a Dice coefficient with and without each "
            "sequence; check the segmentations by the networks"
        )
    patients = {name: table.loc[common].to_numpy(float) for name, table in tables.items()}
    return patients, whole.loc[common, "lesions"].to_numpy()


def _value(
    patients: Patients, quantity: str, measure: str, lesions: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    """Value of a quantity over the drawn patients, (sequences,)."""
    own = patients[quantity, measure][drawn]
    if measure == SHARE:
        return np.median(own, axis=0)
    if measure == DICE:
        return typical_difference(own)
    return pooled(own, lesions[drawn])


def dropping_verdict(values: pd.DataFrame, agreement: pd.DataFrame) -> str:
    """Whether the measured shares predict the cost of dropping, with the numbers of the study."""
    if agreement.empty:
        return (
            "Not judged: this takes networks trained without one sequence for at least "
            f"{FEWEST_SEQUENCES} sequences; protocol.subsets holds fewer."
        )
    taus = agreement[agreement["measure"] == DICE].set_index("predictor")
    measured = taus.loc[MEASURED]
    others = ", ".join(
        f"{label(name)} {fixed(row.kendall_tau)}"
        for name, row in taus.iterrows()
        if name != MEASURED
    )
    keys = ["quantity", "measure", "sequence"]
    numbers = values.set_index(keys)[["value", "low", "high"]].sort_index()
    first = numbers.loc[MEASURED, SHARE]["value"].idxmax()
    replaced, gone = (numbers.loc[quantity, DICE, first] for quantity in (REPLACED, RETRAINED))
    share = fixed(numbers.loc[MEASURED, SHARE, first]["value"])
    patients = counted(measured["n"], "patient")
    return (
        f"The measured shares {_predicted(measured)} which sequences cost Dice when a network is "
        f"trained without them: Kendall's tau {_interval(measured, 'kendall_tau', 'tau', 2)} over "
        f"{measured['sequences']} sequences, {patients}; shares and losses by {others}. A share is "
        f"not the cost of dropping: {first} has the largest share, {share}; replaced in the "
        f"trained network it costs {_interval(replaced)} of Dice, left out of training "
        f"{_interval(gone)}."
    )


def _predicted(measured: pd.Series) -> str:
    if not measured["tau_low"] > 0:
        return "are not shown to predict"
    return (
        "predicted" if measured["kendall_tau"] >= APPROXIMATES["tau"] else "predicted only partly"
    )


def _interval(row: pd.Series, value: str = "value", bounds: str = "", digits: int = 3) -> str:
    low, high = (row[f"{bounds}_{end}" if bounds else end] for end in ("low", "high"))
    return interval(row[value], low, high, digits)
