"""Faults that a reader would see in a printed figure: small, cut, overlapping or crossed text."""

import re
import warnings
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text

from mrelevance.figures.style import COLUMN_MM, PAGE_HEIGHT_MM, PAGE_MM, STYLE

SMALLEST_POINTS = 6
WIDTH = np.array([[-1.2, -1.2], [-1.2, -1.2], [1.2, 1.2], [1.2, 1.2]])
ROUNDING = 1.5  # pixels that measures of text are uncertain by
UNREADABLE = {
    "an exponent": re.compile(r"\de[+-]?\d"),
    "a hyphen for a minus sign": re.compile(r"(?:^|[\s(\[,=])-\d"),
    "a missing number": re.compile(r"\bnan\b"),
    "a plural of one": re.compile(r"(?<![\d.,])\b1 (?:\w+ )?(?:patient|lesion|bar|dot)s\b"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of text as drawn: its corners, (4, 2) in pixels, and the artist that it belongs to."""

    words: str
    points: float
    corners: np.ndarray
    owner: Text

    def __str__(self) -> str:
        return repr(self.words)


def faults(figure: Figure) -> list[str]:
    """What is wrong with a figure in print, a line each; empty if nothing is."""
    figure.set_dpi(STYLE["savefig.dpi"])
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        engine = figure.get_layout_engine()
        if engine:
            engine.execute(figure)
            figure.set_layout_engine("none")
        lines = _lines(figure, canvas)
    found = [f"warning: {warning.message}" for warning in warned]
    found += _size(figure)
    panels = [axes for axes in figure.findobj(Axes) if axes.get_visible()]
    for line in lines:
        found += _unreadable(line)
        if _leaves(line, figure.bbox):
            found.append(f"{line} leaves the figure")
        found += [
            f"{line} crosses the frame of a panel"
            for axes in panels
            if axes.axison and _straddles(line, axes.bbox)
        ]
    found += [
        f"{one} overlaps {other}"
        for one, other in _close(lines)
        if one.owner is not other.owner and _overlap(one.corners, other.corners)
    ]
    for axes in panels:
        found += _crossed(axes, lines)
    return list(dict.fromkeys(found))


def _lines(figure: Figure, canvas: FigureCanvasAgg) -> list[Line]:
    """All lines of text that the figure draws."""
    renderer, drawn = canvas.get_renderer(), []
    height = figure.bbox.height

    def record(gc, x, y, words, properties, angle, ismath=False, mtext=None):
        if not words.strip():
            return
        width, tall, below = renderer.get_text_width_height_descent(words, properties, ismath)
        box = np.array([[0, -below], [width, -below], [width, tall - below], [0, tall - below]])
        turn = np.deg2rad(angle)
        turned = box @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        corners = turned + np.array([x, height - y])
        drawn.append(Line(words, properties.get_size_in_points(), corners, mtext))

    # Pictures hold no text, and take long to draw.
    for picture in figure.findobj(AxesImage):
        picture.set_visible(False)
    with renderer._draw_disabled():
        renderer.draw_text = record
        figure.draw(renderer)
    return drawn


def _size(figure: Figure) -> list[str]:
    width, height = figure.get_size_inches() * 25.4
    found = []
    if not any(np.isclose(width, known, atol=0.01) for known in (COLUMN_MM, PAGE_MM)):
        found.append(f"width {width:.0f} mm is that of neither a column nor a page")
    if height > PAGE_HEIGHT_MM + 0.01:
        found.append(f"height {height:.0f} mm exceeds a page")
    return found


def _close(lines: list[Line]) -> list[tuple[Line, Line]]:
    """Pairs of lines whose bounding boxes overlap."""
    if not lines:
        return []
    low = np.array([line.corners.min(axis=0) for line in lines])
    high = np.array([line.corners.max(axis=0) for line in lines])
    meet = ((low[:, None] < high) & (low < high[:, None])).all(axis=-1)
    return [(lines[a], lines[b]) for a, b in np.argwhere(np.triu(meet, 1))]


def _unreadable(line: Line) -> list[str]:
    found = [
        f"{line} has: {what}" for what, known in UNREADABLE.items() if known.search(line.words)
    ]
    if line.points < SMALLEST_POINTS:
        found.append(f"{line} has {line.points:g} pt")
    return found


def _leaves(line: Line, box) -> bool:
    low, high = line.corners.min(axis=0), line.corners.max(axis=0)
    return bool((low < box.min - ROUNDING).any() or (high > box.max + ROUNDING).any())


def _straddles(line: Line, box) -> bool:
    """Whether a line lies partly inside a frame and partly outside."""
    frame = np.array([[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]])
    return _overlap(line.corners, frame) and _leaves(line, box)


def _overlap(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two convex polygons overlap by more than rounding (separating axes)."""
    for polygon in (one, other):
        edges = np.roll(polygon, -1, axis=0) - polygon
        for edge in edges:
            length = np.hypot(*edge)
            if length == 0:
                continue
            normal = np.array([-edge[1], edge[0]]) / length
            a, b = one @ normal, other @ normal
            if min(a.max(), b.max()) - max(a.min(), b.min()) <= ROUNDING:
                return False
    return True


def _crossed(axes: Axes, lines: list[Line]) -> list[str]:
    """Text that lines or points of a panel run through, unless it has a background of its own."""
    if axes.images:
        return []  # text over pictures has a background
    open_lines = [line for line in lines if not _has_background(line.owner)]
    inside = [line for line in open_lines if _inside(line, axes.bbox)]
    found = []
    for artist in (*axes.lines, *axes.collections):
        near = inside if artist.get_clip_on() else open_lines
        segments = _segments(artist) if near and artist.get_visible() else np.empty((0, 2, 2))
        found += [
            f"{line} is crossed by {artist.get_gid() or type(artist).__name__}"
            for line in near
            if _hits(segments, line.corners)
        ]
    return found


def _has_background(text: Text) -> bool:
    patch = text.get_bbox_patch() if text is not None else None
    return patch is not None and patch.get_facecolor()[3] == 1


def _inside(line: Line, box) -> bool:
    middle = line.corners.mean(axis=0)
    return bool((middle > box.min).all() and (middle < box.max).all())


def _segments(artist) -> np.ndarray:
    """Ends of the straight pieces of lines, (N, 2, 2); a point is a piece without length."""
    if isinstance(artist, Line2D):
        points = artist.get_transform().transform(artist.get_xydata())
        pieces = [points] if artist.get_linestyle() != "None" else points[:, None]
    elif isinstance(artist, PathCollection):
        places = np.ma.filled(artist.get_offsets().astype(float), np.nan)
        pieces = artist.get_offset_transform().transform(places)[:, None]
    elif isinstance(artist, LineCollection):
        pieces = [artist.get_transform().transform(piece) for piece in artist.get_segments()]
    else:
        pieces = []
    ends = [np.stack([piece[:-1], piece[1:]], axis=1) for piece in pieces if len(piece) > 1]
    ends += [np.stack([piece, piece], axis=1) for piece in pieces if len(piece) == 1]
    return np.concatenate(ends) if ends else np.empty((0, 2, 2))


def _hits(segments: np.ndarray, corners: np.ndarray) -> bool:
    """Whether one of the segments, taken to be a fifth of a millimetre wide, meets a polygon."""
    near = (segments.max(axis=1) >= corners.min(axis=0)).all(axis=1)
    near &= (segments.min(axis=1) <= corners.max(axis=0)).all(axis=1)
    return any(_overlap(np.vstack([one, one[::-1]]) + WIDTH, corners) for one in segments[near])
