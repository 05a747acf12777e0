"""Results of the tests of relevance maps over the lesions, per method."""

import numpy as np
import pandas as pd

from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.methods import YARDSTICKS
from mrelevance.runtime.wording import counted
from mrelevance.statistics.bootstrap import FEWEST_PATIENTS, median_interval

AREA_COLUMNS = [
    *["method", "units", "replacement", "measure"],
    *["n", "median", "ci_low", "ci_high"],
]
SIMILARITY_COLUMNS = [
    *["method", "stage", "stage_name", "n"],
    *["similarity", "ci_low", "ci_high", "similarity_signed", "verdict"],
]
# A map counts as unchanged if its structural similarity to the trained network's map is at least
# this: with the weights of half of the stages redrawn, and with those of all stages.
SAME_HALFWAY, SAME_AT_END = 0.75, 0.5


def summarise_maps(
    curves: pd.DataFrame,
    similarities: pd.DataFrame,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Summarise the tests of every method's maps: region perturbation and randomised weights."""
    interval = (resamples, confidence, seed)
    return {
        "perturbation": summarise_perturbation(curves, *interval),
        "randomisation": summarise_randomisation(similarities, *interval),
    }


def perturbation_areas(curves: pd.DataFrame) -> pd.DataFrame:
    """Area over the perturbation curves of each lesion.

    The margin is divided by that of the intact lesion: 1 at the start, 0 where the logits of tumour
    and background are equal. The area is the mean over the steps of the loss, 1 minus this quotient
    (Samek et al. 2017, who average over steps of equal size and include the intact image).

    Columns: patient, lesion, method, units, replacement, `most_relevant` and `least_relevant`
    (areas by the order of replacement) and `difference`, the first minus the second: how much
    faster the margin falls in the map's order than in the reverse order; about 0 by chance.

    Raises
    ------
    InputError
        A column is missing.
    """
    keys = ["patient", "lesion", "method", "units", "replacement"]
    check_columns(curves, [*keys, "order", "step", "margin"], "perturbation table")
    curves = curves.assign(lost=1 - relative_margins(curves))
    lost = curves[curves["step"] > 0].groupby(["order", *keys], sort=False)["lost"].mean()
    orders = ["most_relevant", "least_relevant"]
    if lost.empty:
        return pd.DataFrame(columns=[*keys, *orders, "difference"])
    areas = pd.DataFrame({order: lost.loc[order] for order in orders})
    areas["difference"] = areas["most_relevant"] - areas["least_relevant"]
    return areas.reset_index()


def relative_margins(curves: pd.DataFrame) -> pd.Series:
    """Margins of a perturbation table over those of the intact lesions, row by row."""
    at_start = curves["margin"].where(curves["step"] == 0)
    intact = at_start.groupby([curves["patient"], curves["lesion"]]).transform("first")
    return curves["margin"] / intact


def summarise_perturbation(
    curves: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> pd.DataFrame:
    """Areas over the perturbation curves: medians over the lesions with bootstrap intervals.

    One row per method, units, replacement and measure (see `perturbation_areas`). The lesions
    are of different patients; the same lesions are drawn for every method.

    Raises
    ------
    InputError
        A column is missing.
    """
    measures = ["most_relevant", "least_relevant", "difference"]
    areas = perturbation_areas(curves)
    rows = []
    for key, of_method in areas.groupby(["method", "units", "replacement"], sort=False):
        intervals = median_interval(of_method[measures].to_numpy(), resamples, confidence, seed)
        rows += [
            [*key, measure, len(of_method), *bounds]
            for measure, *bounds in zip(measures, *intervals, strict=True)
        ]
    return pd.DataFrame(rows, columns=AREA_COLUMNS)


def summarise_randomisation(
    similarities: pd.DataFrame, resamples: int, confidence: float, seed: int
) -> pd.DataFrame:
    """Similarity to the trained network's map: medians over the lesions, and a verdict.

    One row per method and stage; the verdict, see `randomisation_verdict`, is the method's.

    Raises
    ------
    InputError
        A column is missing.
    """
    columns = ["method", "stage", "stage_name", "similarity", "similarity_signed"]
    check_columns(similarities, columns, "randomisation table")
    rows = []
    for (method, stage, name), group in similarities.groupby(columns[:3], sort=False):
        values = group[["similarity", "similarity_signed"]].to_numpy()
        (median, signed), (low, _), (high, _) = median_interval(values, resamples, confidence, seed)
        rows.append([method, stage, name, len(group), median, low, high, signed, ""])
    table = pd.DataFrame(rows, columns=SIMILARITY_COLUMNS)
    for method, stages in table.groupby("method", sort=False):
        similarity = stages.sort_values("stage")["similarity"].to_numpy()
        verdict = YARDSTICKS.get(method) or randomisation_verdict(similarity, stages["n"].min())
        table.loc[stages.index, "verdict"] = verdict
    return table


def randomisation_verdict(similarity: np.ndarray, lesions: int) -> str:
    """Verdict by similarities (stages,), from the trained network to the fully randomised one.

    - `blind to the weights: ...`: 0.5 or more with all stages redrawn. The map shows the image, not
      the network.
    - `blind to the upper stages: ...`: 0.75 or more with half of the stages redrawn, starting at
      the output. The map hardly depends on what these have learned.
    - `changes with the weights` otherwise;
    - `not judged: ...` with fewer than three lesions.
    """
    if lesions < FEWEST_PATIENTS:
        return f"not judged: {counted(lesions, 'lesion')}"
    redrawn = len(similarity) - 1
    half = -(-redrawn // 2)
    if similarity[-1] >= SAME_AT_END:
        return f"blind to the weights: similarity {similarity[-1]:.2f} at the end"
    if similarity[half] >= SAME_HALFWAY:
        return f"blind to the upper stages: {similarity[half]:.2f} after {half} of {redrawn}"
    return "changes with the weights"
