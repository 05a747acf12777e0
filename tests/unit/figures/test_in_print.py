"""Every figure is checked as it is printed, for small and large studies."""

from importlib import import_module

import pytest
from helpers.print_faults import faults
from helpers.print_study import Study
from matplotlib.figure import Figure

from mrelevance.figures import style
from mrelevance.figures.catalogue import ENTRIES
from mrelevance.figures.fitting import head_further

LONG = [f"T1-VIBE-Dixon-fat-saturated-{seconds}s" for seconds in range(10, 22)]
# Sequences and number of test patients.
STUDIES = {
    "one": (LONG[:1], 1),
    "two": (["T1", "T2"], 20),
    "nine": (LONG[:9], 1),
    "twelve": (LONG, 20),
}
# With these alone, figures are drawn on which the number of sequences has no influence.
OF_PATIENTS = ("one", "twelve")
CASES = [
    (name, entry.name)
    for name in STUDIES
    for entry in ENTRIES
    if ("sequences" in entry.settings or name in OF_PATIENTS)
    and not (entry.target == "select" and name == "one")
]


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """Function that gives a study by its name, made once."""
    made = {}

    def study(name):
        if name not in made:
            made[name] = Study(tmp_path_factory.mktemp(name), *STUDIES[name])
        return made[name]

    return study


@pytest.mark.parametrize(("study", "name"), CASES)
def test_figure_can_be_printed(studies, study, name):
    entry = next(entry for entry in ENTRIES if entry.name == name)
    figure = import_module(f"mrelevance.figures.{name}").draw(**studies(study).inputs(entry))
    if entry.by_region and study == "two":
        head_further(figure, "region: whole tumour with oedema")
    assert faults(figure) == []


def drawn(*texts, height_mm=40, **looks):
    """A figure with one panel, a line across it, and texts at places inside the panel."""
    with style.matplotlib.rc_context(style.STYLE):
        figure = Figure(figsize=(style.COLUMN_MM / 25.4, height_mm / 25.4))
        axes = figure.add_axes((0.2, 0.2, 0.6, 0.6))
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        axes.plot([0, 1], [0.5, 0.5], gid="line")
        for x, y, words in texts:
            axes.text(x, y, words, **{"fontsize": 7, **looks})
    return figure


def test_a_clean_figure_has_no_faults():
    assert faults(drawn((0.1, 0.1, "below"), (0.1, 0.8, "above"))) == []


@pytest.mark.parametrize(
    ("texts", "looks", "fault"),
    [
        ([(0.1, 0.1, "small")], {"fontsize": 5.5}, "'small' has 5.5 pt"),
        ([(0.85, 0.1, "across")], {}, "crosses the frame of a panel"),
        ([(1.02, 0.1, "too long for the figure")], {}, "leaves the figure"),
        ([(0.1, 0.1, "one"), (0.12, 0.12, "two")], {}, "'one' overlaps 'two'"),
        ([(0.1, 0.47, "on the line")], {}, "'on the line' is crossed by line"),
        ([(0.1, 0.1, "1.1e+02 mL")], {}, "has: an exponent"),
        ([(0.1, 0.1, "tau -0.2")], {}, "has: a hyphen for a minus sign"),
        ([(0.1, 0.1, "the first 1 test patients")], {}, "has: a plural of one"),
        ([(0.1, 0.1, "tau nan")], {}, "has: a missing number"),
    ],
)
def test_faults_are_found(texts, looks, fault):
    (found,) = faults(drawn(*texts, **looks))
    assert fault in found


def test_slanted_names_side_by_side_do_not_overlap():
    apart = [(0.1, 0.6, "slanted"), (0.22, 0.6, "slanted")]
    assert faults(drawn(*apart, rotation=45, rotation_mode="anchor")) == []
    close = [(0.1, 0.6, "slanted"), (0.13, 0.6, "slanted")]
    assert "overlaps" in faults(drawn(*close, rotation=45, rotation_mode="anchor"))[0]


def test_pages_and_columns_are_the_sizes_of_figures():
    figure = drawn(height_mm=300)
    assert any("exceeds a page" in fault for fault in faults(figure))
    figure.set_size_inches(4, 2)
    assert any("neither a column nor a page" in fault for fault in faults(figure))
