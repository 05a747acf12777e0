import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from mrelevance.evaluation import gallery
from mrelevance.figures.map_gallery import draw, map_gallery
from mrelevance.figures.style import save
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import image_like, write_image

SEQUENCES = ["T1", "T2"]


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


def test_volumes_are_read_from_the_folder(gallery_inputs, tmp_path):
    image, lesion, maps, conservation = gallery_inputs
    grid = sitk.Image(*lesion.shape[::-1], sitk.sitkUInt8)
    for name, voxels in {"image": image, "lesion": lesion, **maps}.items():
        write_image(image_like(voxels, grid), tmp_path / f"{name}.nii.gz")
    figure = draw(tmp_path, conservation, SEQUENCES)
    np.testing.assert_allclose(figure.axes[1].images[0].get_array(), image[1, 2])
    assert figure.axes[3].get_ylabel() == "integrated\ngradients"
    nothing = draw(tmp_path, conservation.iloc[:0], SEQUENCES)
    assert "No lesion was found" in nothing.texts[0].get_text()


def test_methods_that_do_not_apply_are_named(gallery_inputs, tmp_path):
    image, lesion, maps, conservation = gallery_inputs
    figure = map_gallery(
        image, lesion, maps, conservation, (4.0, 3.0, 3.0), SEQUENCES, ["seg_grad_cam_coarsest"]
    )
    title = figure.get_suptitle()
    assert title == "Patient P1, lesion 4\nnot applicable to this network: Seg-Grad-CAM"
    save(figure, tmp_path / "gallery")
    whole = map_gallery(image, lesion, maps, conservation, (4.0, 3.0, 3.0), SEQUENCES)
    assert whole.get_suptitle() == "Patient P1, lesion 4"
