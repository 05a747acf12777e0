"""What came out of a finished study, as numbers; and the pages that show them.

python benchmarks/findings.py [results] [--write]

prints the page. With --write, the numbers go to docs/results.json, the page to docs/results.md and
its conclusions into README.md. None of the three is edited by hand; a test compares them.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
from results_page import README_BLOCK, page, readme_block

from mrelevance.attribution.shares import MEASURED
from mrelevance.figures.style import method_name
from mrelevance.runtime.columns import REGION_NAME, of_region
from mrelevance.runtime.files import read_json, read_table, write_json
from mrelevance.runtime.method_names import parse
from mrelevance.runtime.methods import COMPOSITES, MAPPED

DOCS = Path(__file__).parents[1] / "docs"
README = DOCS.parent / "README.md"
Z_PLUS = "alpha1_beta0"
Table = dict[str, list]
"""Header and rows, as the page shows them."""


def number(value: float) -> str:
    """Two decimals without the zero before the point."""
    text = f"{value:.2f}"
    return text.replace("-0.00", "0.00").replace("0.", ".", 1) if abs(value) < 1 else text


def interval(low: float, high: float) -> str:
    """Interval in brackets."""
    return f"[{number(low)}, {number(high)}]"


def table(header: list[str], rows: list[list[str]]) -> Table:
    """A table of the page."""
    return {"header": list(header), "rows": [list(row) for row in rows]}


def read_first_region(path: Path) -> pd.DataFrame:
    """A table; of several explained regions the first."""
    whole = read_table(path)
    if REGION_NAME not in whole.columns or whole.empty:
        return whole
    return of_region(whole, whole[REGION_NAME].iloc[0])


def run_of(results: Path) -> dict[str, str]:
    """Which run it was: from the record of the study."""
    record = read_json(results / "provenance.json")
    versions = record["versions"]
    return {
        "recorded": record["recorded"][:10],
        "commit": (record["commit"] or "unknown")[:7],
        "cores": str(record["hardware"]["cores"]),
        "processor": record["hardware"]["processor"],
        "python": versions["python"],
        "fixed_sequence": record["configuration"]["fixed_sequence"],
        "torch": versions["packages"]["torch"],
    }


def detection(summary: Path) -> dict[str, str]:
    """Quality of the segmentation of the test patients."""
    scores = read_first_region(summary / "scores.tsv")
    return {
        "patients": str(len(scores)),
        "dice": number(scores["dice"].median()),
        "found": str(scores["detected"].sum()),
        "lesions": str(scores["lesions"].sum()),
        "false_positives": str(scores["false_positives"].sum()),
    }


def registration(summary: Path) -> Table:
    """Mean error in the liver, by sequence; only of a phantom is the truth known."""
    motion = read_first_region(summary / "motion.tsv")
    errors = motion[["error_before_mm", "error_after_mm"]]
    rows = []
    if not motion["error_after_mm"].isna().all():
        rows.append(["all", *map(number, errors.mean())])
        for sequence, of_sequence in errors.groupby(motion["sequence"], sort=False):
            rows.append([sequence, *map(number, of_sequence.mean())])
    return table(["sequence", "error before (mm)", "error after (mm)"], rows)


def shares(summary: Path) -> Table:
    """Median pooled shares of the predicted tumour, and the verdict on each rule."""
    values = read_first_region(summary / "intervals.tsv").query("measure == 'relevance_pooled'")
    sequences = list(values["sequence"].unique())
    medians = values.pivot(index="method", columns="sequence", values="median")[sequences]
    agreement = read_first_region(summary / "agreement_summary.tsv").set_index("method")
    rules = [name for name in agreement.index.intersection(medians.index) if is_rule(name)]
    agreement = agreement.loc[rules].sort_values("l1_distance")
    rows = [["**exact Shapley value**", *map(number, medians.loc[MEASURED]), "the measurement"]]
    for row in agreement.itertuples():
        verdict = row.verdict.split(":")[0]
        rows.append([f"`{row.Index}`", *map(number, medians.loc[row.Index]), verdict])
    return table(["rule", *sequences, "verdict"], rows)


def is_rule(method: str) -> bool:
    """Whether it is a composite of relevance propagation."""
    return parse(method)[0] in COMPOSITES


def every_method(summary: Path) -> Table:
    """Agreement of every method with the measurement, the nearest first."""
    agreement = read_first_region(summary / "agreement_summary.tsv")
    worst = read_first_region(summary / "agreement.tsv").groupby("method")["l1_distance"].max()
    rows = [
        [
            method_name(row.method),
            f"{number(row.l1_distance)} {interval(row.l1_low, row.l1_high)}",
            number(worst[row.method]),
            f"{number(row.kendall_tau)} {interval(row.tau_low, row.tau_high)}",
            f"{row.same_first} of {row.n}",
            "yes" if parse(row.method)[0] in MAPPED else "no",
            row.verdict.split(":")[0],
        ]
        for row in agreement.sort_values("l1_distance").itertuples()
    ]
    header = ["method", "L1 distance, median", "worst patient", "Kendall's tau"]
    return table([*header, "first sequence right", "has a map", "verdict"], rows)


def conclusions(summary: Path) -> dict[str, str]:
    """First sequence by measurement, the nearest rule, and the range of the shares by z+."""
    values = read_first_region(summary / "intervals.tsv").query("measure == 'relevance_pooled'")
    medians = values.pivot(index="method", columns="sequence", values="median")
    agreement = read_first_region(summary / "agreement_summary.tsv").set_index("method")
    worst = read_first_region(summary / "agreement.tsv").groupby("method")["l1_distance"].max()
    rule = agreement.loc[filter(is_rule, agreement.index), "l1_distance"].idxmin()
    found = {
        "first": medians.loc[MEASURED].idxmax(),
        "first_share": number(medians.loc[MEASURED].max()),
        "nearest": rule,
        "nearest_l1": number(agreement.loc[rule, "l1_distance"]),
        "nearest_worst": number(worst[rule]),
    }
    if Z_PLUS in medians.index:
        of_z_plus = medians.loc[Z_PLUS]
        found |= {"z_plus_low": number(of_z_plus.min()), "z_plus_high": number(of_z_plus.max())}
    return found


def zones(summary: Path) -> Table:
    """Where the relevance of found lesions and of false alarms lies, by rule."""
    table_ = read_first_region(summary / "zones.tsv").query("sequence == 'all'")
    places = list(table_["zone"].unique())
    rows = []
    for region, meaning in (("TP", "found lesions"), ("FP", "false alarms")):
        of_region_ = table_[table_["region"] == region]
        for method, own in of_region_.groupby("method", sort=False):
            medians = own.set_index("zone")["median"].reindex(places)
            if medians.notna().any():
                rows.append([meaning, f"`{method}`", *map(number, medians)])
    return table(["", "rule", *(place.replace("_", " ") for place in places)], rows)


def known_answer(summary: Path) -> Table:
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


def perturbation(summary: Path) -> Table:
    """Area between the two orders of replacement, by unit and replacement."""
    areas = read_first_region(summary / "perturbation.tsv").query("measure == 'difference'")
    wide = areas.pivot(index="method", columns=["units", "replacement"], values="median")
    single = wide.xs("one_sequence", axis=1, level="units").mean(axis=1)
    wide = wide.loc[single.sort_values(ascending=False).index]
    rows = [[f"`{name}`", *(f"{value:.2f}" for value in row)] for name, *row in wide.itertuples()]
    columns = [" by ".join(column).replace("_", " ") for column in wide.columns]
    return table(["method", *columns], rows)


def randomisation(summary: Path) -> Table:
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


TABLES = {
    "motion": ("motion.tsv", registration),
    "shares": ("intervals.tsv", shares),
    "methods": ("agreement_summary.tsv", every_method),
    "zones": ("zones.tsv", zones),
    "known_answer": ("known_answer.tsv", known_answer),
    "perturbation": ("perturbation.tsv", perturbation),
    "randomisation": ("randomisation.tsv", randomisation),
}
"""Tables of the page: the file that each needs, and what makes it."""


def findings(results: Path) -> dict:
    """All numbers of the page, for which there are results."""
    summary = results / "summary"
    tables = {
        name: made(summary)
        for name, (needed, made) in TABLES.items()
        if (summary / needed).exists()
    }
    values = detection(summary) | conclusions(summary)
    return {"run": run_of(results), "values": values, "tables": tables}


def write(found: dict) -> None:
    """Write numbers, page and the README's block."""
    write_json(found, DOCS / "results.json")
    (DOCS / "results.md").write_text(page(found), encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    README.write_text(README_BLOCK.sub(lambda _: readme_block(found), text), encoding="utf-8")


def main() -> None:
    """Print the page of a study, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, default=Path("results"))
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if not (arguments.results / "provenance.json").exists():
        sys.exit(f"Error: no finished study in {arguments.results}; run make reproduce first")
    found = findings(arguments.results)
    if arguments.write:
        write(found)
    else:
        print(page(found))


if __name__ == "__main__":
    main()
