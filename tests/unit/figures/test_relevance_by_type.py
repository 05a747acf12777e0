import numpy as np
import pytest
from helpers.figure_words import texts
from helpers.relevance_tables import BRAIN, STUDY, relevance_of

from mrelevance.figures.relevance_by_type import draw
from mrelevance.runtime.errors import InputError


def test_each_lesion_is_shown_once():
    relevance, lesions = relevance_of(STUDY, 7)
    figure = draw(relevance, lesions, STUDY, "epsilon", seed=0)
    assert "cyst\nn = 7" in texts(figure) and "metastasis\nn = 7" in texts(figure)
    dots = np.concatenate([dots.get_offsets() for dots in figure.axes[0].collections])
    shown = dots[np.round(dots[:, 0]) == STUDY.index("T2"), 1]
    expected = relevance.query("method == 'epsilon' and lesion == 1 and sequence == 'T2'")
    np.testing.assert_array_equal(np.sort(shown), np.sort(expected["relevance_pooled"]))


def test_the_bar_is_the_median():
    relevance, lesions = relevance_of(STUDY, 7)
    axes = draw(relevance, lesions, STUDY, "epsilon", seed=0).axes[0]
    places = np.concatenate([line.get_xydata() for line in axes.lines if line.get_marker() == "_"])
    bars = {(x, y) for x, y in places.tolist() if not np.isnan(y)}
    own = relevance.query("method == 'epsilon' and lesion == 1")
    medians = own.groupby("sequence")["relevance_pooled"].median()
    assert bars == {(float(x), medians[sequence]) for x, sequence in enumerate(STUDY)}


def test_the_same_seed_scatters_the_dots_in_the_same_way():
    relevance, lesions = relevance_of(STUDY, 7)
    first, second, other = (
        draw(relevance, lesions, STUDY, "epsilon", seed).axes[0].collections[0].get_offsets()
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert (first[:, 0] != other[:, 0]).all()


def test_no_true_positive_is_said():
    relevance, lesions = relevance_of(BRAIN, 1)
    relevance["region"] = "FN"
    assert "No true positive" in texts(draw(relevance, lesions, BRAIN, "epsilon", seed=0))


def test_unknown_types_share_one_panel():
    relevance, lesions = relevance_of(BRAIN, 1, types=("unknown",))
    figure = draw(relevance, lesions, BRAIN, "epsilon", seed=0)
    assert "type unknown\nn = 1" in texts(figure)
    measured = relevance["method"] == "shapley"
    with pytest.raises(InputError, match="none of the methods gamma, shapley"):
        draw(relevance[~measured], lesions, BRAIN, "gamma", seed=0)
