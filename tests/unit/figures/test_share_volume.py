import numpy as np
import pytest
from helpers.figure_words import texts
from helpers.volumes import SHAPE, SPACING, volumes

from mrelevance.figures.share_volume import share_volume
from mrelevance.figures.slices import crop_around
from mrelevance.runtime.errors import InputError


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
