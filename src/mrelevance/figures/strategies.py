"""Clusters of lesions by the sequences and zones that the network uses, each with one example."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from mrelevance.figures import fitting, style
from mrelevance.figures.context import ZONE_NAMES
from mrelevance.figures.lesion_kinds import KIND_NAMES
from mrelevance.figures.slices import (
    bar_length_mm,
    crop_around,
    largest_slice,
    mark_picture,
    outline,
    read_channels,
    read_radiological,
    show_anatomy,
)
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.wording import counted, fixed, readable

FIELD_MM = 90
BAR_MM = 2.8  # height of a bar of shares
MOST_COLUMNS = 4  # of pictures of an example
OUTLINE = "#FFE119"
CLUSTER_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
PLANE = ["eigenvector_2", "eigenvector_3"]


@dataclass(frozen=True)
class Example:
    """The image of a cluster's medoid as displayed.

    `image` (C, D, H, W), bool `region` (D, H, W), `spacing_mm` (z, y, x).
    """

    image: np.ndarray
    region: np.ndarray
    spacing_mm: tuple[float, float, float]


@style.styled
def draw(
    strategies: pd.DataFrame,
    summary: pd.DataFrame,
    eigenvalues: pd.DataFrame,
    lesions: pd.DataFrame,
    images: dict[str, Path],
    regions: dict[str, Path],
    sequences: list[str],
    composite: str,
) -> Figure:
    """One row per cluster: what it holds, its shares, and its medoid in every sequence.

    On top how the number of clusters was found: the smallest eigenvalues of the graph of lesions,
    and the lesions in the plane of two eigenvectors, coloured by type; nothing where too few
    lesions were clustered. `strategies` (a row per lesion), `summary` (a row per cluster) and
    `eigenvalues`, which is then empty, are the tables of `mrelevance.analysis.strategies`.
    `lesions` is the table of the test patients' TP, FN and FP; `images` and `regions` have each
    patient's image and volume of numbered regions.

    Raises
    ------
    InputError
        A column is missing.
    """
    columns = ["patient", "region", "lesion", "type", "cluster", "medoid", *PLANE]
    check_columns(strategies, columns, "strategies")
    check_columns(summary, ["cluster", "verdict"], "summary of the strategies")
    check_columns(eigenvalues, ["number", "eigenvalue", "chance_gap"], "eigenvalues")
    check_columns(lesions, ["patient", "region", "region_id", "lesion"], "lesion table")
    if strategies.empty:
        return style.statement("The test patients have no lesion with relevance.")
    numbers = sorted(strategies["cluster"].unique())
    zone_names = [name for name in ZONE_NAMES if name in strategies.columns]
    head_mm = 0 if eigenvalues.empty else 48
    row_mm = 26 + BAR_MM * (len(sequences) + len(zone_names))
    figure = style.new_figure(style.PAGE_MM, head_mm + row_mm * len(numbers) + 6)
    verdict = summary["verdict"].iloc[0]
    fitting.heading(figure, readable(f"{style.method_name(composite)}: {verdict}"))
    heights = [head_mm] * (not eigenvalues.empty) + [row_mm] * len(numbers)
    blocks = list(figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
    if not eigenvalues.empty:
        gaps, plane = blocks.pop(0).subplots(1, 2)
        _eigenvalues(gaps, eigenvalues, len(numbers))
        _plane(plane, strategies)
    for block, number in zip(blocks, numbers, strict=True):
        own = strategies[strategies["cluster"] == number]
        medoid = own[own["medoid"] == 1].iloc[0]
        example = _example(medoid, lesions, images, regions)
        _cluster(block, own, medoid, example, sequences)
    return figure


def _example(
    medoid: pd.Series, lesions: pd.DataFrame, images: dict[str, Path], regions: dict[str, Path]
) -> Example:
    """Image and region of a cluster's medoid."""
    patient, region = medoid["patient"], medoid["region"]
    number = "region_id" if region == "FP" else "lesion"
    own = lesions[(lesions["patient"] == patient) & (lesions["region"] == region)]
    region_id = own.loc[own[number] == medoid["lesion"], "region_id"].item()
    image, spacing_mm = read_channels(images[patient])
    return Example(image, read_radiological(regions[patient])[0] == region_id, spacing_mm)


def _eigenvalues(axes: Axes, eigenvalues: pd.DataFrame, clusters: int) -> None:
    places, values = eigenvalues["number"].to_numpy(), eigenvalues["eigenvalue"].to_numpy()
    axes.plot(places, values, "o-", color="0.3", markersize=3.5, linewidth=0.8)
    axes.axvline(clusters + 0.5, color="#D55E00", linewidth=0.9, linestyle="--")
    # The first gap is that of a single cluster.
    largest, chance = np.diff(values)[1:].max(), eigenvalues["chance_gap"].iloc[0]
    axes.set_title(f"largest gap {fixed(largest)}; by chance up to {fixed(chance)}", fontsize=6.5)
    axes.set_xlabel("eigenvalue of the graph's Laplacian, by size")
    axes.set_ylabel("eigenvalue")
    axes.set_xticks(places)
    axes.set_ylim(bottom=0)


