"""Tables of the cohort without the intervals and conclusions for which patients are too few."""

import numpy as np
import pandas as pd

from mrelevance.statistics.noninferiority import UNDECIDED
from mrelevance.statistics.sample_size import fewest_patients


def known_intervals(intervals: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Shares with their intervals, which are NaN where too few patients (`n`) give none."""
    few = intervals["n"] < fewest_patients(1 - confidence)
    return intervals.assign(**{name: intervals[name].mask(few) for name in ("ci_low", "ci_high")})


def known_conclusions(selection: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Comparison of protocols; undecided, without intervals, where patients (`n`) are too few."""
    few = selection["n"] < fewest_patients(1 - confidence)
    ends = {name: selection[name].mask(few) for name in ("difference_low", "difference_high")}
    conclusions = np.where(few, UNDECIDED, selection["conclusion"])
    return selection.assign(conclusion=conclusions, **ends)
