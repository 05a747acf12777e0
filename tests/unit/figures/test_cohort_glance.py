import numpy as np
import pandas as pd
import pytest
from helpers.figure_words import texts
from helpers.volumes import SPACING, volumes

from mrelevance.figures.catalogue import FIGURES
from mrelevance.figures.cohort_glance import cohort_glance
from mrelevance.figures.plotting import plot
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import write_table

LESION_COLUMNS = ["patient", "split", "type", "diameter_mm"]


@pytest.mark.parametrize("kind", ["cyst", "unknown"])
def test_cohort_glance(lesion, kind):
    split = pd.DataFrame({"patient": ["1", "2", "3"], "split": ["train", "train", "test"]})
    lesions = pd.DataFrame(
        {
            "patient": ["1", "1", "3"],
            "split": ["train", "train", "test"],
            "type": kind,
            "diameter_mm": [5.0, 9.0, 7.0],
        }
    )
    figure = cohort_glance(split, lesions, volumes(4), lesion, SPACING, list("abcd"), "3", seed=0)
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks == ["train\n2 patients", "test\n1 patient"]
    *dots, medians = (drawn.get_offsets()[:, 1] for drawn in figure.axes[0].collections)
    np.testing.assert_array_equal(np.concatenate(dots), [2, 0, 1])
    np.testing.assert_array_equal(medians, [1, 1])
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert ("labelled lesions" in labels) == (kind != "unknown")
    assert [axes.get_title() for axes in figure.axes[-4:]] == list("abcd")
    image = volumes(4)
    without = cohort_glance(
        split, lesions, image, lesion & False, SPACING, list("abcd"), "3", seed=0
    )
    assert "patient 3: middle slice, no labelled tumour" in texts(without)
    np.testing.assert_array_equal(without.axes[-4].images[0].get_array(), image[0, 3])
    with pytest.raises(InputError, match="patient 3: 3 sequences, but 4 channels"):
        cohort_glance(split, lesions, volumes(4), lesion, SPACING, list("abc"), "3", seed=0)


def test_the_first_test_patient_is_read_from_its_files(results, inputs_of):
    paths = inputs_of(FIGURES["cohort_glance"])
    split = pd.DataFrame({"patient": ["P7", "P8"], "split": ["test", "train"]})
    lesions = pd.DataFrame([["P7", "test", "cyst", 9.0]], columns=LESION_COLUMNS)
    write_table(split, paths["split"])
    write_table(lesions, paths["lesions"])
    figure = plot("cohort_glance", paths, {"sequences": ["T1", "T2"], "seed": 0})
    assert "patient P7: slice with the most labelled tumour" in texts(figure)
    shown = figure.axes[-1].images[0].get_array()
    np.testing.assert_allclose(shown, volumes(2)[1, 2], rtol=1e-5)
