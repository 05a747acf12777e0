"""Fits words into the space of a figure: lines, headings, titles, legends, axes of sequences.

A figure has the width of a column or a page; what needs more lines makes it higher.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

MM_PER_POINT = 25.4 / 72
UNCERTAINTY = 1.03  # Pixels and formats draw the same letters a little wider or narrower.
LINE_SPACING = 1.25
TICK_POINTS, NOTE_POINTS, TITLE_POINTS, HEADING_POINTS, LEGEND_POINTS = 6.5, 6, 7.5, 7, 6.5
SLANT = 40  # degrees
LONGEST_SLANTED_MM, NARROWEST_SLANTED_MM = 24, 4.2  # of a slanted name, and of its slot
MOST_LINES = 3  # of a name on an x axis
NARROWEST_SLOT_MM = 2.6  # of a name on an x axis
# A line may be broken after these characters, which part the names of sequences and methods.
BREAKS = re.compile(r"(?<=[-_.,;:+/ ])")


@cache
def width_mm(text: str, points: float, bold: bool = False) -> float:
    """Width of a line of text in print."""
    font = FontProperties(family="DejaVu Sans", size=points, weight="bold" if bold else "normal")
    return (
        text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
        * MM_PER_POINT
        * UNCERTAINTY
    )


def height_mm(lines: int, points: float) -> float:
    """Height of lines of text in print."""
    return lines * LINE_SPACING * points * MM_PER_POINT


def wrapped(text: str, room_mm: float, points: float, bold: bool = False) -> str:
    """Text in lines that are no wider than `room_mm`.

    Lines are broken between words, in long names after a hyphen or the like, and inside a part of a
    name only if it alone is too wide.
    """
    return "\n".join(
        line
        for paragraph in text.split("\n")
        for line in _lines(paragraph, room_mm, points, bold) or [""]
    )


def _lines(text: str, room_mm: float, points: float, bold: bool) -> list[str]:
    lines, line = [], ""
    for word in re.findall(r"[^ ]+ *", text):
        if _fits(line + word, room_mm, points, bold):
            line += word
            continue
        # A name that fits a line of its own is not broken.
        parts = [word] if line and _fits(word, room_mm, points, bold) else BREAKS.split(word)
        for part in filter(None, parts):
            if line and not _fits(line + part, room_mm, points, bold):
                lines.append(line.rstrip())
                line = ""
            while not _fits(part, room_mm, points, bold) and len(part) > 1:
                count = next(
                    n for n in range(len(part) - 1, 0, -1)
                    if n == 1 or _fits(part[:n], room_mm, points, bold)
                )  # fmt: skip
                count = max(1, min(count, len(part) - 2))  # leaves more than a hyphen
                lines.append(part[:count])
                part = part[count:]
            line += part
    return [*lines, line.rstrip()] if line.strip() else lines


def _fits(text: str, room_mm: float, points: float, bold: bool) -> bool:
    return width_mm(text.rstrip(), points, bold) <= room_mm


def size_mm(part: Figure | SubFigure) -> tuple[float, float]:
    """Width and height of a figure, or of a part of it."""
    return tuple(
        float(side / part.figure.dpi * 25.4) for side in (part.bbox.width, part.bbox.height)
    )


def grow(part: Figure | SubFigure, more_mm: float) -> None:
    """Make the figure higher."""
    figure = part.get_figure(root=True)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + more_mm / 25.4)


def heading(
    part: Figure | SubFigure, text: str, points: float = HEADING_POINTS, **looks: str
) -> None:
    """Write a heading over a figure, in as many lines as it needs."""
    text = wrapped(text, size_mm(part)[0] - 8, points, looks.get("fontweight") == "bold")
    part.suptitle(text, fontsize=points, **looks)
    grow(part, height_mm(text.count("\n"), points))


def head_further(figure: Figure, line: str) -> None:
    """Put a line above the heading of a figure, which may have none."""
    known = figure.get_suptitle()
    if not known:
        heading(figure, line)
        grow(figure, height_mm(1, HEADING_POINTS) + 1)
        return
    title = next(text for text in figure.texts if text.get_text() == known)
    line = wrapped(line, size_mm(figure)[0] - 8, title.get_fontsize())
    title.set_text(f"{line}\n{known}")
    grow(figure, height_mm(line.count("\n") + 1, title.get_fontsize()))


def legend_below(part: Figure | SubFigure, handles: Sequence, **looks) -> None:
    """Legend under a figure, in as many columns as its width allows."""
    room = size_mm(part)[0] - 4
    widest = max(width_mm(handle.get_label(), LEGEND_POINTS) for handle in handles) + 9
    columns = max(1, min(len(handles), int(room / widest)))
    rows = -(-len(handles) // columns)
    columns = -(-len(handles) // rows)
    for handle in handles:
        handle.set_label(wrapped(handle.get_label(), room - 9, LEGEND_POINTS))
    lines = sum(handle.get_label().count("\n") for handle in handles)
    part.legend(handles=handles, loc="outside lower center", ncols=columns, **looks)
    grow(part, height_mm(rows - 1 + lines, LEGEND_POINTS) * 1.15)


def panel_titles(
    panels: Iterable[Axes],
    titles: Iterable[str],
    notes: Iterable[str],
    room_mm: float,
    bold: bool = True,
    points: float = TITLE_POINTS,
) -> None:
    """Titles over panels, each with a note in small type between title and panel.

    All titles of the row are raised by its longest note. `room_mm` is the width of a panel.
    """
    weight = "bold" if bold else "normal"
    notes = [wrapped(note, room_mm, NOTE_POINTS) for note in notes]
    most = max((note.count("\n") + 1 for note in notes if note), default=0)
    raised = most * LINE_SPACING * NOTE_POINTS + (6 if most else 4)
    for axes, title, note in zip(panels, titles, notes, strict=True):
        title = wrapped(title, room_mm, points, bold)
        axes.set_title(title, loc="left", fontsize=points, fontweight=weight, pad=raised)
        if note:
            axes.annotate(
                note, xy=(0, 1), xytext=(0, raised - 3), xycoords="axes fraction",
                textcoords="offset points", fontsize=NOTE_POINTS, va="top",
            )  # fmt: skip


def titles_mm(
    titles: Iterable[str], notes: Iterable[str], room_mm: float, points: float = TITLE_POINTS
) -> float:
    """Height of what `panel_titles` writes over a row of panels."""
    title = _most_lines(titles, room_mm, points, bold=True)
    note = _most_lines(notes, room_mm, NOTE_POINTS)
    return height_mm(title, points) + height_mm(note, NOTE_POINTS) + 3


def _most_lines(texts: Iterable[str], room_mm: float, points: float, bold: bool = False) -> int:
    return max(
        (wrapped(text, room_mm, points, bold).count("\n") + 1 for text in texts if text), default=0
    )


def name_axis(axes: Axes, names: Sequence[str], room_mm: float) -> None:
    """Label the x axis with names, turned if they need it; `room_mm` is the width of the axes."""
    angle = _angle(names, room_mm)
    turned = {"rotation": angle, "rotation_mode": "anchor", "ha": "right"}
    turned["va"] = "center" if angle == 90 else "top"
    if not angle:
        turned, names = {}, [wrapped(name, room_mm / len(names) - 1, TICK_POINTS) for name in names]
    axes.set_xticks(range(len(names)), names, **turned)
    axes.set_xlim(-0.6, len(names) - 0.4)


def names_mm(names: Sequence[str], room_mm: float) -> float:
    """Height of the labels that `name_axis` sets."""
    longest = max(width_mm(name, TICK_POINTS) for name in names)
    angle = _angle(names, room_mm)
    if angle == 90:
        return longest + 2
    if angle:
        return longest * 0.65 + 4
    return height_mm(_most_lines(names, room_mm / len(names) - 1, TICK_POINTS), TICK_POINTS) + 2


def _angle(names: Sequence[str], room_mm: float) -> int:
    """0, or how many degrees the labels of an axis are turned."""
    slot = room_mm / len(names)
    widest = max(width_mm(name, TICK_POINTS) for name in names)
    if widest <= slot - 1:
        return 0
    if slot >= NARROWEST_SLANTED_MM and widest <= LONGEST_SLANTED_MM:
        return SLANT
    parts = [width_mm(part, TICK_POINTS) for name in names for part in BREAKS.split(name)]
    fits = max(parts) <= slot - 1 and _most_lines(names, slot - 1, TICK_POINTS) <= MOST_LINES
    return 0 if fits else 90


def most_columns(names: Sequence[str], room_mm: float, beside_mm: float) -> int:
    """Most panels side by side on `room_mm` whose x axes name all of `names`.

    `beside_mm` is what a panel needs beside its axes.
    """
    narrowest = len(names) * NARROWEST_SLOT_MM
    return max(1, int(room_mm / (narrowest + beside_mm)))


def y_label(axes: Axes, text: str, room_mm: float) -> None:
    """Label of the y axis in lines that fit its height, `room_mm`."""
    axes.set_ylabel(wrapped(text, room_mm, HEADING_POINTS))


def row_names(names: Iterable[str], room_mm: float) -> list[str]:
    """Names of the rows of a plot in lines that fit the room beside it."""
    return [wrapped(name, room_mm, TICK_POINTS) for name in names]
