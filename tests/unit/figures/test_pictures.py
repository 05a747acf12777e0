"""Figures drawn from volumes: the right slice, crop, outlines, scale and words."""

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from mrelevance.figures.cohort_glance import cohort_glance
from mrelevance.figures.patient_panels import (
    choose_lesion,
    lesion_title,
    no_lesion,
    patient_panels,
)
from mrelevance.figures.share_volume import share_volume
from mrelevance.figures.slices import bar_length_mm, crop_around, largest_slice, radiological
from mrelevance.runtime.errors import InputError

SPACING = (4.0, 3.0, 3.0)
SHAPE = (6, 50, 60)


@pytest.fixture
def lesion():
    mask = np.zeros(SHAPE, bool)
    mask[1, 20:24, 30:34] = True
    mask[2, 18:26, 28:36] = True
    return mask


def volumes(sequences):
    generator = np.random.default_rng(0)
    return generator.normal(size=(sequences, *SHAPE))


def texts(figure):
    figures = [figure, *figure.subfigs]
    found = [text.get_text() for part in figures for text in part.texts]
    found += [part._suptitle.get_text() for part in figures if part._suptitle]
    for axes in figure.axes:
        found += [axes.get_title(), *(text.get_text() for text in axes.texts)]
    return found


def test_largest_slice(lesion):
    assert largest_slice(lesion) == 2


def test_crop_holds_the_lesion_and_stays_inside(lesion):
    rows, columns = crop_around(lesion[2], SPACING[1:], 60)
    assert (rows, columns) == (slice(12, 32), slice(22, 42))
    corner = np.zeros(SHAPE[1:], bool)
    corner[0, 59] = True
    rows, columns = crop_around(corner, SPACING[1:], 60)
    assert (rows, columns) == (slice(0, 20), slice(40, 60))
    wide = np.ones(SHAPE[1:], bool)
    assert crop_around(wide, SPACING[1:], 60) == (slice(0, 50), slice(0, 60))


def test_radiological_view_follows_the_direction_in_the_header():
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((1.0, 2.0, 3.0))
    shown, spacing = radiological(image)
    np.testing.assert_array_equal(shown, array)
    assert spacing == (3.0, 2.0, 1.0)
    image.SetDirection((1, 0, 0, 0, -1, 0, 0, 0, 1))
    np.testing.assert_array_equal(radiological(image)[0], array[:, ::-1])
    both = sitk.JoinSeries([image, image + 1])
    shown, spacing = radiological(both)
    np.testing.assert_array_equal(shown, [array[:, ::-1], array[:, ::-1] + 1])
    assert spacing == (3.0, 2.0, 1.0)


def test_scale_bar_is_a_round_quarter():
    assert [bar_length_mm(width) for width in (336, 120, 60, 2)] == [100, 20, 10, 1]


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


@pytest.mark.parametrize("sequences", [list("abcd"), list("abcdef")])
def test_share_volume_pools_by_the_normaliser(lesion, sequences):
    generator = np.random.default_rng(0)
    shares = np.moveaxis(generator.dirichlet(np.ones(len(sequences)), size=SHAPE), -1, 0)
    normaliser = generator.uniform(1, 2, SHAPE)
    shares[:, 2, 20, 30] = 0  # no share is defined here
    figure = share_volume(
        shares, normaliser, volumes(len(sequences)), lesion, SPACING, sequences, "patient 7"
    )
    used = lesion.copy()
    used[2, 20, 30] = False
    expected = [np.average(share[used], weights=normaliser[used]) for share in shares]
    pooled = next(axes for axes in figure.axes if axes.get_ylabel() == "pooled share")
    np.testing.assert_allclose(pooled.collections[0].get_offsets()[:, 1], expected)
    overlay = figure.axes[0].images[1].get_array()
    rows, columns = crop_around(lesion[2], SPACING[1:], 120)
    assert overlay[20 - rows.start, 30 - columns.start, 3] == 0
    assert overlay[21 - rows.start, 30 - columns.start, 3] > 0


def test_share_volume_leaves_out_sums_that_cancel(lesion):
    shares = np.full((2, *SHAPE), 0.5)
    normaliser = np.where(lesion, 1.0, np.random.default_rng(0).normal(size=SHAPE))
    figure = share_volume(shares, normaliser, volumes(2), lesion, SPACING, ["a", "b"], "patient 7")
    pooled = next(axes for axes in figure.axes if axes.get_ylabel() == "pooled share")
    assert len(pooled.collections) == 1


def test_share_volume_without_tumour_says_so(lesion):
    image = volumes(2)
    figure = share_volume(image, image[0], image, lesion & False, SPACING, ["a", "b"], "patient 7")
    assert "patient 7: no tumour was predicted." in texts(figure)
    with pytest.raises(InputError, match="do not fit"):
        share_volume(image, image[0], image, lesion, SPACING, ["a"], "patient 7")


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
    counts = np.concatenate([dots.get_offsets()[:, 1] for dots in figure.axes[0].collections])
    np.testing.assert_array_equal(counts, [2, 0, 1])
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert ("labelled lesions" in labels) == (kind != "unknown")
    assert [text for text in texts(figure) if text in list("abcd")] == list("abcd")
    image = volumes(4)
    without = cohort_glance(
        split, lesions, image, lesion & False, SPACING, list("abcd"), "3", seed=0
    )
    assert "patient 3: middle slice, no labelled tumour" in texts(without)
    np.testing.assert_array_equal(without.axes[-4].images[0].get_array(), image[0, 3])
    with pytest.raises(InputError, match="patient 3: 3 sequences, but 4 channels"):
        cohort_glance(split, lesions, volumes(4), lesion, SPACING, list("abc"), "3", seed=0)
