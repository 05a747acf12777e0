import numpy as np
import pandas as pd
import pytest
from helpers.figure_words import texts
from helpers.volumes import SPACING, volumes

from mrelevance.figures.patient_panels import (
    choose_lesion,
    lesion_title,
    no_lesion,
    patient_panels,
)
from mrelevance.figures.slices import crop_around
from mrelevance.runtime.errors import InputError


@pytest.mark.parametrize("sequences", [list("ab"), list("abcd"), list("abcdef"), list("abcdefgh")])
def test_patient_panels_show_every_sequence_and_share(lesion, sequences):
    image = volumes(len(sequences))
    shares = pd.Series(np.linspace(-0.2, 0.6, len(sequences)), index=sequences)
    figure = patient_panels(
        image, image * lesion, lesion, lesion, np.roll(lesion, 1, 2), SPACING, shares, "title"
    )
    titles = [axes.get_title() for axes in figure.axes[: len(sequences)]]
    assert [title.split()[0] for title in titles] == sequences
    assert titles[0].split()[1] == "\N{MINUS SIGN}0.20" and titles[-1].split()[1] == "0.60"
    assert "20 mm" in texts(figure)
    rows, columns = crop_around(lesion[2], SPACING[1:], 120)
    anatomy = figure.axes[1].images[0].get_array()
    np.testing.assert_array_equal(anatomy, image[1, 2][rows, columns])


def test_overlay_is_signed_and_transparent_at_zero(lesion):
    image = volumes(2)
    relevance = np.zeros_like(image)
    relevance[0, 2, 20, 30], relevance[1, 2, 20, 30] = 3.0, -1.0
    shares = pd.Series({"T1": 1.5, "T2": -0.5})
    figure = patient_panels(image, relevance, lesion, lesion, lesion, SPACING, shares, "title")
    positive, negative = (axes.images[1].get_array() for axes in figure.axes[:2])
    assert (positive[..., 3] > 0).sum() == (negative[..., 3] > 0).sum() == 1
    red, _, blue, opacity = positive[positive[..., 3] > 0][0]
    assert red > blue
    red, _, blue, less_opacity = negative[negative[..., 3] > 0][0]
    assert blue > red and less_opacity <= opacity


def test_region_without_relevance_is_drawn_without_colour(lesion):
    image = volumes(2)
    shares = pd.Series({"T1": np.nan, "T2": np.nan})
    figure = patient_panels(
        image, np.zeros_like(image), lesion, lesion, ~lesion, SPACING, shares, "title"
    )
    assert (figure.axes[0].images[1].get_array()[..., 3] == 0).all()
    assert figure.axes[0].get_title() == "T1   not defined"


def test_panels_refuse_what_does_not_fit(lesion):
    image, shares = volumes(2), pd.Series({"T1": 0.5, "T2": 0.5})
    with pytest.raises(InputError, match="patient 7: 2 sequences"):
        patient_panels(volumes(3), volumes(3), lesion, lesion, lesion, SPACING, shares, "patient 7")
    with pytest.raises(InputError, match="patient 7: the lesion has no voxel"):
        patient_panels(image, image, lesion & False, lesion, lesion, SPACING, shares, "patient 7")


def lesion_tables():
    rows = [
        ("01", "TP", 1, 1, 5.0),
        ("01", "TP", 2, 2, 1.0),
        ("02", "TP", 1, 1, 3.0),
        ("02", "TP", 2, 2, 9.0),
        ("02", "FN", 3, 3, 0.5),
        ("03", "FN", 1, 1, 0.7),
        ("03", "FP", 4, 0, 0.2),
    ]
    lesions = pd.DataFrame(rows, columns=["patient", "region", "region_id", "lesion", "volume_ml"])
    lesions["type"], lesions["diameter_mm"] = "cyst", 10.0
    relevance = lesions[["patient", "region", "lesion", "region_id"]].assign(
        method="deeplift", relevance=0.5
    )
    false_positive = relevance["region"] == "FP"
    relevance.loc[false_positive, "lesion"] = relevance.loc[false_positive, "region_id"]
    return lesions, relevance.drop(columns="region_id")


def test_lesion_is_chosen_by_the_stated_rule():
    lesions, relevance = lesion_tables()
    chosen = choose_lesion(lesions, relevance, "TP", "deeplift")
    assert (chosen["patient"], chosen["lesion"], chosen["volume_ml"]) == ("02", 1, 3.0)
    assert choose_lesion(lesions, relevance, "FN", "deeplift")["patient"] == "03"
    assert choose_lesion(lesions, relevance, "FP", "deeplift")["region_id"] == 4
    shuffled = lesions.sample(frac=1, random_state=0)
    assert choose_lesion(shuffled, relevance, "TP", "deeplift") == chosen


@pytest.mark.parametrize("region", ["TP", "FN", "FP"])
def test_no_lesion_of_a_region_is_none(region):
    lesions, relevance = lesion_tables()
    others = lesions[lesions["region"] != region]
    assert choose_lesion(others, relevance, region, "deeplift") is None
    assert choose_lesion(lesions.iloc[:0], relevance, region, "deeplift") is None


def test_lesions_without_relevance_are_not_chosen():
    lesions, relevance = lesion_tables()
    relevance.loc[relevance["patient"] == "03", "relevance"] = np.nan
    assert choose_lesion(lesions, relevance, "FN", "deeplift")["patient"] == "02"
    assert choose_lesion(lesions, relevance, "FN", "epsilon") is None
    assert "No false negative in the test patients." in texts(no_lesion("FN"))
    with pytest.raises(InputError, match="volume_ml is missing"):
        choose_lesion(lesions.drop(columns="volume_ml"), relevance, "FN", "deeplift")


def test_title_leaves_out_an_unknown_type():
    lesion = choose_lesion(*lesion_tables(), "TP", "deeplift")
    assert lesion_title(lesion, "deeplift").startswith("True positive: patient 02, cyst, 3 mL")
    assert "unknown" not in lesion_title(lesion | {"type": "unknown"}, "deeplift")
