import numpy as np
import pytest
from helpers.figure_words import texts
from helpers.volumes import SPACING, volumes

from mrelevance.figures.catalogue import FIGURES
from mrelevance.figures.plotting import plot
from mrelevance.figures.slices import crop_around
from mrelevance.runtime.errors import InputError

SETTINGS = {"sequences": ["T1", "T2"], "composite": "epsilon"}


def test_figure_2_shows_the_chosen_patient(inputs_of, lesion):
    figure = plot("true_positive", inputs_of(FIGURES["true_positive"]), SETTINGS, "tumour")
    assert "True positive: patient P8, cyst, 1 mL, 9 mm; epsilon" in texts(figure)
    assert [axes.get_title() for axes in figure.axes[:2]] == ["T1   0.30", "T2   0.70"]
    rows, columns = crop_around(lesion[2], SPACING[1:], 120)
    expected = volumes(2)[1, 2][rows, columns] + 10
    np.testing.assert_allclose(figure.axes[1].images[0].get_array(), expected, rtol=1e-5)


def test_figure_3_says_that_no_lesion_was_missed(inputs_of):
    figure = plot("false_negative", inputs_of(FIGURES["false_negative"]), SETTINGS, "tumour")
    assert "No false negative in the test patients." in texts(figure)


def test_shares_are_those_of_the_patient_of_figure_2(inputs_of):
    figure = plot("share_volume", inputs_of(FIGURES["share_volume"]), SETTINGS, "tumour")
    assert "Patient P8; epsilon" in texts(figure)
    pooled = next(axes for axes in figure.axes if axes.get_ylabel() == "pooled share")
    np.testing.assert_allclose(pooled.collections[0].get_offsets()[:, 1], 0.5)


def test_sequences_that_do_not_fit_the_images_are_refused(inputs_of):
    settings = SETTINGS | {"sequences": ["T1"]}
    with pytest.raises(InputError, match="must come from one run"):
        plot("share_volume", inputs_of(FIGURES["share_volume"]), settings, "tumour")
