import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from mrelevance.figures import style

STUDY = ["T1-pre", "T1-20s", "T1-60s", "T1-120s", "T1-15min", "T2"]


def test_colours_are_stable_and_distinct():
    for sequences in (STUDY, ["FLAIR", "T1", "T1KS", "T2"], [f"S{k}" for k in range(12)], ["T1"]):
        colours = style.sequence_colours(sequences)
        assert list(colours) == sequences
        assert len(set(colours.values())) == len(sequences)
        assert colours == style.sequence_colours(sequences)
    assert style.sequence_colours([*STUDY, "DWI"]).items() >= style.sequence_colours(STUDY).items()


def test_grids():
    assert [style.grid_shape(n) for n in (1, 3, 4, 5, 6, 8)] == [
        (1, 1),
        (1, 3),
        (2, 2),
        (2, 3),
        (2, 3),
        (2, 4),
    ]
    for panels in range(1, 30):
        rows, columns = style.grid_shape(panels)
        assert (rows - 1) * columns < panels <= rows * columns


def test_saved_files_are_equal_byte_by_byte(tmp_path):
    for name in ("first", "second"):
        style.save(style.statement("No false negative."), tmp_path / name)
    for suffix in ("png", "svg", "pdf"):
        first = (tmp_path / f"first.{suffix}").read_bytes()
        assert first == (tmp_path / f"second.{suffix}").read_bytes()
        assert len(first) > 500
    assert sorted(path.suffix for path in tmp_path.iterdir()) == sorted(
        [".pdf", ".png", ".svg"] * 2
    )


def test_saved_places_are_rounded_and_stay_where_the_layout_put_them(tmp_path):
    with matplotlib.rc_context(style.STYLE):
        figure = style.new_figure(80, 60)
        upper, lower = figure.subfigures(2, 1)
        upper.subplots(1, 3)[1].set_title("a title in\ntwo lines")
        lower.subplots(1, 1).set_ylabel("label")
        figure.draw_without_rendering()
        laid_out = [axes.get_position(original=True).get_points() for axes in figure.axes]
        style.save_as(figure, tmp_path / "figure.svg")
    places = [axes.get_position(original=True).get_points() for axes in figure.axes]
    places += [part.bbox_relative.get_points() for part in figure.subfigs]
    assert all((place == place.round(6)).all() for place in places)
    np.testing.assert_allclose(places[:4], laid_out, atol=1e-6)


def test_style_ignores_and_keeps_the_callers_settings():
    @style.styled
    def draw() -> Figure:
        figure = style.new_figure(50, 50)
        figure.subplots().set_title("title")
        return figure

    with matplotlib.rc_context({"axes.titlesize": 40}):
        size = draw().axes[0].title.get_fontsize()
        assert matplotlib.rcParams["axes.titlesize"] == 40
    assert size == style.STYLE["axes.titlesize"]


def test_axis_of_shares_is_not_ruled_by_one_outlier():
    shares = [0.1] * 98 + [0.9, 50.0]
    low, high = style.share_limits(shares, shares[:1])
    assert high < 1 and low <= 0
    low, high = style.share_limits(shares, shares[:99])
    assert 0.9 < high < 1.1


def test_methods_have_readable_names_and_others_keep_theirs():
    assert style.method_name("my_rule") == "my_rule"
    assert style.method_name("shapley") == "Shapley value"
    assert style.method_name("epsilon-0.25") == "epsilon 0.25"


def test_scattering_depends_on_the_seed_alone_and_restores_the_generator():
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.uniform(size=2)  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    found = [np.random.uniform()]  # noqa: NPY002
    scattered = []
    for seed in (1, 1, 2):
        with style.scattering(seed):
            scattered.append(np.random.uniform())  # noqa: NPY002
    found.append(np.random.uniform())  # noqa: NPY002
    assert found == list(expected)
    assert scattered[0] == scattered[1] != scattered[2]


@pytest.mark.parametrize("axis", ["x", "y"])
def test_an_axis_from_zero_leaves_room_for_marks_at_its_other_end(axis):
    axes = Figure().subplots()
    values, places = [0.77, 0.78, np.nan], [5, 6, 7]
    axes.scatter(*((values, places) if axis == "x" else (places, values)))
    style.start_at_zero(axes, axis)
    low, high = getattr(axes, f"get_{axis}lim")()
    other = getattr(axes, f"get_{'y' if axis == 'x' else 'x'}lim")()
    assert low == 0 and high > 1.03 * 0.78
    assert other[0] > 4
