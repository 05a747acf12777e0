import numpy as np
import pandas as pd
import pytest
from helpers.figure_words import texts

from mrelevance.figures.learning_curve import draw
from mrelevance.runtime.errors import InputError


def test_learning_curve_marks_the_weights_kept():
    history = pd.DataFrame(
        {
            "step": [10, 20, 30],
            "training_loss": [1.0, 0.5, 0.4],
            "validation_dice": [0.2, 0.8, 0.7],
        }
    )
    figure = draw(history)
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [1.0, 0.5, 0.4])
    assert "step 20, Dice 0.800" in texts(figure)
    alone = draw(history.assign(validation_dice=np.nan))
    assert len(alone.axes) == 1
    with pytest.raises(InputError, match="no epoch"):
        draw(history.iloc[:0])
    with pytest.raises(InputError, match="training_loss"):
        draw(history.drop(columns="training_loss"))
