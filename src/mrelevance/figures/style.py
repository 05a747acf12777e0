"""How every figure of the study looks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from mrelevance.figures.fitting import HEADING_POINTS, wrapped
from mrelevance.runtime.files import written_whole
from mrelevance.runtime.method_names import label

COLUMN_MM = 85  # width of one column of a journal
PAGE_MM = 183  # width of both
PAGE_HEIGHT_MM = 247  # of what fits on a page without its caption
GREY = "0.45"

# Okabe & Ito, Color universal design (2008), less the yellow, which vanishes on white.
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000"]

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.dpi": 150,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    # Identifiers inside the file depend on this and not on chance: equal figures, equal files.
    "svg.hashsalt": "mrelevance",
}

PLACES = 6  # of positions relative to the figure: less than a micrometre
WITHOUT_DATE = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def styled(function: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw what `function` draws in the style of the study, whatever the caller's settings."""

    @wraps(function)
    def draw(*arguments, **keywords) -> Figure:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(STYLE)
            return function(*arguments, **keywords)

    return draw


def new_figure(width_mm: float, height_mm: float, layout: str = "constrained") -> Figure:
    """Empty figure whose layout keeps labels, titles and legends apart.

    Its width in print is `COLUMN_MM` or `PAGE_MM`.

    `layout="compressed"` is for grids of pictures, whose height follows from their width.
    """
    figure = Figure(figsize=(width_mm / 25.4, height_mm / 25.4), layout=layout)
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.04)
    return figure


def sequence_colours(sequences: list[str]) -> dict[str, str]:
    """Colour of each sequence, by its place among the configured channels.

    Colour-blind safe up to seven sequences; the following ones are steps of one colour map.
    """
    further = len(sequences) - len(PALETTE)
    colour_map = matplotlib.colormaps["cividis"]
    extra = [
        matplotlib.colors.to_hex(colour_map(0.2 + 0.7 * k / max(further - 1, 1)))
        for k in range(max(further, 0))
    ]
    return dict(zip(sequences, [*PALETTE, *extra], strict=False))


def method_name(method: str) -> str:
    """Readable name of a method with its parameters; what is no method keeps its name."""
    return label(method)


def grid_shape(panels: int) -> tuple[int, int]:
    """Rows and columns for a number of panels: 2 x 3 for six, 2 x 2 for four."""
    columns = panels if panels <= 3 else -(-panels // 2) if panels <= 10 else 5
    return -(-panels // columns), columns


def share_limits(shares: np.ndarray, shown_whole: np.ndarray) -> tuple[float, float]:
    """Axis for shares that a few outliers may not rule.

    It holds 0, 95 % of `shares` and all values of `shown_whole`, but these within -1 and 1.5:
    shares of rules that lose relevance have no bound. A figure that uses this says how many
    values lie beyond the axis.
    """
    values = [0, *np.quantile(shares, [0.025, 0.975]), *np.clip(shown_whole, -1, 1.5).ravel()]
    low, high = min(values), max(values)
    margin = 0.08 * (high - low)
    return float(low - margin), float(high + margin)


def count_beyond(values: np.ndarray, limits: tuple[float, float]) -> str:
    """Say how many values lie beyond an axis; nothing if all lie on it."""
    beyond = int(((values < limits[0]) | (values > limits[1])).sum())
    return f"{beyond} beyond the axis" if beyond else ""


def start_at_zero(axes: Axes, axis: str = "y") -> None:
    """Let an axis (`x` or `y`) begin at zero, with room for the marks at its other end.

    The margin is a part of the whole axis; without zero among the data it would be one of their
    range, which may be narrower than a mark. Call it when everything is drawn.
    """
    axes.update_datalim([(0, 0)], updatex=axis == "x", updatey=axis == "y")
    axes.autoscale_view(scalex=axis == "x", scaley=axis == "y")
    axes.set(**{f"{axis}lim": (0, None)})


def sequence_handles(sequences: list[str]) -> list[Line2D]:
    """Legend entries: one dot per sequence."""
    return [
        Line2D([], [], linestyle="", marker="o", markersize=4, color=colour, label=sequence)
        for sequence, colour in sequence_colours(sequences).items()
    ]


@contextmanager
def scattering(seed: int) -> Iterator[None]:
    """Make seaborn scatter dots sideways in the same way every time.

    It draws from NumPy's global generator, whose state is restored at the end.
    """
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


@styled
def statement(text: str) -> Figure:
    """Figure that says in words why there is nothing to show."""
    figure = new_figure(COLUMN_MM, 30)
    figure.set_layout_engine("none")  # there are no axes to lay out
    text = wrapped(text, COLUMN_MM - 8, HEADING_POINTS)
    figure.text(0.5, 0.5, text, ha="center", va="center", fontsize=HEADING_POINTS)
    return figure


def save(figure: Figure, stem: str | Path) -> None:
    """Write `stem`.png, .svg and .pdf; the same figure always gives the same bytes."""
    for suffix in WITHOUT_DATE:
        save_as(figure, f"{stem}.{suffix}")


def _settle(figure: Figure) -> None:
    """Lay the figure out once and round the places.

    Their last digits are not the same in every process: the solver of the layout adds numbers in
    the order in which they lie in memory.
    """
    if not isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
        return
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    parts = list(figure.subfigs)
    while parts:
        part = parts.pop()
        box = part.bbox_relative
        box.p0, box.p1 = box.p0.round(PLACES), box.p1.round(PLACES)
        parts += part.subfigs
    for axes in figure.axes:
        axes.set_position(Bbox(axes.get_position(original=True).get_points().round(PLACES)))


def save_as(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, SVG or PDF, by the path's suffix; see `save`."""
    suffix = Path(path).suffix.removeprefix(".")
    with matplotlib.rc_context(STYLE), written_whole(path) as beside:
        _settle(figure)
        figure.savefig(beside, format=suffix, metadata=WITHOUT_DATE[suffix])
