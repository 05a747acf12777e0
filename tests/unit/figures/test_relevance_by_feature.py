import numpy as np
import pytest
from helpers.figure_words import texts
from helpers.lesion_tables import (
    RESAMPLING,
    lesion_tables,
)

from mrelevance.analysis.lesion_features import feature_correlation, lesion_features
from mrelevance.figures.relevance_by_feature import draw


@pytest.mark.parametrize("truth_known", [True, False])
def test_relevance_by_feature_draws_labelled_lesions(truth_known):
    lesions, contrast, truth, relevance = lesion_tables()
    features = lesion_features(lesions, contrast, truth if truth_known else None)
    correlation = feature_correlation(relevance, features, ["epsilon"], **RESAMPLING)
    figure = draw(relevance, features, correlation, ["T1", "T2"], "epsilon")
    assert len(figure.axes) == 4  # two features of the one method in the table
    dots = {dots.get_gid(): dots.get_offsets() for dots in figure.axes[3].collections}
    measure = "contrast_to_noise" if truth_known else "contrast"
    own = features.query("region == 'TP' and sequence == 'T2'")
    np.testing.assert_allclose(np.sort(dots["TP"][:, 0]), np.sort(own[measure].abs()))
    shown = texts(figure)
    assert ("true contrast to noise" in shown) == truth_known
    (note,) = (text.get_text() for text in figure.axes[3].texts)
    assert figure.axes[3].get_title("left") == "T2"
    assert note.startswith(f"\N{GREEK SMALL LETTER RHO} {1 if truth_known else ''}")
