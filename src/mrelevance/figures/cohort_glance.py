"""The cohort at a glance: lesions per split, and one patient's sequences."""

from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.figures import fitting, style
from mrelevance.figures.slices import (
    bar_length_mm,
    largest_slice,
    mark_picture,
    outline,
    read_channels,
    read_radiological,
    show_anatomy,
)
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.wording import counted

SPLIT_COLOURS = {"train": "#0072B2", "validation": "#E69F00", "test": "#009E73"}
CHARTS_MM = 62
LARGEST_MM = 60  # width of a picture


def draw(
    split: pd.DataFrame,
    lesions: pd.DataFrame,
    image: Path,
    label: Path,
    sequences: list[str],
    seed: int,
) -> Figure:
    """The cohort, and the patient whose preprocessed `image` and `label` are given.

    Raises
    ------
    InputError
        See `cohort_glance`.
    """
    voxels, spacing_mm = read_channels(image)
    labelled = read_radiological(label)[0] > 0
    patient = image.parent.name
    return cohort_glance(split, lesions, voxels, labelled, spacing_mm, sequences, patient, seed)


@style.styled
def cohort_glance(
    split: pd.DataFrame,
    lesions: pd.DataFrame,
    image: np.ndarray,
    label: np.ndarray,
    spacing_mm: tuple[float, float, float],
    sequences: list[str],
    patient: str,
    seed: int,
) -> Figure:
    """Number, size and type of the labelled lesions per split above one patient's sequences.

    `split` has patient and split, `lesions` is the table of `cohort_lesions`. `image` (C, D, H, W)
    and `label` (D, H, W, bool) of `patient`, with `spacing_mm` (z, y, x), are as displayed (see
    `radiological`). The slice shown is the one with the most labelled voxels, or the middle
    one without any. `seed` scatters the dots sideways. Patients of no split are left out, and so is
    the panel of types where no type is known.

    Raises
    ------
    InputError
        A column is missing, or image and sequences do not fit.
    """
    check_columns(split, ["patient", "split"], "split table")
    check_columns(lesions, ["patient", "split", "type", "diameter_mm"], "cohort lesions")
    if len(image) != len(sequences):
        raise InputError(
            f"patient {patient}: {len(sequences)} sequences, but {len(image)} channels; "
            "they must come from one run"
        )
    splits = [name for name in SPLIT_COLOURS if (split["split"] == name).any()]
    lesions = lesions[lesions["split"].isin(splits)]
    with_types = (lesions["type"] != "unknown").any()
    height, width = image.shape[2] * spacing_mm[1], image.shape[3] * spacing_mm[2]
    columns = min(len(sequences), 6)
    rows = -(-len(sequences) // columns)
    room = min(style.PAGE_MM / columns - 3, LARGEST_MM)
    names = [fitting.wrapped(name, room, 7.5) for name in sequences]
    title_mm = fitting.height_mm(max(name.count("\n") for name in names) + 1, 7.5)
    pictures_mm = rows * (room * height / width + title_mm + 3) + 6
    figure = style.new_figure(style.PAGE_MM, CHARTS_MM + pictures_mm)
    above, below = figure.subfigures(2, 1, height_ratios=[CHARTS_MM, pictures_mm])

    charts = above.subplots(1, 3 if with_types else 2)
    with style.scattering(seed):
        _lesions_per_patient(charts[0], split, lesions, splits)
        _diameters(charts[1], lesions, splits)
    if with_types:
        _types(charts[2], lesions, splits)
    fitting.legend_below(above, _handles(splits))

    labelled = label.any()
    cut = largest_slice(label) if labelled else len(label) // 2
    which = (
        "slice with the most labelled tumour (yellow)"
        if labelled
        else "middle slice, no labelled tumour"
    )
    fitting.heading(below, f"patient {patient}: {which}")
    grid = below.subplots(rows, columns, squeeze=False)
    colours = style.sequence_colours(sequences)
    for axes, sequence, name, pixels in zip(
        grid.flat, sequences, names, image[:, cut], strict=False
    ):
        show_anatomy(axes, pixels, spacing_mm[1:])
        outline(axes, label[cut], spacing_mm[1:], "#FFE119")
        axes.set_title(name, pad=3)
        axes.spines[:].set(visible=True, color=colours[sequence], linewidth=1.4)
        mark_picture(axes, bar_length_mm(width) if axes is grid[0, 0] else None)
    for axes in grid.flat[len(sequences) :]:
        axes.set_axis_off()
    return figure


def _lesions_per_patient(
    axes: Axes, split: pd.DataFrame, lesions: pd.DataFrame, splits: list[str]
) -> None:
    counts = lesions.groupby("patient").size().reindex(split["patient"], fill_value=0)
    _dots(axes, split.assign(lesions=counts.to_numpy()), "lesions", splits)
    _split_axis(axes, [_counted(name, split, "patient") for name in splits])
    axes.set_ylim(bottom=-0.3)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel("labelled lesions in a patient")


def _diameters(axes: Axes, lesions: pd.DataFrame, splits: list[str]) -> None:
    _dots(axes, lesions, "diameter_mm", splits)
    _split_axis(axes, [_counted(name, lesions, "lesion") for name in splits])
    style.start_at_zero(axes)
    axes.set_ylabel("lesion diameter (mm)")


def _types(axes: Axes, lesions: pd.DataFrame, splits: list[str]) -> None:
    names = lesions["type"].value_counts().index
    counts = pd.crosstab(lesions["type"], lesions["split"]).reindex(names)
    left = np.zeros(len(names))
    for name in splits:
        count = counts.get(name, pd.Series(0, names)).to_numpy()
        axes.barh(range(len(names)), count, 0.65, left, color=SPLIT_COLOURS[name], gid=name)
        left += count
    axes.set_yticks(range(len(names)), fitting.row_names(names, 22))
    axes.invert_yaxis()
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="labelled lesions", ylabel=None)


def _handles(splits: list[str]) -> list[Line2D]:
    dots = [
        Line2D([], [], linestyle="", marker="o", markersize=4, color=SPLIT_COLOURS[name],
               label=name)
        for name in splits
    ]  # fmt: skip
    median = Line2D([], [], linestyle="", marker=">", markersize=4, color="black", label="median")
    return [*dots, median]


def _dots(axes: Axes, table: pd.DataFrame, column: str, splits: list[str]) -> None:
    """A dot per row of `table`, scattered sideways; a wedge beside them at each split's median."""
    sns.stripplot(
        data=table, x="split", y=column, order=splits, ax=axes, hue="split", hue_order=splits,
        palette=SPLIT_COLOURS, jitter=0.22, size=2.6, alpha=0.55, linewidth=0, legend=False,
    )  # fmt: skip
    medians = table.groupby("split")[column].median().reindex(splits)
    axes.scatter(
        np.arange(len(splits)) - 0.36, medians, marker=">", s=16, color="black", zorder=3,
        gid="median",
    )  # fmt: skip


def _counted(split: str, table: pd.DataFrame, noun: str) -> str:
    return f"{split}\n{counted(int((table['split'] == split).sum()), noun)}"


def _split_axis(axes: Axes, names: list[str]) -> None:
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_xlabel(None)
