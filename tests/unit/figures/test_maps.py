"""Figures of the tests of maps show what their tables say."""

import numpy as np
import pandas as pd
import pytest

from mrelevance.evaluation import gallery
from mrelevance.evaluation import perturbation as perturbed
from mrelevance.evaluation.maps import SIMILARITY_COLUMNS, summarise_perturbation
from mrelevance.figures.map_gallery import map_gallery
from mrelevance.figures.perturbation import perturbation
from mrelevance.figures.randomisation import randomisation
from mrelevance.figures.style import save
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2"]
METHODS = ["random", "deeplift", "epsilon"]


@pytest.fixture
def curves() -> pd.DataFrame:
    rows = []
    for patient in ("P1", "P2", "P3"):
        for composite, gain in zip(METHODS, (0.0, 1.0, 0.4), strict=True):
            for units in ("all_sequences", "one_sequence"):
                for replacement in ("baseline", "noise"):
                    for order, sign in (("most_relevant", 1), ("least_relevant", -1)):
                        for step, share in enumerate((0, 0.01, 0.1, 1)):
                            lost = share + sign * gain * share * (1 - share)
                            margin = 8 * (1 - lost)
                            rows.append([
                                *[patient, 1, composite, units, replacement, order, step],
                                *[round(100 * share), share, margin],
                            ])  # fmt: skip
    return pd.DataFrame(rows, columns=perturbed.COLUMNS)


def test_methods_are_ranked_by_the_area(curves, tmp_path):
    areas = summarise_perturbation(curves, 50, 0.95, 1)
    figure = perturbation(curves, areas)
    top, bottom = figure.subfigs
    titles = [axes.get_title() for axes in top.axes if axes.get_title()]
    assert titles == ["DeepLIFT rescale", "epsilon", "drawn at random"]
    ranked, _ = bottom.axes
    assert [label.get_text() for label in ranked.get_yticklabels()] == titles
    shown = {dots.get_gid(): dots.get_offsets() for dots in ranked.collections if dots.get_gid()}
    assert set(shown) == {"baseline", "noise"}
    expected = areas.set_index(["method", "units", "replacement", "measure"])["median"]
    best = expected["deeplift", "all_sequences", "noise", "difference"]
    assert shown["noise"][0][0] == pytest.approx(best)
    line = next(line for line in top.axes[0].lines if line.get_gid() == "baseline most_relevant")
    assert list(line.get_xdata()) == [0.01, 0.1, 1] and line.get_ydata()[-1] == pytest.approx(0)
    save(figure, tmp_path / "perturbation")


def test_yardsticks_stand_above_the_methods():
    rows = [
        [composite, stage, name, 3, value, value, value, value, f"verdict on {composite}"]
        for composite, last in (("alpha1_beta0", 0.9), ("epsilon", 0.2), ("network_output", 0.1))
        for stage, (name, value) in enumerate([("trained", 1.0), ("output", 0.9), ("rest", last)])
    ]
    figure = randomisation(pd.DataFrame(rows, columns=SIMILARITY_COLUMNS))
    axes = figure.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["the network's output", "epsilon", "alpha1-beta0 (z+)"]
    texts = [text.get_text() for text in axes.texts]
    assert texts[:6] == ["0.90", "0.10", "0.90", "0.20", "0.90", "0.90"]
    assert texts[6:] == [f"verdict on {m}" for m in ("network_output", "epsilon", "alpha1_beta0")]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["output", "rest"]


def test_without_lesions_the_figures_say_so(curves):
    nothing = curves.iloc[:0]
    figure = perturbation(nothing, summarise_perturbation(nothing, 50, 0.95, 1))
    assert "No lesion was found" in figure.texts[0].get_text()
    figure = randomisation(pd.DataFrame(columns=SIMILARITY_COLUMNS))
    assert "No lesion was found" in figure.texts[0].get_text()


@pytest.fixture
def gallery_inputs():
    image = np.random.default_rng(0).normal(size=(2, 6, 16, 20))
    lesion = np.zeros(image.shape[1:], bool)
    lesion[2:5, 5:9, 6:12] = True
    maps = {"deeplift": image * lesion, "integrated_gradients": -image}
    rows = [
        ["P1", 4, "deeplift", 1, "convolution", "last", 1.0, 0.5, 0.5, 0.5],
        ["P1", 4, "deeplift", 2, "convolution", "first", 0.5, 0.25, 0.25, 0.25],
        ["P1", 4, "integrated_gradients", 1, "whole", "", 1.0, 0.93, 0.07, 0.93],
    ]
    return image, lesion, maps, pd.DataFrame(rows, columns=gallery.COLUMNS)


def test_the_gallery_has_a_row_per_method_and_a_column_per_sequence(gallery_inputs, tmp_path):
    image, lesion, maps, conservation = gallery_inputs
    figure = map_gallery(image, lesion, maps, conservation, (4.0, 3.0, 3.0), SEQUENCES)
    panels = figure.axes[:6]
    assert [axes.get_title() for axes in panels[:3]] == [
        "T1",
        "T2",
        "relevance left,\noutput \N{RIGHTWARDS ARROW} image",
    ]
    assert panels[3].get_ylabel() == "integrated\ngradients"
    overlay = panels[0].images[1].get_array()
    outside = ~lesion[2]
    assert (overlay[outside][:, 3] == 0).all(), "no relevance, no colour"
    kept = next(line for line in panels[2].lines if len(line.get_xdata()) == 4)
    assert list(kept.get_ydata()) == [1, 0.5, 0.25, 0.25]
    assert "0.93" in panels[5].texts[0].get_text()
    save(figure, tmp_path / "gallery")


def test_red_speaks_for_and_blue_against(gallery_inputs):
    image, lesion, maps, conservation = gallery_inputs
    figure = map_gallery(image, lesion, maps, conservation, (4.0, 3.0, 3.0), SEQUENCES)
    overlay = figure.axes[0].images[1].get_array()
    shown = lesion[2] & (np.abs(image[0, 2]) > 0.5)
    assert ((overlay[..., 0] > overlay[..., 2])[shown] == (image[0, 2] > 0)[shown]).all()


def test_a_gallery_that_does_not_fit_is_refused(gallery_inputs):
    image, lesion, maps, conservation = gallery_inputs
    with pytest.raises(InputError, match=r"gallery: 3 sequences, .* must come from one run"):
        map_gallery(image, lesion, maps, conservation, (4.0, 3.0, 3.0), [*SEQUENCES, "T3"])
    with pytest.raises(InputError, match="gallery: the lesion has no voxel"):
        map_gallery(image, lesion & False, maps, conservation, (4.0, 3.0, 3.0), SEQUENCES)
