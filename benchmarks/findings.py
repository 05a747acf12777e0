"""Results of a finished study as the Markdown tables of the README and of docs/.

python benchmarks/findings.py [results]

Numbers that several pages quote are also in docs/findings.toml.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mrelevance.attribution.shares import MEASURED
from mrelevance.figures.style import method_name
from mrelevance.runtime.columns import REGION_NAME, of_region
from mrelevance.runtime.files import read_table


def number(value: float) -> str:
    """Two decimals without the zero before the point."""
    return f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"


def interval(low: float, high: float) -> str:
    """Interval in brackets."""
    return f"[{number(low)}, {number(high)}]"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Table in Markdown."""
    header = list(header)
    lines = [header, ["---"] * len(header), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def read_first_region(path: Path) -> pd.DataFrame:
    """A table; of several explained regions the first."""
    whole = read_table(path)
    if REGION_NAME not in whole.columns or whole.empty:
        return whole
    return of_region(whole, whole[REGION_NAME].iloc[0])


def detection(summary: Path) -> str:
    """Quality of the segmentation of the test patients."""
    scores = read_first_region(summary / "scores.tsv")
    return (
        f"{len(scores)} test patients: median Dice {scores['dice'].median():.2f}, "
        f"{scores['detected'].sum()} of {scores['lesions'].sum()} lesions found, "
        f"{scores['false_positives'].sum()} false positives"
    )


def registration(summary: Path) -> str:
    """Mean error in the liver, by sequence; the phantom's truth is known."""
    motion = read_first_region(summary / "motion.tsv")
    if motion["error_after_mm"].isna().all():
        return "The true motion is not known."
    errors = motion[["error_before_mm", "error_after_mm"]]
    rows = [["all", *map(number, errors.mean())]]
    for sequence, of_sequence in errors.groupby(motion["sequence"]):
        rows.append([sequence, *map(number, of_sequence.mean())])
    return table(["sequence", "before (mm)", "after (mm)"], rows)


def shares(summary: Path) -> str:
    """Median pooled shares of the predicted tumour, and the verdict on each rule."""
    values = read_first_region(summary / "intervals.tsv").query("measure == 'relevance_pooled'")
    sequences = list(values["sequence"].unique())
    medians = values.pivot(index="method", columns="sequence", values="median")[sequences]
    agreement = read_first_region(summary / "agreement_summary.tsv").set_index("method")
    rules = agreement.index.intersection(medians.index)
    agreement = agreement.loc[rules].sort_values("kendall_tau", ascending=False)
    rows = [[MEASURED, *map(number, medians.loc[MEASURED]), "the measurement"]]
    for row in agreement.itertuples():
        verdict = row.verdict.split(":")[0]
        rows.append([f"`{row.Index}`", *map(number, medians.loc[row.Index]), verdict])
    return table(["rule", *sequences, "verdict"], rows)


def every_method(summary: Path) -> str:
    """Agreement of every method with the measurement, the nearest first."""
    agreement = read_first_region(summary / "agreement_summary.tsv")
    rows = [
        [
            method_name(row.method),
            f"{number(row.kendall_tau)} {interval(row.tau_low, row.tau_high)}",
            f"{number(row.l1_distance)} {interval(row.l1_low, row.l1_high)}",
            f"{row.same_first} of {row.n}",
            row.verdict.split(":")[0],
        ]
        for row in agreement.sort_values(
            ["kendall_tau", "l1_distance"], ascending=[False, True]
        ).itertuples()
    ]
    header = ["method", "Kendall's tau", "L1 distance", "first sequence right", "verdict"]
    return table(header, rows)


def known_answer(summary: Path) -> str:
    """Share that each method gives to the noise, or to the only source."""
    answer = read_first_region(summary / "known_answer.tsv")
    agreement = read_first_region(summary / "agreement_summary.tsv").set_index("method")
    rows = []
    for row in answer.sort_values("share", key=abs).itertuples():
        compared = ""
        if row.method in agreement.index:
            of_rule = agreement.loc[row.method]
            compared = f"{number(of_rule['kendall_tau'])}, {number(of_rule['l1_distance'])}"
        share = f"{number(row.share)} {interval(row.share_low, row.share_high)}"
        first = f"{row.ranked_first} of {row.n}"
        rows.append([method_name(row.method), share, number(row.largest_share), first])
        rows[-1] += [row.verdict, compared]
    sequence = answer["sequence"].iloc[0]
    header = ["method", f"share of {sequence}", "largest", "first in", "verdict", "tau, L1"]
    return table(header, rows)


def perturbation(summary: Path) -> str:
    """Area between the two orders of replacement, by unit and replacement."""
    areas = read_first_region(summary / "perturbation.tsv").query("measure == 'difference'")
    wide = areas.pivot(index="method", columns=["units", "replacement"], values="median")
    single = wide.xs("one_sequence", axis=1, level="units").mean(axis=1)
    wide = wide.loc[single.sort_values(ascending=False).index]
    rows = [[f"`{name}`", *(f"{value:.2f}" for value in row)] for name, *row in wide.itertuples()]
    return table(["method", *(" by ".join(column) for column in wide.columns)], rows)


def randomisation(summary: Path) -> str:
    """Similarity of the maps to those of the trained network after each randomised stage."""
    similarities = read_first_region(summary / "randomisation.tsv").query("stage > 0")
    stages = similarities.drop_duplicates("stage").sort_values("stage")["stage_name"]
    wide = similarities.pivot(index="method", columns="stage", values="similarity")
    verdicts = similarities.drop_duplicates("method").set_index("method")["verdict"]
    wide = wide.loc[wide.mean(axis=1).sort_values().index]
    rows = [
        [f"`{name}`", *(f"{value:.2f}" for value in row), verdicts[name]]
        for name, *row in wide.itertuples()
    ]
    return table(["method", *stages, "verdict"], rows)


PARTS = {
    "Segmentation": ("scores.tsv", detection),
    "Motion correction": ("motion.tsv", registration),
    "Shares": ("intervals.tsv", shares),
    "Every method": ("agreement_summary.tsv", every_method),
    "Known answer": ("known_answer.tsv", known_answer),
    "Maps: region perturbation": ("perturbation.tsv", perturbation),
    "Maps: randomised weights": ("randomisation.tsv", randomisation),
}


def main() -> None:
    """Print the tables for which there are results."""
    summary = Path(sys.argv[1] if len(sys.argv) > 1 else "results") / "summary"
    if not (summary / "scores.tsv").exists():
        sys.exit(f"Error: no study in {summary.parent}; run the workflow first")
    for title, (needed, text) in PARTS.items():
        if (summary / needed).exists():
            print(f"\n## {title}\n\n{text(summary)}")


if __name__ == "__main__":
    main()
