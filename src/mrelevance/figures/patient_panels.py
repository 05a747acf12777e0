"""One lesion in every sequence, with its relevance in colour; Figures 2 and 3 are two of these."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.figures import fitting, style
from mrelevance.figures.lesion_kinds import KIND_NAMES
from mrelevance.figures.measured_totals import (
    exact_shares,
    parts_of_region,
    scaled_to_measured,
)
from mrelevance.figures.relevance_colours import bar_colours, coloured
from mrelevance.figures.slices import (
    bar_length_mm,
    crop_around,
    extent,
    largest_slice,
    mark_picture,
    outline,
    read_channels,
    read_radiological,
    show_anatomy,
)
from mrelevance.runtime.columns import check_columns
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.wording import fixed, significant

LABEL_COLOUR, PREDICTION_COLOUR = "#FFE119", "#3CF07A"
FIELD_MM = 120
PERCENTILE = 99  # of the lesion's voxels in the slice, in all sequences: there colours end

logger = logging.getLogger(__name__)


def draw_lesion(
    region: str,
    /,
    relevance: pd.DataFrame,
    lesions: pd.DataFrame,
    maps: dict[str, Path],
    images: dict[str, Path],
    labels: dict[str, Path],
    regions: dict[str, Path],
    segmentations: dict[str, Path],
    sequences: list[str],
    composite: str,
) -> Figure:
    """The lesion of `region` (TP, FN or FP) that `choose_lesion` gives, by `patient_panels`.

    `relevance` and `lesions` are the tables of the test patients. `maps` has each patient's folder
    of relevance maps, with one for each composite; the others have each patient's image, label,
    volume of numbered regions, and segmentation. Where the exact Shapley values are known, each
    sequence's map is scaled to its own.

    Raises
    ------
    InputError
        A column is missing, or images and tables do not fit.
    """
    chosen = choose_lesion(lesions, relevance, region, composite)
    if chosen is None:
        return no_lesion(region)
    logger.info("%s", chosen)
    patient = chosen["patient"]
    number = chosen["region_id"] if region == "FP" else chosen["lesion"]
    image, spacing_mm = read_channels(images[patient])
    own = relevance[
        (relevance["patient"] == patient)
        & (relevance["method"] == composite)
        & (relevance["region"] == region)
        & (relevance["lesion"] == number)
    ]
    return patient_panels(
        image,
        read_channels(maps[patient] / composite / f"map_{region}_{number}.nii.gz")[0],
        read_radiological(regions[patient])[0] == chosen["region_id"],
        read_radiological(labels[patient])[0] > 0,
        read_radiological(segmentations[patient])[0] > 0,
        spacing_mm,
        own.set_index("sequence")["relevance"].reindex(sequences),
        lesion_title(chosen, composite),
        exact_shares(relevance, patient, region, number, sequences),
    )


def choose_lesion(
    lesions: pd.DataFrame, relevance: pd.DataFrame, region: str, method: str
) -> dict | None:
    """The lesion to show: the true positive of median volume; of other regions, the largest lesion.

    The candidates are the test patients' lesions of `region` (TP, FN or FP) that have relevance
    under `method`: at least one of their voxels was not excluded. Of two median volumes the lower
    is taken; equal volumes are ordered by patient and number. Returns the lesion's row of `lesions`
    as a dictionary, or None without a candidate. In the relevance table, the lesion number of a
    false positive is its region_id.

    Raises
    ------
    InputError
        A column is missing.
    """
    columns = ["patient", "region", "region_id", "lesion", "type", "volume_ml", "diameter_mm"]
    check_columns(lesions, columns, "lesion table")
    check_columns(
        relevance,
        ["patient", "method", "region", "lesion", "relevance"],
        "relevance table",
    )
    explained = relevance[
        (relevance["method"] == method)
        & (relevance["region"] == region)
        & relevance["relevance"].notna()
    ]
    known = set(zip(explained["patient"], explained["lesion"], strict=True))
    of_region = lesions[lesions["region"] == region]
    number = of_region["region_id"] if region == "FP" else of_region["lesion"]
    pairs = pd.MultiIndex.from_arrays([of_region["patient"], number])
    candidates = of_region[pairs.isin(known)].sort_values(["volume_ml", "patient", "region_id"])
    if candidates.empty:
        return None
    place = (len(candidates) - 1) // 2 if region == "TP" else -1
    return candidates.iloc[place].to_dict()


def lesion_title(lesion: dict, method: str) -> str:
    """Title of the figure of a lesion that `choose_lesion` gave."""
    name = KIND_NAMES[lesion["region"]].capitalize()
    kind = "" if lesion["type"] == "unknown" else f"{lesion['type']}, "
    return (
        f"{name}: patient {lesion['patient']}, {kind}{significant(lesion['volume_ml'])} mL, "
        f"{lesion['diameter_mm']:.0f} mm; {style.method_name(method)}"
    )


def no_lesion(region: str) -> Figure:
    """Figure that says that the test patients have no lesion of `region` (TP, FN or FP)."""
    return style.statement(f"No {KIND_NAMES[region]} in the test patients.")


@style.styled
def patient_panels(
    image: np.ndarray,
    relevance_map: np.ndarray,
    lesion: np.ndarray,
    label: np.ndarray,
    prediction: np.ndarray,
    spacing_mm: tuple[float, float, float],
    shares: pd.Series,
    title: str,
    measured: pd.Series | None = None,
) -> Figure:
    """Every sequence in the slice of the lesion's largest cross-section, with relevance in colour.

    Arrays as displayed (see `radiological`): `image` and `relevance_map` (the region map
    M_A) are (C, D, H, W); `lesion`, the region, `label` and `prediction` are bool (D, H, W);
    `spacing_mm` is (z, y, x). `shares` holds the region's normalised relevance, its index the
    sequences in channel order. The colour is a voxel's part of the region's whole relevance,
    in per mille, on one scale for all panels, which ends at the 99th percentile of the region's
    voxels in the slice: red speaks for the tumour, blue against it. With
    `measured` shares, each map is scaled to its own, which then stands over the panel; the factor,
    or why there is none, stands below.

    Raises
    ------
    InputError
        The lesion is empty, or arrays and sequences do not fit.
    """
    if len(shares) != len(image) or relevance_map.shape != image.shape:
        raise InputError(
            f"{title}: {len(shares)} sequences, image {image.shape} and relevance map "
            f"{relevance_map.shape} do not fit; they must come from one run"
        )
    if not lesion.any():
        raise InputError(f"{title}: the lesion has no voxel; segment this patient again")
    cut = largest_slice(lesion)
    rows_columns = crop_around(lesion[cut], spacing_mm[1:], FIELD_MM)
    anatomy = image[:, cut][:, *rows_columns]
    parts, notes = parts_of_region(relevance_map), {}
    if measured is not None:
        title += "; maps scaled to exact Shapley values"
        shares = measured
        parts, notes = scaled_to_measured(parts, measured)
    relevance = 1000 * parts[:, cut][:, *rows_columns]
    within = np.abs(relevance[:, lesion[cut][rows_columns]])
    limit = float(np.percentile(within, PERCENTILE)) or 1.0

    rows, columns = style.grid_shape(len(image))
    page_mm = style.PAGE_MM if columns > 1 else style.COLUMN_MM
    height, width = anatomy.shape[1] * spacing_mm[1], anatomy.shape[2] * spacing_mm[2]
    panel_mm = min((page_mm - 20) / columns - 2, 56)
    titles = [fitting.wrapped(_title(*item), panel_mm, 7.5) for item in shares.items()]
    notes = {name: fitting.wrapped(note, panel_mm, 6) for name, note in notes.items()}
    around_mm = sum(
        fitting.height_mm(max((text.count("\n") for text in texts), default=0) + 1, points)
        for texts, points in ((titles, 7.5), (notes.values(), 6))
    )
    rows_mm = rows * (panel_mm * height / width + around_mm + 4)
    figure = style.new_figure(page_mm, rows_mm + 12, "compressed")
    fitting.heading(figure, title)
    grid = figure.subplots(rows, columns, squeeze=False)
    colours = style.sequence_colours(list(shares.index))
    for axes, sequence, name, pixels, overlay in zip(
        grid.flat, shares.index, titles, anatomy, relevance, strict=False
    ):
        show_anatomy(axes, pixels, spacing_mm[1:])
        axes.imshow(
            coloured(overlay, limit),
            extent=extent(overlay, spacing_mm[1:]),
            interpolation="nearest",
        )
        outline(axes, label[cut][rows_columns], spacing_mm[1:], LABEL_COLOUR)
        outline(axes, prediction[cut][rows_columns], spacing_mm[1:], PREDICTION_COLOUR, "--")
        axes.set_title(name, pad=3)
        axes.set_xlabel(notes.get(sequence, ""), fontsize=6, labelpad=2, color=style.GREY)
        axes.spines[:].set(visible=True, color=colours[sequence], linewidth=1.4)
        mark_picture(axes, bar_length_mm(width) if axes is grid[0, 0] else None)
    for axes in grid.flat[len(image) :]:
        axes.set_axis_off()
    bar = figure.colorbar(
        ScalarMappable(Normalize(-limit, limit), bar_colours()),
        ax=grid,
        fraction=0.03,
        pad=0.01,
        shrink=0.7,
        extend="both",
    )
    scale = f"full colour from the {PERCENTILE}th percentile of the lesion's voxels"
    bar.set_label(
        fitting.wrapped(f"‰ of the region's relevance, per voxel; {scale}", 0.6 * rows_mm, 7)
    )
    bar.outline.set_linewidth(0.4)
    fitting.legend_below(
        figure,
        [
            Line2D([], [], color="#C9B000", label="label"),
            Line2D([], [], color="#22B457", linestyle="--", label="prediction"),
        ],
    )
    return figure


def _title(sequence: str, share: float) -> str:
    return f"{sequence}   {fixed(share)}"
