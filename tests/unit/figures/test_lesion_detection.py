import numpy as np
import pandas as pd
import pytest
from helpers.figure_words import texts

from mrelevance.figures.lesion_detection import draw, wilson_interval
from mrelevance.runtime.errors import InputError


def test_wilson_interval_of_a_published_example():
    # Newcombe, Statistics in Medicine 17 (1998), table I: 15/148 and 0/20.
    np.testing.assert_allclose(wilson_interval(15, 148), [0.0624, 0.1605], atol=5e-5)
    np.testing.assert_allclose(wilson_interval(0, 20), [0.0, 0.1611], atol=5e-5)
    assert wilson_interval(20, 20)[1] == 1


def test_lesion_detection_counts():
    lesions = pd.DataFrame(
        [
            ["TP", "cyst", 9.0],
            ["FN", "cyst", 5.0],
            ["TP", "metastasis", 40.0],
            ["TP", "metastasis", 10.0],
            ["FP", "unknown", 50.0],
        ],
        columns=["region", "type", "diameter_mm"],
    ).assign(patient="01")
    scores = pd.DataFrame(
        {"patient": ["01", "02"], "dice": [0.8, np.nan], "false_positives": [1, 0]}
    )
    figure = draw(lesions, scores)
    assert [text.get_text() for text in figure.axes[0].texts] == [
        "1/2",
        "1/1",
        "none",
        "none",
        "1/1",
    ]
    assert [text.get_text() for text in figure.axes[1].texts] == ["1/2", "2/2"]
    assert "sensitivity 0.75 (3 of 4 lesions)" in texts(figure)
    assert "0.50 false positives per patient" in texts(figure)
    assert "median Dice 0.80 (n = 1 of 2, the others without lesion)" in texts(figure)
    assert len(draw(lesions.assign(type="unknown"), scores).axes) == 3
    with pytest.raises(InputError, match="no patient"):
        draw(lesions, scores.iloc[:0])
