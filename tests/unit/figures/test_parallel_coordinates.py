from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.figure_words import texts
from helpers.relevance_tables import BRAIN, STUDY, relevance_of, summary_of
from jinja2 import Template
from matplotlib.colors import same_color

from mrelevance.analysis.sequences import friedman
from mrelevance.attribution.shares import share_matrix
from mrelevance.figures.parallel_coordinates import draw, parallel_coordinates
from mrelevance.figures.style import sequence_colours


@pytest.mark.parametrize(
    ("sequences", "patients"), [(STUDY, 20), (BRAIN, 1), (list("abcdefghi"), 3)]
)
def test_parallel_coordinates_draw_the_table(sequences, patients):
    relevance, _ = relevance_of(sequences, patients)
    figure = draw(relevance, friedman(relevance), summary_of(relevance), sequences)
    panels = {axes.get_title("left"): axes for axes in figure.axes}
    assert list(panels)[:3] == ["alpha1-beta0 (z+)", "epsilon", "exact Shapley value"]
    axes = panels["epsilon"]
    lines = {line.get_gid(): line.get_ydata() for line in axes.lines}
    matrix = share_matrix(relevance, "epsilon", "relevance_pooled")
    for patient, shares in matrix.iterrows():
        np.testing.assert_array_equal(lines[f"patient {patient}"], shares)
    np.testing.assert_array_equal(lines["median"], matrix.median())
    measured = share_matrix(relevance, "shapley", "relevance_pooled")
    np.testing.assert_array_equal(lines["measured median"], measured.median())
    assert [label.get_text() for label in axes.get_xticklabels()] == sequences
    colours = list(sequence_colours(sequences).values())
    assert all(map(same_color, axes.collections[0].get_facecolors(), colours))
    assert f"n = {patients}" in texts(figure)


def test_parallel_coordinates_follow_the_configured_order():
    relevance, _ = relevance_of(STUDY, 4)
    figure = draw(relevance, friedman(relevance), summary_of(relevance), STUDY[::-1])
    lines = {line.get_gid(): line.get_ydata() for line in figure.axes[0].lines}
    expected = share_matrix(relevance, "alpha1_beta0", "relevance_pooled").loc["02", STUDY[::-1]]
    np.testing.assert_array_equal(lines["patient 02"], expected)


def test_parallel_coordinates_count_what_leaves_the_axis_and_give_verdicts():
    relevance, _ = relevance_of(STUDY, 20)
    wild = (relevance["method"] == "epsilon") & (relevance["patient"] == "03")
    relevance.loc[wild, "relevance_pooled"] = [-30, 31, 0, 0, 0, 0] * 3
    summary = summary_of(relevance)
    figure = draw(relevance, friedman(relevance), summary, STUDY)
    shown = texts(figure)
    assert "1 beyond the axis" in shown and "misleading:" in shown and "W = " in shown
    low, high = figure.axes[0].get_ylim()
    assert -2 < low < 0 < high < 2


def test_nothing_predicted_is_said():
    relevance, _ = relevance_of(BRAIN, 1)
    relevance["region"] = "FN"
    figure = draw(relevance, friedman(relevance), summary_of(relevance), BRAIN)
    assert "No tumour was predicted" in texts(figure)


def test_another_measure_is_drawn_from_its_column():
    relevance, _ = relevance_of(BRAIN, 3)
    relevance["relevance"] = relevance["relevance_pooled"][::-1].to_numpy()
    figure = parallel_coordinates(
        relevance, BRAIN, friedman(relevance), summary_of(relevance), "relevance"
    )
    lines = {line.get_gid(): line.get_ydata() for line in figure.axes[1].lines}
    matrix = share_matrix(relevance, "epsilon", "relevance")
    np.testing.assert_array_equal(lines["patient 01"], matrix.loc["01"])


def test_sampled_shapley_values_are_named_so_with_their_standard_error():
    relevance, _ = relevance_of(STUDY, 3)
    measured = relevance["method"] == "shapley"
    relevance.loc[measured, "standard_error"] = np.linspace(0.01, 0.02, measured.sum())
    figure = draw(relevance, friedman(relevance), summary_of(relevance), STUDY)
    panels = {axes.get_title("left"): axes for axes in figure.axes}
    assert "exact" not in texts(figure) and "standard error" in texts(figure)
    bars = {bar.get_gid(): bar for bar in panels["Shapley value, sampled"].collections}
    shares = share_matrix(relevance, "shapley", "relevance_pooled")
    errors = share_matrix(relevance, "shapley", "standard_error")
    for patient in shares.index:
        segments = np.array(bars[f"standard error {patient}"].get_segments())
        np.testing.assert_allclose(segments[:, 0, 1], (shares - errors).loc[patient])
        np.testing.assert_allclose(segments[:, 1, 1], (shares + errors).loc[patient])
    assert not any("standard" in str(bar.get_gid()) for bar in panels["epsilon"].collections)


def test_a_standard_error_of_zero_means_exact_values():
    relevance, _ = relevance_of(STUDY, 3)
    relevance.loc[relevance["method"] == "shapley", "standard_error"] = 0.0
    figure = draw(relevance, friedman(relevance), summary_of(relevance), STUDY)
    assert "exact Shapley value" in texts(figure) and "standard error" not in texts(figure)


@pytest.mark.parametrize(("count", "kind"), [(8, "exact"), (9, "standard error")])
def test_the_caption_says_whether_values_are_exact(count, kind):
    path = Path(__file__).parents[3] / "workflow/report/parallel_coordinates.rst"
    study = SimpleNamespace(config={"sequences": [f"S{k}" for k in range(count)]})
    caption = " ".join(Template(path.read_text()).render(snakemake=study).split())
    assert kind in caption and ("exact" in caption) == (count == 8)
    assert "reproduce. *The halves*" in caption or "in each patient. *The halves*" in caption
