import numpy as np
import pytest
from helpers.figure_words import texts
from helpers.relevance_tables import BRAIN, STUDY, relevance_of, summary_of
from matplotlib.colors import same_color, to_rgba

from mrelevance.attribution.shares import share_matrix
from mrelevance.figures.agreement import draw
from mrelevance.figures.style import sequence_colours


@pytest.mark.parametrize(("sequences", "patients"), [(STUDY, 5), (BRAIN, 1)])
def test_agreement_sets_rules_beside_the_measurement(sequences, patients):
    relevance, _ = relevance_of(sequences, patients)
    figure = draw(relevance, summary_of(relevance), sequences)
    dots = {dots.get_gid(): dots for dots in figure.axes[1].collections}
    assert list(dots) == sequences
    rule = share_matrix(relevance, "epsilon", "relevance_pooled")
    truth = share_matrix(relevance, "shapley", "relevance_pooled")
    for sequence, colour in sequence_colours(sequences).items():
        expected = np.column_stack([truth[sequence], rule[sequence]])
        np.testing.assert_array_equal(dots[sequence].get_offsets(), expected)
        assert same_color(dots[sequence].get_facecolor()[0][:3], to_rgba(colour)[:3])
    assert f"/{patients}" in texts(figure)


def test_nothing_predicted_is_said():
    relevance, _ = relevance_of(BRAIN, 1)
    relevance["region"] = "FN"
    assert "No tumour was predicted" in texts(draw(relevance, summary_of(relevance), BRAIN))
