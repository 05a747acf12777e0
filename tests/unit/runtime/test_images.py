import numpy as np
import pytest
import SimpleITK as sitk

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import (
    check_same_geometry,
    first_channel,
    image_like,
    radiological,
    read_image,
    spacing_zyx,
    to_array,
    voxel_volume_ml,
    write_image,
)

VALUES = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)


@pytest.fixture
def grid():
    image = sitk.GetImageFromArray(VALUES[0])
    image.SetSpacing((2.0, 3.0, 4.0))
    image.SetOrigin((10.0, 20.0, 30.0))
    image.SetDirection((0, 1, 0, 1, 0, 0, 0, 0, -1))
    return image


def test_arrays_return_with_their_geometry(grid, tmp_path):
    write_image(image_like(VALUES, grid), tmp_path / "image.nii.gz")
    image = read_image(tmp_path / "image.nii.gz")
    assert np.array_equal(to_array(image), VALUES)
    assert np.array_equal(to_array(first_channel(image)), VALUES[0])
    check_same_geometry(first_channel(image), grid, "image")
    assert spacing_zyx(grid) == (4.0, 3.0, 2.0)
    assert voxel_volume_ml(grid) == pytest.approx(0.024)


def test_masks_are_stored_as_bytes(grid):
    image = image_like(VALUES[0] > 5, grid)
    assert image.GetPixelID() == sitk.sitkUInt8
    assert np.array_equal(to_array(image), VALUES[0] > 5)


def test_an_array_of_another_size_is_an_error(grid):
    with pytest.raises(ValueError, match=r"does not fit the grid \(3, 4, 5\)"):
        image_like(VALUES[0, :2], grid)


def test_another_size_is_an_error(grid):
    with pytest.raises(InputError, match=r"label: has \(5, 4, 2\) voxels, expected \(5, 4, 3\)"):
        check_same_geometry(grid[:, :, :2], grid, "label")


@pytest.mark.parametrize(
    ("change", "distance"),
    [
        (lambda image: image.SetOrigin((10.0, 20.0, 30.5)), "0.50"),
        (lambda image: image.SetSpacing((2.0, 3.5, 4.0)), "1.50"),
    ],
)
def test_another_geometry_is_an_error(grid, change, distance):
    other = sitk.Image(grid)
    change(other)
    with pytest.raises(InputError, match=f"label: its grid lies up to {distance} mm away"):
        check_same_geometry(other, grid, "label")


def test_rounding_of_headers_is_no_error(grid):
    other = sitk.Image(grid)
    other.SetOrigin((10.0, 20.0, 30.001))
    check_same_geometry(other, grid, "label")


def test_unusable_files_are_named(grid, tmp_path):
    with pytest.raises(InputError, match=r"patient 7: .*none\.nii does not exist; check"):
        read_image(tmp_path / "none.nii", "patient 7")
    (tmp_path / "text.nii").write_text("no image")
    with pytest.raises(InputError, match=r"text\.nii cannot be read as an image"):
        read_image(tmp_path / "text.nii")
    write_image(image_like(np.full_like(VALUES[0], np.nan), grid), tmp_path / "nan.mha")
    with pytest.raises(InputError, match=r"nan\.mha has NaN or infinite voxels"):
        read_image(tmp_path / "nan.mha")


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
