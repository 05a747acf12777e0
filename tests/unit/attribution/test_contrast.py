import numpy as np
import pytest
from helpers.explained import explained_patient

from mrelevance.attribution.context import Zones, zone_names, zones_around
from mrelevance.attribution.contrast import contrast_table

SPACING = (4.0, 3.0, 3.0)
NAMES = zone_names(organ_known=False)


@pytest.fixture
def lesion():
    mask = np.zeros((10, 16, 16), bool)
    mask[4:6, 6:9, 6:9] = True
    return mask


def contrast_of(image, lesion, tumour):
    zones = Zones(NAMES, {("TP", 1): zones_around(lesion, SPACING, None)})
    patient = explained_patient(image, {}, lesions=tumour, sequences=["T1", "T2"])
    table = contrast_table(patient, zones)
    assert table[["patient", "region", "lesion"]].drop_duplicates().to_numpy().tolist() == [
        ["P1", "TP", 1]
    ]
    return table.set_index("sequence")["contrast"]


def test_contrast_is_in_standard_deviations_of_the_surroundings(lesion):
    image = np.random.default_rng(0).normal(10, 2, (2, *lesion.shape))
    image[0, lesion] += 6
    image[1, lesion] -= 4
    contrast = contrast_of(image, lesion, lesion)
    assert contrast["T1"] == pytest.approx(3, abs=0.4)
    assert contrast["T2"] == pytest.approx(-2, abs=0.4)
    np.testing.assert_allclose(contrast_of(5 * image + 3, lesion, lesion), contrast)


def test_another_lesion_nearby_does_not_count_as_surroundings(lesion):
    image = np.random.default_rng(0).normal(10, 2, (2, *lesion.shape))
    neighbour = np.zeros_like(lesion)
    neighbour[4:6, 9:13, 5:10] = True
    expected = contrast_of(image, lesion, lesion | neighbour)
    image[:, neighbour] = 1000
    np.testing.assert_array_equal(contrast_of(image, lesion, lesion | neighbour), expected)


def test_surroundings_that_do_not_vary_or_are_missing_give_no_contrast(lesion):
    image = np.ones((2, *lesion.shape))
    image[:, lesion] = 2
    assert contrast_of(image, lesion, lesion).isna().all()
    assert contrast_of(image, lesion, np.ones_like(lesion)).isna().all()
