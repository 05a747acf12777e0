"""The mean aligned relevance map of each lesion type, per sequence."""

from pathlib import Path

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from mrelevance.analysis.prototypes import REACH
from mrelevance.figures import fitting, style
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.wording import fixed

COLOURS = "RdBu_r"


@style.styled
def draw(prototypes: Path, sequences: list[str], composite: str) -> Figure:
    """Middle slice of each type's mean map: a row per type, a column per sequence.

    The file `prototypes` has the arrays `types` (T,), `lesions` (T,), the number of lesions of each
    type, and `maps` (T, C, 33, 33, 33), their mean maps under `composite`. The circle is the
    lesion's equivalent sphere. Red speaks for the tumour, blue against it, on one scale per row,
    and the number is the sequence's part of the prototype.

    Raises
    ------
    InputError
        Maps and sequences do not fit.
    """
    with np.load(prototypes) as arrays:
        types, lesions, maps = (arrays[name] for name in ("types", "lesions", "maps"))
    if not len(types):
        return style.statement("No true positive in the test patients.")
    if maps.shape[1] != len(sequences):
        raise InputError(
            f"{prototypes}: expected maps of {len(sequences)} sequences "
            f"({', '.join(sequences)}), found {maps.shape[1]}; they must come from one run"
        )
    panel_mm = min((style.PAGE_MM - 40) / len(sequences), 200 / len(types), 34)
    names = [fitting.wrapped(name, panel_mm - 1, 6) for name in sequences]
    above_mm = fitting.height_mm(max(name.count("\n") for name in names) + 1, 6)
    row_mm = max(panel_mm, 12) + 3
    figure = style.new_figure(style.PAGE_MM, row_mm * len(types) + above_mm + 16, "compressed")
    method = style.method_name(composite)
    fitting.heading(
        figure,
        f"{method}: mean map of the true positives of each type, per diameter³; "
        f"a picture is {2 * REACH:g} diameters wide",
    )
    grid = figure.subplots(len(types), len(sequences), squeeze=False)
    colours = style.sequence_colours(sequences)
    middle = maps.shape[2] // 2
    for row, kind, count, mean in zip(grid, types, lesions, maps, strict=True):
        cut = mean[:, middle]
        limit = float(np.percentile(np.abs(cut), 99.8)) or 1.0
        parts = mean.sum(axis=(1, 2, 3)) / mean.sum()
        for axes, sequence, pixels, part in zip(row, sequences, cut, parts, strict=True):
            axes.imshow(
                pixels, cmap=COLOURS, vmin=-limit, vmax=limit, interpolation="bilinear",
                extent=(-REACH, REACH, REACH, -REACH),
            )  # fmt: skip
            axes.add_patch(Circle((0, 0), 0.5, fill=False, color="black", linewidth=0.7))
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set(visible=True, color=colours[sequence], linewidth=1.2)
            axes.text(
                0.04, 0.04, fixed(part), fontsize=6,
                transform=axes.transAxes, va="bottom",
            )  # fmt: skip
        label = fitting.wrapped(f"{kind}\nn = {count}", 20, 6.5)
        row[0].set_ylabel(label, fontsize=6.5, rotation=0, ha="right", va="center")
        bar = figure.colorbar(
            ScalarMappable(Normalize(-limit, limit), COLOURS), ax=list(row), pad=0.01, aspect=12
        )
        bar.outline.set_linewidth(0.4)
    for axes, name in zip(grid[0], names, strict=True):
        axes.set_title(name, pad=3, fontsize=6)
    return figure
