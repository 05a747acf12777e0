import numpy as np
import pandas as pd
import pytest
from helpers.relevance_tables import BRAIN, STUDY
from matplotlib.colors import same_color

from mrelevance.figures.motion_correction import draw
from mrelevance.figures.style import sequence_colours
from mrelevance.runtime.errors import InputError


def motion_of(sequences, patients, truth):
    error = [4.0, 1.0] if truth else [np.nan, np.nan]
    names = ["error", "landmark_error"]
    return pd.DataFrame(
        [
            {
                "patient": str(p),
                "sequence": sequence,
                "flag": "check" if p == 0 and sequence == "T2" else "good",
                "similarity_before": 0.4,
                "similarity_after": 0.6 + p / 100,
                **{f"{name}_before_mm": error[0] for name in names},
                **{f"{name}_after_mm": error[1] for name in names},
            }
            for p in range(patients)
            for sequence in sequences
        ]
    )


def test_motion_with_truth_has_errors_and_without_only_similarity():
    with_truth = draw(motion_of(STUDY, 3, truth=True), STUDY, "T1-15min")
    assert [axes.get_ylabel().split()[0] for axes in with_truth.axes] == [
        "mean",
        "mean",
        "similarity",
    ]
    assert with_truth.get_suptitle() == "15 registrations: 14 good, 1 check, 0 failed"
    without = draw(motion_of(BRAIN, 1, truth=False), BRAIN, "FLAIR")
    assert len(without.axes) == 1
    labels = [label.get_text() for label in without.axes[0].get_xticklabels()]
    assert labels == ["T1", "T1KS", "T2"]
    colours = sequence_colours(BRAIN)
    assert same_color(without.axes[0].lines[0].get_color(), colours["T1"])
    np.testing.assert_array_equal(without.axes[0].lines[0].get_ydata(), [0.4, 0.6])


def test_motion_of_the_fixed_sequence_alone_is_refused():
    with pytest.raises(InputError, match="no row for any moving sequence"):
        draw(motion_of(["FLAIR"], 2, truth=False), BRAIN, "FLAIR")
