"""The page "What came out" and the README's table, from the numbers in docs/results.json."""

import re

README_BLOCK = re.compile(r"<!-- results -->.*?<!-- end of results -->", re.DOTALL)


def markdown(table: dict[str, list]) -> str:
    """Table in Markdown."""
    header, rows = table["header"], table["rows"]
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def segmentation(values: dict[str, str]) -> str:
    """How good the explained network is."""
    return (
        f"median Dice {values['dice']}, {values['found']} of {values['lesions']} lesions found, "
        f"{values['false_positives']} false positives in {values['patients']} test patients."
    )


def nearest(values: dict[str, str]) -> str:
    """Which rule is to be used."""
    return (
        f"Of all rules `{values['nearest']}` is nearest to the measurement: median L1 distance "
        f"{values['nearest_l1']}, {values['nearest_worst']} in the worst patient."
    )


def sequences(found: dict) -> str:
    """What the network rests on, by the measurement and by the z+ rule, beside the paper."""
    values, fixed = found["values"], found["run"]["fixed_sequence"]
    text = f"By measurement this network rests on {values['first']} ({values['first_share']})."
    if "z_plus_low" in values:
        text += (
            f" The z+ rule (`alpha1_beta0`) gives every sequence between {values['z_plus_low']} "
            f"and {values['z_plus_high']}."
        )
    if values["first"] != fixed:
        text += (
            f" As in the paper, {fixed}, on which the labels are drawn, is not the most important "
            "sequence."
        )
    return text


def readme_block(found: dict) -> str:
    """What the README shows, between two comments that mark it as generated."""
    values = found["values"]
    return f"""<!-- results -->
{sequences(found)} {nearest(values)} The network: {segmentation(values)}
<!-- end of results -->"""


def page(found: dict) -> str:
    """The page of the site; parts without results are left out."""
    run, values, tables = found["run"], found["values"], found["tables"]
    first = f"""# What came out

No number on this page was typed: `python benchmarks/findings.py results --write` made it from the
tables of a finished run of the default study (commit {run["commit"]}, {run["recorded"]},
{run["cores"]} cores, {run["processor"]}, Python {run["python"]}, PyTorch {run["torch"]}). Another
machine trains another network: [four runs](evaluation.md#four-runs) shows what then changes, and
what does not.

The images are those of the digital phantom, and the findings hold for it. It has the physics of the
sequences and the motion of the liver, but not the variety of the clinic.

The network that is explained: {segmentation(values)}

## Which sequences it uses

Median pooled shares of the predicted tumour, explained against the background; the nearest rule
first. [How to read it](how-to-read.md).

{markdown(tables["shares"])}

![Relevance of the sequences in every test patient, by rule and measured](figure_1.png)

*Figure 1. One line per test patient, one panel per rule; the last panel is the measurement.*

{sequences(found)}

## Which method to believe

{nearest(values)}
The L1 distance is the sum, over the sequences, of the absolute differences to the exact Shapley
values; intervals are of 95 % over patients. The worst patient of each method shows that the
measurement belongs beside every rule.

{markdown(tables["methods"])}

[How near rules come](evaluation.md#how-near-rules-come) explains the verdicts."""
    further = [
        f"## {title}\n\n{text}\n\n{markdown(tables[name])}"
        for name, (title, text) in FURTHER.items()
        if tables.get(name, {}).get("rows")
    ]
    return "\n\n".join([first, *further]) + "\n"


FURTHER = {
    "zones": (
        "Where the relevance lies",
        "Median fraction of a lesion's relevance inside its region, and by distance from it. "
        "[More on the cohort](evaluation.md#cohort-results).",
    ),
    "known_answer": (
        "Where the answer is known",
        "Shares of the sequence that is noise, or that alone shows the lesions. "
        "[More on these phantoms](evaluation.md#where-the-answer-is-known).",
    ),
    "perturbation": (
        "Maps under perturbation",
        "Voxels are replaced, the most relevant first or last; the area between the two curves, "
        "median over lesions. The larger, the better the map names what the network needs. "
        "[More on maps](evaluation.md#maps-voxel-by-voxel).",
    ),
    "randomisation": (
        "Maps of a network with random weights",
        "Similarity to the map of the trained network, as its stages are randomised one after the "
        "other. A map that stays the same does not show what the network has learned. "
        "[More on redrawn weights](evaluation.md#randomised-weights).",
    ),
    "motion": (
        "Motion correction",
        "Mean error in the liver, which is known in the phantom. [The method](motion.md).",
    ),
}
"""Parts of the page with one table each: title and explanation."""