def _plane(axes: Axes, strategies: pd.DataFrame) -> None:
    """Lesions by the second and third eigenvector, coloured by type, false positives grey."""
    false = strategies["region"] == "FP"
    kinds = strategies["type"].where(~false, "false positive")
    names = [name for name in kinds[~false].value_counts().index if name != "unknown"]
    colours = dict(zip(names, CLUSTER_COLOURS, strict=False))
    colours |= {"unknown": CLUSTER_COLOURS[0], "false positive": "0.6"}
    for name in kinds.value_counts().index:
        axes.scatter(
            *strategies.loc[kinds == name, PLANE].to_numpy().T, s=10, color=colours[name],
            alpha=0.8, linewidths=0, label="labelled" if name == "unknown" else name,
        )  # fmt: skip
    for medoid in strategies[strategies["medoid"] == 1].to_dict("records"):
        axes.annotate(
            str(medoid["cluster"]), [medoid[name] for name in PLANE], fontsize=6.5,
            fontweight="bold", ha="center", va="center",
            bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "linewidth": 0.6},
        )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("second eigenvector")
    axes.set_ylabel("third eigenvector")
    axes.set_title("lesions, neighbours close together; numbers: examples", fontsize=6.5)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), handletextpad=0.1)


def _cluster(
    block: SubFigure, own: pd.DataFrame, medoid: pd.Series, example: Example, sequences: list[str]
) -> None:
    number = medoid["cluster"]
    colour = CLUSTER_COLOURS[(number - 1) % len(CLUSTER_COLOURS)]
    fitting.heading(
        block, f"{number}: {_composition(own)}", color=colour, fontweight="bold", x=0.01, ha="left"
    )
    left, right = block.subfigures(1, 2, width_ratios=[1.2, 1])
    zone_names = [name for name in ZONE_NAMES if name in own.columns]
    shares, zones = left.subplots(2, 1, height_ratios=[len(sequences) + 1, len(zone_names) + 1])
    _bars(
        shares, own, medoid, sequences, sequences, list(style.sequence_colours(sequences).values())
    )
    _bars(
        zones, own, medoid, zone_names, [ZONE_NAMES[name] for name in zone_names],
        ["0.45"] * len(zone_names),
    )  # fmt: skip
    zones.set_xlabel("part of the lesion's relevance")
    cut = largest_slice(example.region)
    box = crop_around(example.region[cut], example.spacing_mm[1:], FIELD_MM)
    rows, columns = style.grid_shape(len(sequences))
    columns = min(columns, MOST_COLUMNS)
    rows = -(-len(sequences) // columns)
    panel_mm = fitting.size_mm(right)[0] / columns - 3
    grid = right.subplots(rows, columns, squeeze=False)
    for axes, sequence, channel in zip(grid.flat, sequences, example.image, strict=False):
        show_anatomy(axes, channel[cut][box], example.spacing_mm[1:])
        outline(axes, example.region[cut][box], example.spacing_mm[1:], OUTLINE)
        name = fitting.wrapped(f"{sequence}   {fixed(medoid[sequence])}", panel_mm, 6)
        axes.set_title(name, pad=2, fontsize=6)
        length_mm = bar_length_mm((box[1].stop - box[1].start) * example.spacing_mm[2])
        mark_picture(axes, length_mm if axes is grid[0, 0] else None)
    for axes in grid.flat[len(sequences) :]:
        axes.set_axis_off()
    known = medoid["region"] != "FP" and medoid["type"] != "unknown"
    kind = f"{medoid['type']}, " if known else ""
    fitting.heading(
        right, f"example: patient {medoid['patient']}, {kind}{KIND_NAMES[medoid['region']]}", 6.5
    )


def _bars(
    axes: Axes, own: pd.DataFrame, medoid: pd.Series, columns: list[str], labels: list[str],
    colours: list[str],
) -> None:  # fmt: skip
    """Median of the cluster with its quartiles; the circle is the example."""
    values = own[columns].to_numpy(float)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    places = np.arange(len(columns))
    axes.axvline(0, color="0.8", linewidth=0.6, zorder=0)
    axes.barh(places, middle, 0.6, color=colours, alpha=0.75)
    axes.hlines(places, low, high, color="black", linewidth=0.8)
    axes.scatter(
        medoid[columns].to_numpy(float), places, s=12, facecolor="white", edgecolor="black",
        linewidths=0.7, zorder=3,
    )  # fmt: skip
    axes.set_yticks(places, labels, fontsize=6)
    axes.set_ylim(-0.6, len(columns) - 0.4)
    axes.invert_yaxis()


def _composition(own: pd.DataFrame) -> str:
    kinds = own["region"].value_counts()
    found = ", ".join(f"{kinds[kind]} {kind}" for kind in ("TP", "FN", "FP") if kind in kinds)
    labelled = own[(own["region"] != "FP") & (own["type"] != "unknown")]
    types = labelled["type"].value_counts()
    named = ", ".join(f"{count} {kind}" for kind, count in types.items())
    lesions, patients = counted(len(own), "lesion"), counted(own["patient"].nunique(), "patient")
    return f"{lesions} in {patients} ({found}){': ' + named if named else ''}"
