import pandas as pd
import pytest

from mrelevance.evaluation import perturbation as perturbed
from mrelevance.evaluation.maps import summarise_perturbation
from mrelevance.figures.perturbation import draw
from mrelevance.figures.style import save

METHODS = ["random", "deeplift", "epsilon"]


@pytest.fixture
def curves() -> pd.DataFrame:
    rows = []
    for patient in ("P1", "P2", "P3"):
        for method, gain in zip(METHODS, (0.0, 1.0, 0.4), strict=True):
            for units in ("all_sequences", "one_sequence"):
                for replacement in ("baseline", "noise"):
                    for order, sign in (("most_relevant", 1), ("least_relevant", -1)):
                        for step, share in enumerate((0, 0.01, 0.1, 1)):
                            lost = share + sign * gain * share * (1 - share)
                            margin = 8 * (1 - lost)
                            rows.append([
                                *[patient, 1, method, units, replacement, order, step],
                                *[round(100 * share), share, margin],
                            ])  # fmt: skip
    return pd.DataFrame(rows, columns=perturbed.COLUMNS)


def test_methods_are_ranked_by_the_area(curves, tmp_path):
    areas = summarise_perturbation(curves, 50, 0.95, 1)
    figure = draw(curves, areas)
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


def test_without_lesions_the_figure_says_so(curves):
    nothing = curves.iloc[:0]
    figure = draw(nothing, summarise_perturbation(nothing, 50, 0.95, 1))
    assert "No lesion was found" in figure.texts[0].get_text()
