import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mrelevance.figures import fitting, style

LONG = "T1-VIBE-Dixon-fat-saturated-120s"


def test_lines_fit_and_keep_every_letter():
    for text in (LONG, "order differs (tau 0.07), amounts differ", "unbreakable" * 5):
        for room in (12, 20, 40, 400):
            lines = fitting.wrapped(text, room, 7).split("\n")
            assert all(fitting.width_mm(line, 7) <= room for line in lines)
            assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert fitting.wrapped(LONG, 400, 7) == LONG


def test_names_are_broken_at_their_hyphens_and_sentences_at_words():
    assert fitting.wrapped(LONG, 25, 6.5).split("\n")[0].endswith("-")
    assert fitting.wrapped("see T1-pre", fitting.width_mm("T1-pre", 7) + 1, 7) == "see\nT1-pre"
    assert fitting.wrapped("one\n\ntwo", 40, 7) == "one\n\ntwo"


def test_width_is_that_of_the_font():
    assert fitting.width_mm("aa", 7) == pytest.approx(2 * fitting.width_mm("a", 7), rel=0.02)
    assert fitting.width_mm("a", 14) == pytest.approx(2 * fitting.width_mm("a", 7), rel=0.02)
    assert fitting.width_mm("a", 7, bold=True) > fitting.width_mm("a", 7)


@pytest.mark.parametrize(
    ("names", "room", "angle"),
    [
        (["T1", "T2"], 40, 0),
        (["T1-pre", "T1-20s", "T1-60s", "T1-120s", "T1-15min", "T2"], 40, 40),
        ([LONG, "T2"], 60, 0),
        ([LONG] * 12, 40, 90),
    ],
)
def test_names_of_an_axis_are_turned_where_they_need_it(names, room, angle):
    axes = Figure().subplots()
    fitting.name_axis(axes, names, room)
    labels = axes.get_xticklabels()
    assert [label.get_text().replace("\n", "") for label in labels] == names
    assert {label.get_rotation() for label in labels} == {angle}


def test_headings_and_legends_make_a_figure_higher_by_their_further_lines():
    figure = style.new_figure(style.COLUMN_MM, 60)
    fitting.heading(figure, "short")
    assert fitting.size_mm(figure) == pytest.approx((style.COLUMN_MM, 60))
    fitting.heading(figure, "a long heading " * 12)
    lines = figure.get_suptitle().count("\n")
    expected = 60 + fitting.height_mm(lines, fitting.HEADING_POINTS)
    assert lines > 1 and fitting.size_mm(figure)[1] == pytest.approx(expected)
    fitting.legend_below(figure, [Line2D([], [], label=LONG) for _ in range(6)])
    assert fitting.size_mm(figure)[1] > expected + 5


def test_a_further_line_stands_above_the_heading():
    figure = style.new_figure(style.COLUMN_MM, 60)
    fitting.head_further(figure, "region: core")
    assert figure.get_suptitle() == "region: core"
    fitting.head_further(figure, "another line")
    assert figure.get_suptitle() == "another line\nregion: core"


def test_panels_stand_side_by_side_while_names_fit():
    assert fitting.most_columns(["a"] * 6, 180, 8) == 7
    assert fitting.most_columns(["a"] * 60, 180, 8) == 1
