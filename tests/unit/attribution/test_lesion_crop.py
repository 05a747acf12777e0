import numpy as np
import pytest
import SimpleITK as sitk
from helpers.explained import explained_patient

from mrelevance.attribution.inputs import ExplainedPatient
from mrelevance.attribution.lesion_crop import CropShape, crop_largest_lesion
from mrelevance.runtime.errors import InputError

SHAPE = (20, 30, 40)
SMALL = CropShape((8, 8, 8), divisor=8, block=4)


def patient(**lesions) -> ExplainedPatient:
    """A patient with lesions (region, lesion, box) on a grid of 1 x 2 x 3 mm."""
    image = np.arange(2 * np.prod(SHAPE), dtype=np.float32).reshape(2, *SHAPE)
    masks = {}
    for name, box in lesions.items():
        kind, number = name.split("_")
        masks[kind, int(number)] = np.zeros(SHAPE, bool)
        masks[kind, int(number)][box] = True
    grid = sitk.GetImageFromArray(np.zeros(SHAPE, np.float32))
    grid.SetSpacing((1, 2, 3))
    grid.SetOrigin((5, -7, 9))
    return explained_patient(image, masks, baseline=-image, grid=grid)


def test_the_largest_true_positive_lies_in_the_middle():
    small, large = np.s_[1:3, 1:3, 1:3], np.s_[8:12, 14:18, 20:26]
    explained = patient(FN_1=np.s_[0:9, 0:9, 0:9], TP_2=small, TP_5=large)
    crop = crop_largest_lesion(explained, CropShape((8, 16, 16), divisor=8, block=4))
    assert (crop.patient, crop.lesion) == ("P1", 5)
    assert crop.image.shape == (2, 8, 16, 16) and int(crop.region.sum()) == 4 * 4 * 6
    np.testing.assert_array_equal(crop.image, explained.image[:, 6:14, 8:24, 15:31])
    np.testing.assert_array_equal(crop.baseline, -crop.image)
    where = explained.grid.TransformIndexToPhysicalPoint((15, 8, 6))
    assert crop.grid.GetOrigin() == pytest.approx(where)
    assert crop.grid.GetSpacing() == (1, 2, 3) and crop.grid.GetSize() == (16, 16, 8)


def test_a_crop_at_the_edge_or_of_a_short_image_stays_inside():
    crop = crop_largest_lesion(patient(TP_1=np.s_[0:2, 28:30, 0:2]), CropShape((64, 16, 16), 8, 4))
    assert crop.image.shape == (2, 16, 16, 16)  # 20 voxels are no multiple of 8
    assert int(crop.region.sum()) == 8


def test_a_lesion_larger_than_the_crop_is_cut():
    crop = crop_largest_lesion(patient(TP_1=np.s_[2:18, 5:25, 5:25]), SMALL)
    assert bool(crop.region.all())


def test_without_a_true_positive_there_is_nothing_to_cut():
    assert crop_largest_lesion(patient(FN_1=np.s_[0:2, 0:2, 0:2]), SMALL) is None


def test_an_image_that_is_too_short_is_refused():
    with pytest.raises(InputError, match="P1: a crop of 0 of the image's 20 voxels is too short"):
        crop_largest_lesion(patient(TP_1=np.s_[0:2, 0:2, 0:2]), CropShape((64, 64, 64), 32, 4))
