import numpy as np
import pytest
from helpers.figure_words import texts

from mrelevance.figures.prototypes import draw
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2", "FLAIR"]


@pytest.fixture
def maps():
    return np.random.default_rng(0).normal(0.1, 1, (2, 3, 33, 33, 33))


@pytest.fixture
def prototypes(tmp_path, maps):
    path = tmp_path / "prototypes.npz"
    np.savez_compressed(path, types=["HCC", "cyst"], lesions=[4, 1], maps=maps)
    return path


def test_each_type_has_a_row(prototypes, maps):
    figure = draw(prototypes, SEQUENCES, "epsilon")
    pictures = [axes for axes in figure.axes if axes.images]
    assert len(pictures) == 6 and pictures[0].get_ylabel() == "HCC\nn = 4"
    np.testing.assert_array_equal(pictures[4].images[0].get_array(), maps[1, 1, 16])
    part = maps[0, 0].sum() / maps[0].sum()
    assert f"{part:.2f}".replace("-", "\N{MINUS SIGN}") in texts(figure)


def test_sequences_that_do_not_fit_are_refused(prototypes):
    with pytest.raises(InputError, match=r"expected maps of 2 sequences \(T1, T2\), found 3"):
        draw(prototypes, SEQUENCES[:2], "epsilon")


def test_no_true_positive_is_said(tmp_path):
    np.savez(tmp_path / "none.npz", types=np.array([], str), lesions=[], maps=[])
    assert "No true positive" in texts(draw(tmp_path / "none.npz", SEQUENCES, "epsilon"))
