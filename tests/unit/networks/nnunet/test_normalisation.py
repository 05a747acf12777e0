"""Each scheme against its formula, in double precision."""

import numpy as np
import pytest
from helpers import nnunet

from mrelevance.networks.nnunet.normalisation import SCHEMES, check_schemes, normalise
from mrelevance.runtime.errors import InputError

CT = nnunet.CT_INTENSITIES


def voxels():
    return np.random.default_rng(0).normal(50, 80, (5, 6, 7)).astype(np.float32)


def normalised(scheme, image, region=None, intensities=CT):
    result = image.copy()
    normalise(result, scheme, region, intensities, "channel T1")
    return result


def expected(scheme, image):
    x = image.astype(float)
    if scheme == "ZScoreNormalization":
        return (x - x.mean()) / np.sqrt(((x - x.mean()) ** 2).mean())
    if scheme == "CTNormalization":
        return (np.minimum(np.maximum(x, -50), 120) - 30) / 40
    if scheme == "RescaleTo01Normalization":
        return (x - x.min()) / (x.max() - x.min())
    if scheme == "RGBTo01Normalization":
        return x / 255
    return x


@pytest.mark.parametrize("scheme", SCHEMES)
def test_schemes_are_their_formulas(scheme):
    image = voxels()
    if scheme == "RGBTo01Normalization":
        image = image.clip(0, 255)
    np.testing.assert_allclose(normalised(scheme, image), expected(scheme, image), atol=1e-5)


def test_only_the_region_counts_and_changes():
    image = voxels()
    region = image > 0
    result = normalised("ZScoreNormalization", image, region)
    inside = image[region].astype(float)
    np.testing.assert_allclose(result[region], (inside - inside.mean()) / inside.std(), atol=1e-5)
    assert np.array_equal(result[~region], image[~region])


@pytest.mark.parametrize("scheme", ["ZScoreNormalization", "RescaleTo01Normalization"])
def test_an_image_of_one_intensity_becomes_zero(scheme):
    assert not normalised(scheme, np.full((3, 3, 3), 7, np.float32)).any()


def test_colours_outside_a_byte_are_refused():
    for image in (voxels().clip(-3, 255), voxels().clip(0, 300) + 100):
        with pytest.raises(InputError, match=r"channel T1: intensities from .* 0 to 255"):
            normalised("RGBTo01Normalization", image)


def test_unknown_schemes_and_missing_intensities_are_refused():
    with pytest.raises(InputError, match="normalization_schemes has Mine for channel 1"):
        check_schemes(("NoNormalization", "Mine"), ({}, {}), "plans.json")
    known = {key: value for key, value in CT.items() if key != "std"}
    with pytest.raises(InputError, match="lacks std of channel 0, which CTNormalization needs"):
        check_schemes(("CTNormalization",), (known,), "plans.json")
    check_schemes(("CTNormalization", "ZScoreNormalization"), (CT, {}), "plans.json")
