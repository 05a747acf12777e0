"""The cohort at a glance: lesions per split, and one patient's sequences."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mrelevance.figures import style
from mrelevance.figures.slices import bar_length_mm, largest_slice, outline, scale_bar, show_anatomy
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError

SPLIT_COLOURS = {"train": "#0072B2", "validation": "#E69F00", "test": "#009E73"}


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

    `split` has patient and split, `lesions` is the table of `cohort_lesions`. `image` is
    (C, D, H, W) and `label` bool (D, H, W), as displayed (see `slices.radiological`), with
    `spacing_mm` (z, y, x), of the `patient` shown in the slice with the most labelled voxels
    (the middle one where there is none).
    `seed` scatters dots sideways. Types are left out where none is known, and so are patients
    of no split.

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
    rows, columns = (1, len(sequences)) if len(sequences) <= 6 else style.grid_shape(len(sequences))
    pictures_mm = rows * (style.PAGE_MM / columns * height / width + 5)
    figure = style.new_figure(style.PAGE_MM, 58 + pictures_mm + 6)
    above, below = figure.subfigures(2, 1, height_ratios=[58, pictures_mm + 6])

    generator = np.random.default_rng(seed)
    charts = above.subplots(1, 3 if with_types else 2)
    _lesions_per_patient(charts[0], split, lesions, splits, generator)
    _diameters(charts[1], lesions, splits, generator)
    if with_types:
        _types(charts[2], lesions, splits)

    labelled = label.any()
    cut = largest_slice(label) if labelled else len(label) // 2
    which = (
        "slice with the most labelled tumour" if labelled else "middle slice, no labelled tumour"
    )
    below.suptitle(f"patient {patient}: {which}", fontsize=7)
    grid = below.subplots(rows, columns, squeeze=False)
    colours = style.sequence_colours(sequences)
    for axes, sequence, pixels in zip(grid.flat, sequences, image[:, cut], strict=False):
        show_anatomy(axes, pixels, spacing_mm[1:])
        outline(axes, label[cut], spacing_mm[1:], "#FFE119")
        axes.set_title(sequence, pad=3)
        axes.spines[:].set(visible=True, color=colours[sequence], linewidth=1.4)
    scale_bar(grid.flat[0], bar_length_mm(width))
    for axes in grid.flat[len(sequences) :]:
        axes.set_axis_off()
    return figure


def _lesions_per_patient(
    axes: Axes,
    split: pd.DataFrame,
    lesions: pd.DataFrame,
    splits: list[str],
    generator: np.random.Generator,
) -> None:
    for x, name in enumerate(splits):
        patients = split.loc[split["split"] == name, "patient"]
        counts = lesions.groupby("patient").size().reindex(patients, fill_value=0).to_numpy()
        _dots(axes, x, counts, SPLIT_COLOURS[name], generator)
    _split_axis(axes, [_counted(n, split, "patient") for n in splits])
    axes.set_ylim(bottom=-0.3)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel("labelled lesions in a patient")


def _diameters(
    axes: Axes, lesions: pd.DataFrame, splits: list[str], generator: np.random.Generator
) -> None:
    for x, name in enumerate(splits):
        values = lesions.loc[lesions["split"] == name, "diameter_mm"].to_numpy()
        _dots(axes, x, values, SPLIT_COLOURS[name], generator)
    _split_axis(axes, [_counted(n, lesions, "lesion") for n in splits])
    axes.set_ylim(bottom=0)
    axes.set_ylabel("lesion diameter (mm)")


def _types(axes: Axes, lesions: pd.DataFrame, splits: list[str]) -> None:
    names = list(lesions["type"].value_counts().index)
    left = np.zeros(len(names))
    for split in splits:
        of_split = lesions.loc[lesions["split"] == split, "type"]
        counts = of_split.value_counts().reindex(names, fill_value=0).to_numpy()
        axes.barh(names, counts, left=left, color=SPLIT_COLOURS[split], label=split, height=0.65)
        left = left + counts
    axes.invert_yaxis()
    axes.set_xlabel("labelled lesions")
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3, columnspacing=1)


def _dots(
    axes: Axes, x: int, values: np.ndarray, colour: str, generator: np.random.Generator
) -> None:
    if not len(values):
        return
    sideways = generator.uniform(-0.22, 0.22, len(values))
    axes.scatter(x + sideways, values, s=7, color=colour, alpha=0.55, linewidths=0)
    if len(values) > 2:
        axes.hlines(np.median(values), x - 0.32, x + 0.32, color="black", linewidth=1.4)


def _counted(split: str, table: pd.DataFrame, noun: str) -> str:
    count = int((table["split"] == split).sum())
    return f"{split}\n{count} {noun}{'s' if count != 1 else ''}"


def _split_axis(axes: Axes, names: list[str]) -> None:
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.5, len(names) - 0.5)
