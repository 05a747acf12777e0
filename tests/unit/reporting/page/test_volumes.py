"""Volumes that the report page holds: few bits, in their place, and small."""

import base64
import gzip

import nibabel
import numpy as np
import pytest
from helpers.report_study import AFFINE, CAPTIONS, finished_study

from mrelevance.reporting.page.page import write_page
from mrelevance.reporting.page.volumes import (
    affine_of_box,
    crop_box,
    encoded,
    encoded_image,
    encoded_relevance,
    place_of_mask,
)


def decoded(text: str) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image.from_bytes(gzip.decompress(base64.b64decode(text)))


def test_the_box_keeps_a_margin_inside_the_volume():
    marked = np.zeros((40, 30, 20), bool)
    marked[10:12, 1, 19] = True
    assert crop_box(marked, (2.0, 3.0, 5.0), 7) == (slice(6, 16), slice(0, 5), slice(17, 20))
    assert crop_box(np.zeros((4, 5, 6), bool), (1, 1, 1), 7) == tuple(
        map(slice, (0, 0, 0), (4, 5, 6))
    )


def test_voxels_of_the_box_stay_where_they_are():
    box = (slice(3, 9), slice(2, 5), slice(1, 4))
    moved = affine_of_box(AFFINE, box)
    assert moved @ [1, 1, 1, 1] == pytest.approx(AFFINE @ [4, 3, 2, 1])


def test_greys_return_the_values_inside_the_window():
    image = np.random.default_rng(0).normal(5, 2, (9, 8, 7, 2)).astype(np.float32)
    data, windows = encoded_image(image, AFFINE)
    stored = decoded(data)
    assert stored.get_data_dtype() == np.uint8 and (stored.affine == AFFINE).all()
    greys = np.asarray(stored.dataobj)
    for channel, (low, high) in enumerate(windows):
        found = low + greys[..., channel] / 255 * (high - low)
        expected = np.clip(image[..., channel], low, high)
        assert np.abs(found - expected).max() <= (high - low) / 255 / 2 + 1e-6


def test_an_empty_sequence_does_not_fail():
    data, (window,) = encoded_image(np.zeros((3, 3, 3, 1), np.float32), AFFINE)
    assert window[1] > window[0] and not np.asarray(decoded(data).dataobj).any()


def test_levels_return_relevance_with_its_sign_and_zero_is_zero():
    relevance = np.random.default_rng(1).normal(size=(6, 5, 4, 2))
    relevance[0] = 0
    found = encoded_relevance(relevance, AFFINE)
    levels = np.asarray(decoded(found["data"]).dataobj)
    assert levels.dtype == np.int8 and not levels[0].any()
    assert np.abs(levels * found["step"] - relevance).max() <= found["step"] / 2 + 1e-9
    assert found["step"] <= found["scale"] <= np.abs(relevance).max() + 1e-9
    empty = encoded_relevance(np.zeros((2, 2, 2, 1)), AFFINE)
    assert empty["step"] > 0 and empty["scale"] > 0


def test_equal_volumes_give_equal_text():
    volume = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert encoded(volume, AFFINE) == encoded(volume.copy(), AFFINE)


def test_the_place_of_a_hollow_lesion_lies_in_it():
    mask = np.zeros((9, 9, 3), bool)
    mask[2:7, 2:7, 1] = True
    mask[3:6, 3:6, 1] = False
    i, j, k, _ = np.linalg.inv(AFFINE) @ [*place_of_mask(mask, AFFINE), 1]
    assert mask[round(i), round(j), round(k)]


def test_a_page_beyond_its_limit_leaves_the_volumes_in_files(tmp_path):
    study = finished_study(tmp_path, 2, ("T1", "T2"))
    page, folder = tmp_path / "index.html", tmp_path / "patients"
    write_page(study, CAPTIONS, page, folder)
    whole = page.read_text()
    assert list(folder.iterdir()) == [] and whole.count("data-volumes=") == 2
    size = page.stat().st_size / 1e6
    write_page(study, CAPTIONS, page, folder, largest_mb=size - 0.01)
    assert sorted(path.name for path in folder.iterdir()) == ["P01.js", "P02.js"]
    assert 'data-volumes="' not in page.read_text()
    write_page(study, CAPTIONS, page, folder, largest_mb=size + 0.01)
    assert page.read_text() == whole and list(folder.iterdir()) == []
