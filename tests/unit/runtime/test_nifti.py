"""The two geometries of a NIfTI header: where they differ, the user chooses."""

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.damage import RAS, noise, write_nifti

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import read_grid, read_image, to_array

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def moved(mm):
    affine = RAS.copy()
    affine[2, 3] += mm
    return affine


def turned(degrees):
    angle = np.radians(degrees)
    rotation = np.eye(4)
    rotation[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return rotation @ RAS


def place_of(image_or_grid, index):
    if isinstance(image_or_grid, sitk.Image):
        return image_or_grid.TransformIndexToPhysicalPoint(index)
    return tuple(image_or_grid.points(np.array([index]))[0])


@pytest.mark.parametrize("codes", [(1, 1), (2, 1), (1, 2), (4, 1)])
def test_geometries_that_differ_are_both_named(tmp_path, codes):
    path = write_nifti(tmp_path / "a.nii.gz", sform=RAS, qform=moved(8), codes=codes)
    for read in (read_image, read_grid):
        with pytest.raises(InputError) as error:
            read(path, "patient 7, sequence T2")
        text = str(error.value)
        assert f"sform (code {codes[0]}) and qform (code {codes[1]})" in text
        assert "up to 8.0 mm apart" in text and "set cohort.nifti_geometry" in text


@pytest.mark.parametrize("codes", [(1, 1), (2, 1), (1, 2)])
@pytest.mark.parametrize("other", [moved(12), turned(17)])
def test_the_chosen_geometry_places_every_voxel(tmp_path, codes, other):
    path = write_nifti(tmp_path / "a.nii", sform=RAS, qform=other, codes=codes)
    index = (3, 5, 7)
    for choice, affine in (("sform", RAS), ("qform", other)):
        expected = (LPS @ affine @ [*index, 1])[:3]
        image = read_image(path, "x", choice)
        assert np.array_equal(to_array(image), noise())
        assert place_of(image, index) == pytest.approx(expected, abs=1e-4)
        assert place_of(read_grid(path, "x", choice), index) == pytest.approx(expected, abs=1e-4)


def test_channels_of_one_file_are_placed_as_chosen(tmp_path):
    voxels = np.stack([noise().T, noise(1).T], -1)
    path = write_nifti(tmp_path / "a.nii", voxels, qform=moved(12))
    image = read_image(path, "x", "qform")
    assert image[..., 1].TransformIndexToPhysicalPoint((0, 0, 0)) == pytest.approx((0, 0, 12))


@pytest.mark.parametrize("choice", [None, "sform", "qform"])
def test_geometries_that_agree_are_left_to_itk(tmp_path, choice):
    path = write_nifti(tmp_path / "a.nii", sform=turned(30), qform=turned(30))
    read, by_itk = read_image(path, "x", choice), sitk.ReadImage(str(path))
    assert read.GetOrigin() == by_itk.GetOrigin() and read.GetDirection() == by_itk.GetDirection()


@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (0, 0)])
def test_what_is_not_declared_does_not_count(tmp_path, codes):
    path = write_nifti(tmp_path / "a.nii", sform=RAS, qform=moved(30), codes=codes)
    read_image(path), read_grid(path, "x", "sform")


def test_a_chosen_geometry_must_have_right_angles(tmp_path):
    sheared = RAS.copy()
    sheared[0, 1] = 0.5
    path = write_nifti(tmp_path / "a.nii", sform=sheared, qform=RAS)
    read_image(path, "x", "qform")
    for read in (read_image, read_grid):
        with pytest.raises(InputError, match="its sform has axes that are not at right angles"):
            read(path, "x", "sform")


def test_a_geometry_without_volume_is_refused(tmp_path):
    path = write_nifti(tmp_path / "a.nii", qform=RAS)
    content = bytearray(path.read_bytes())
    content[312:328] = np.zeros(4, "<f4").tobytes()  # the field srow_z
    path.write_bytes(content)
    with pytest.raises(InputError, match="the sform in its header spans no volume"):
        read_grid(path, "x")


def with_voxel_mm(path, *lengths):
    """Another size of a voxel in the header, which ITK reads whatever the sform says."""
    content = bytearray(path.read_bytes())
    content[80:92] = np.array(lengths, "<f4").tobytes()  # the field pixdim
    path.write_bytes(content)
    return path


def test_the_size_of_a_voxel_may_not_contradict_the_sform(tmp_path):
    path = write_nifti(tmp_path / "a.nii", sform=turned(20), codes=(1, 0))
    read_grid(path, "x")
    with_voxel_mm(path, 1, 1, 4)
    for read in (read_image, read_grid):
        with pytest.raises(InputError) as error:
            read(path, "x")
        assert "sform (code 1) and the size of a voxel, 1 x 1 x 4 mm" in str(error.value)
        assert "up to 11.0 mm apart" in str(error.value)
        assert "set cohort.nifti_geometry to sform, or mend" in str(error.value)
        found = place_of(read(path, "x", "sform"), (3, 5, 7))
        assert found == pytest.approx((LPS @ turned(20) @ [3, 5, 7, 1])[:3], abs=1e-4)
        with pytest.raises(InputError):
            read(path, "x", "qform")


@pytest.mark.parametrize("length", [0, -2, np.nan, np.inf])
@pytest.mark.parametrize("codes", [(0, 0), (1, 0), (0, 1)])
def test_a_voxel_has_a_size(tmp_path, length, codes):
    path = with_voxel_mm(write_nifti(tmp_path / "a.nii", codes=codes), length, 1, 4)
    for read in (read_image, read_grid):
        with pytest.raises(InputError, match=r"the size of a voxel in its header is .* x 1 x 4 mm"):
            read(path, "x")
