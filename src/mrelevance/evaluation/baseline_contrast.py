"""Does normalisation blow up what is left of a baseline with little contrast?

Instance, group and layer norm divide what they read by its standard deviation. Where a baseline is
nearly constant, they enlarge noise and rounding errors to the size of a signal. Rules that start
from such a baseline do not follow the measurement, however complete they are.
"""

import pandas as pd

from mrelevance.runtime.method_names import method_of
from mrelevance.runtime.methods import FORWARD_PASSES

LOWEST_CONTRAST = 0.1
"""Contrast of the baseline, relative to the image's, below which no rule is trusted."""


def contrast_by_patient(relevance: pd.DataFrame) -> dict[str, float]:
    """Smallest `baseline_contrast` of each patient in a relevance table, where it is known."""
    if "baseline_contrast" not in relevance:
        return {}
    known = relevance.dropna(subset=["baseline_contrast"])
    return known.groupby("patient", sort=False)["baseline_contrast"].min().to_dict()


def depends_on_contrast(method: str) -> bool:
    """Whether a method explains the change from the baseline by a rule, or by gradients.

    Measurements take the outputs of the network as they are.
    """
    declared = method_of(method)
    return bool(declared and declared.needs_baseline and declared.group != FORWARD_PASSES)


def doubt(contrast: float) -> str:
    """Verdict on a method that starts from a baseline of this contrast; empty where it is enough.

    NaN, which no normalisation of this kind gives, is enough.
    """
    if not contrast < LOWEST_CONTRAST:
        return ""
    return f"not to be trusted: normalisation blows up the baseline (contrast {contrast:.2g})"
