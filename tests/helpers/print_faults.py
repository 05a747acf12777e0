"""Faults that a reader would see in a printed figure: small, cut, overlapping or crossed text."""

import re
import warnings
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from mrelevance.figures.style import COLUMN_MM, PAGE_HEIGHT_MM, PAGE_MM, STYLE

SMALLEST_POINTS = 6
ROUNDING = 1.5  # pixels that measures of text are uncertain by
UNREADABLE = {
    "an exponent": re.compile(r"\de[+-]?\d"),
    "a hyphen for a minus sign": re.compile(r"(?:^|[\s(\[,=])-\d"),
    "a missing number": re.compile(r"\bnan\b"),
    "a plural of one": re.compile(r"(?<![\d.,])\b1 (?:\w+ )?(?:patient|lesion|bar|registration)s\b"),
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
        figure.draw_without_rendering()  # lays the figure out
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
    for place, line in enumerate(lines):
        found += [
            f"{line} overlaps {other}"
            for other in lines[place + 1 :]
            if other.owner is not line.owner and _overlap(line.corners, other.corners)
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
    found = []
    for artist in (*axes.lines, *axes.collections):
        if not artist.get_visible() or (
            isinstance(artist, Line2D)
            and artist.get_linestyle() == "None"
            and not artist.get_marker()
        ):
            continue
        segments = _segments(artist)
        for line in open_lines:
            if artist.get_clip_on() and not _inside(line, axes.bbox):
                continue
            if any(_hits(segment, line.corners) for segment in segments):
                found.append(f"{line} is crossed by {artist.get_gid() or type(artist).__name__}")
    return found


def _has_background(text: Text) -> bool:
    patch = text.get_bbox_patch() if text is not None else None
    return patch is not None and patch.get_facecolor()[3] == 1


def _inside(line: Line, box) -> bool:
    middle = line.corners.mean(axis=0)
    return bool((middle > box.min).all() and (middle < box.max).all())


def _segments(artist) -> list[np.ndarray]:
    """Ends of the straight pieces of a line, (2, 2) each; a point is a piece without length."""
    if isinstance(artist, Line2D):
        points = artist.get_transform().transform(artist.get_xydata())
        if artist.get_linestyle() == "None":
            return [np.array([point, point]) for point in points]
        return [points[k : k + 2] for k in range(len(points) - 1)]
    if isinstance(artist, PathCollection):
        points = artist.get_offset_transform().transform(np.ma.filled(artist.get_offsets(), np.nan))
        return [np.array([point, point]) for point in points]
    if isinstance(artist, LineCollection):
        pieces = [artist.get_transform().transform(piece) for piece in artist.get_segments()]
        return [piece[k : k + 2] for piece in pieces for k in range(len(piece) - 1)]
    return []


def _hits(segment: np.ndarray, corners: np.ndarray) -> bool:
    if not np.isfinite(segment).all():
        return False
    low, high = corners.min(axis=0), corners.max(axis=0)
    if (segment.max(axis=0) < low).any() or (segment.min(axis=0) > high).any():
        return False
    return _overlap(np.vstack([segment, segment[::-1]]) + _WIDTH, corners)


# A segment is taken to be a fifth of a millimetre wide.
_WIDTH = np.array([[-1.0, -1.0], [-1.0, -1.0], [1.0, 1.0], [1.0, 1.0]])
