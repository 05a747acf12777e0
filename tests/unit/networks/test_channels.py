import numpy as np
import pytest

from mrelevance.networks.channels import pick_channels
from mrelevance.runtime.errors import InputError

CHANNELS = ["T1", "T2", "FLAIR"]
VOXELS = np.arange(3 * 2 * 2 * 2).reshape(3, 2, 2, 2)


@pytest.mark.parametrize(
    ("sequences", "places"),
    [(CHANNELS, [0, 1, 2]), (["T2"], [1]), (["FLAIR", "T1"], [2, 0])],
)
def test_channels_come_in_the_order_asked(sequences, places):
    picked = pick_channels(VOXELS, CHANNELS, sequences, "image")
    np.testing.assert_array_equal(picked, VOXELS[places])


def test_image_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="patient 1, image: expected a channel PD, found only T1"):
        pick_channels(VOXELS, CHANNELS, ["T1", "PD"], "patient 1, image")
    for voxels, found in ((VOXELS[:2], 2), (VOXELS[0], 1)):
        message = rf"expected 3 channels \(T1, T2, FLAIR\), found {found}"
        with pytest.raises(InputError, match=message):
            pick_channels(voxels, CHANNELS, ["T1"], "image")
