"""Which rule to believe: whose shares follow the measurement, and whose mislead."""

import pandas as pd

from mrelevance.reporting.page.answers import WITH_TUMOUR, Answer, median_of, too_few
from mrelevance.reporting.page.numbers import decimal
from mrelevance.reporting.text import listed
from mrelevance.runtime.method_names import label
from mrelevance.statistics.sample_size import fewest_patients

INSTEAD = "Use the measured shares (Figure 1, last panel)."


def rule_to_believe(agreement: pd.DataFrame, composites: list[str], confidence: float) -> Answer:
    """Which composite follows the measurement, and which mislead.

    `agreement` is the table of `evaluation.agreement.agreement_summary`, `confidence` that of its
    intervals.
    """
    own = agreement[agreement["method"].isin(composites)].sort_values("l1_distance", kind="stable")
    return Answer(
        "Which rule should you believe?",
        _believed(own, confidence),
        "agreement",
        "Rules against the measurement",
    )


def _believed(own: pd.DataFrame, confidence: float) -> str:
    if own.empty:
        return "Not known: no rule could be compared with the measurement."
    patients, fewest = int(own["n"].max()), fewest_patients(1 - confidence)
    if patients < fewest:
        nearest, few = own.iloc[0], too_few(patients, fewest, known=WITH_TUMOUR)
        return (
            f"{few} {INSTEAD} Nearest to them is {label(nearest.method)}: L1 distance "
            f"{decimal(nearest.l1_distance)} ({median_of(patients)})."
        )
    follows, approximates, misleading, distrusted = (
        own[own["verdict"].str.startswith(kind)]
        for kind in ("follows", "approximates", "misleading", "not to be trusted")
    )
    if len(follows):
        text = _best(follows, "follow the measurement", "follow it", confidence)
        nearest = own.iloc[0]
        if nearest["verdict"].startswith("approximates"):
            reason = nearest["verdict"].partition(": ")[2]
            text += (
                f" {label(nearest.method)}, nearer in amounts (L1 distance "
                f"{decimal(nearest.l1_distance)}), only approximates it: {reason}."
            )
    elif len(approximates):
        how = "come near the measurement but do not match it"
        text = _best(approximates, how, "come near it", confidence)
    else:
        text = f"None: no rule comes near the measurement. {INSTEAD}"
    wrong = [*misleading["method"], *distrusted["method"]]
    if wrong:
        text += f" Do not believe {listed(map(label, wrong), 'or')}."
    return text


def _best(good: pd.DataFrame, how: str, so: str, confidence: float) -> str:
    """Sentences about the rules that do as `how` says, `so` in short; the first is the nearest."""
    best = good.iloc[0]
    text = (
        f"{label(best.method)}. Its shares {how}: the L1 distance is {decimal(best.l1_distance)} "
        f"({100 * confidence:g} % interval {decimal(best.l1_low)} to {decimal(best.l1_high)}), and "
        f"the leading sequence is the same in {best.same_first} of {best.n} patients."
    )
    if len(good) > 1:
        text += f" The shares of {listed(map(label, good['method'].iloc[1:]))} {so} as well."
    return text
