import numpy as np
import SimpleITK as sitk

from mrelevance.runtime.images import radiological


def test_radiological_view_follows_the_direction_in_the_header():
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((1.0, 2.0, 3.0))
    shown, spacing = radiological(image)
    np.testing.assert_array_equal(shown, array)
    assert spacing == (3.0, 2.0, 1.0)
    image.SetDirection((1, 0, 0, 0, -1, 0, 0, 0, 1))
    np.testing.assert_array_equal(radiological(image)[0], array[:, ::-1])
    both = sitk.JoinSeries([image, image + 1])
    shown, spacing = radiological(both)
    np.testing.assert_array_equal(shown, [array[:, ::-1], array[:, ::-1] + 1])
    assert spacing == (3.0, 2.0, 1.0)
