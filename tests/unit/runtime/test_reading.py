"""One reader for all of a user's images: what is damaged or no 3D image of numbers is refused."""

import gzip
import shutil

import nibabel
import numpy as np
import pytest
from helpers.damage import RAS, cut, cut_inside, flip_a_bit, image, noise, write, write_nifti

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.grids import grid_of
from mrelevance.runtime.images import read_grid, read_image, read_volume, to_array

FORMATS = [
    *(("a.nii", False), ("a.nii.gz", True), ("a.mha", False), ("a.mha", True)),
    *(("a.nrrd", False), ("a.nrrd", True), ("a.mhd", False), ("a.nhdr", False), ("a.hdr", False)),
    *(("a.mhd", True), ("a.nhdr", True)),
]
VOXELS_BESIDE = {"a.mhd": ("a.raw", "a.zraw"), "a.nhdr": ("a.raw", "a.raw.gz"), "a.hdr": ("a.img",)}


def file_of_voxels(folder, name):
    beside = [folder / other for other in VOXELS_BESIDE.get(name, ()) if (folder / other).exists()]
    return beside[0] if beside else folder / name


def refused(read, path, message):
    with pytest.raises(InputError, match=message) as error:
        read(path, "patient 7, label")
    text = str(error.value)
    assert text.startswith("patient 7, label: ") and "\n" not in text and "/tmp/tmp" not in text
    return text


@pytest.mark.parametrize(("name", "compressed"), FORMATS)
def test_every_format_is_read_with_its_geometry(tmp_path, name, compressed):
    write(tmp_path / name, compressed=compressed)
    read = read_volume(tmp_path / name)
    assert np.array_equal(to_array(read), noise())
    expected = grid_of(image(noise()))
    for grid in (grid_of(read), read_grid(tmp_path / name)):
        assert grid.size == expected.size
        assert grid.direction == pytest.approx(expected.direction)
        assert grid.origin == pytest.approx(expected.origin)
        assert grid.spacing == pytest.approx(expected.spacing)


@pytest.mark.parametrize(("name", "compressed"), FORMATS)
def test_a_file_that_ends_too_early_is_refused_by_its_header_alone(tmp_path, name, compressed):
    write(tmp_path / name, compressed=compressed)
    cut(file_of_voxels(tmp_path, name))
    for read in (read_volume, read_grid):
        refused(read, tmp_path / name, "ends too early")


@pytest.mark.parametrize("name", ["a.nii", "a.mha", "a.nrrd"])
def test_a_header_without_voxels_is_refused(tmp_path, name):
    content = write(tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) - noise().nbytes])
    for read in (read_volume, read_grid):
        refused(read, tmp_path / name, "ends too early: it holds 0 of the 3840 bytes")


@pytest.mark.parametrize("name", ["a.nii.gz", "a.NII.GZ", "a.nii", "a"])
def test_a_stream_that_is_whole_and_holds_too_little_is_refused(tmp_path, name):
    write(tmp_path / "a.nii.gz")
    cut_inside(tmp_path / "a.nii.gz").rename(tmp_path / name)
    for read in (read_volume, read_grid):
        refused(read, tmp_path / name, r"ends too early: it holds 24\d\d of the 3840 bytes")


@pytest.mark.parametrize(
    ("name", "compressed"), [form for form in FORMATS if form[1]], ids=lambda given: str(given)
)
def test_a_damaged_stream_is_refused(tmp_path, name, compressed):
    write(tmp_path / name, compressed=compressed)
    flip_a_bit(file_of_voxels(tmp_path, name))
    refused(read_volume, tmp_path / name, "is damaged: it cannot be decompressed .*; copy it again")


def test_more_voxels_than_the_header_announces_are_refused(tmp_path):
    content = write(tmp_path / "a.nii").read_bytes()
    (tmp_path / "a.nii").write_bytes(content + bytes(16))
    read_grid(tmp_path / "a.nii")
    (tmp_path / "a.nii").write_bytes(content + bytes(12 * 10 * 4))
    refused(read_grid, tmp_path / "a.nii", "the header is damaged")


def test_several_gzip_streams_in_one_file_are_one_image(tmp_path):
    content = write(tmp_path / "a.nii").read_bytes()
    blocks = [content[:1000], content[1000:], b""]
    (tmp_path / "a.nii.gz").write_bytes(b"".join(map(gzip.compress, blocks)))
    assert np.array_equal(to_array(read_volume(tmp_path / "a.nii.gz")), noise())
    assert read_grid(tmp_path / "a.nii.gz").size == (12, 10, 8)


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        *(("a.nii.gz", "A.NII.GZ"), ("a.nii.gz", "a.nii"), ("a.nii", "a.nii.gz")),
        *(("a.nii.gz", "a"), ("a.nrrd", "a.nii"), ("a.mha", "a.dat"), ("a.nii", "a.mha")),
    ],
)
def test_the_content_decides_and_not_the_name(tmp_path, stored, named):
    write(tmp_path / stored, compressed=stored.endswith("gz")).rename(tmp_path / named)
    assert np.array_equal(to_array(read_volume(tmp_path / named)), noise())
    assert read_grid(tmp_path / named).size == (12, 10, 8)


@pytest.mark.parametrize(("header", "voxels"), [("a.hdr", "a.img"), ("A.HDR", "A.IMG")])
def test_of_a_pair_either_file_may_be_named(tmp_path, header, voxels):
    write(tmp_path / "a.hdr")
    for old, new in (("a.hdr", header), ("a.img", voxels)):
        (tmp_path / old).rename(tmp_path / new)
    for name in (header, voxels):
        assert np.array_equal(to_array(read_volume(tmp_path / name)), noise())
    (tmp_path / voxels).unlink()
    refused(read_grid, tmp_path / header, "are not beside it; copy both files")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.NII.GZ", "a.hdr", "a.mha", "a.nrrd"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(tmp_path, name, value):
    holed = noise()
    holed[2, 3, 4] = value
    write(tmp_path / name.lower(), holed, compressed=name.endswith(("gz", "GZ")))
    (tmp_path / name.lower()).rename(tmp_path / name)
    refused(read_volume, tmp_path / name, "has NaN or infinite voxels; repair the image")


def test_one_volume_may_have_a_fourth_axis(tmp_path):
    write_nifti(tmp_path / "a.nii.gz", noise().T[..., None])
    assert read_grid(tmp_path / "a.nii.gz").size == read_volume(tmp_path / "a.nii.gz").GetSize()


COLOURS = np.zeros((12, 10, 8), [("R", "u1"), ("G", "u1"), ("B", "u1")])


@pytest.mark.parametrize(
    ("voxels", "message"),
    [
        (np.stack([noise().T] * 2, -1), "has 4 dimensions, 2 volumes; give one 3D volume"),
        (noise().T[:, :, 0], "has 2 dimensions; give one 3D volume"),
        (noise().T.astype(np.complex64), "holds complex numbers; give its magnitude"),
        (noise().T.astype(np.complex128), "holds complex numbers; give its magnitude"),
        (COLOURS, "has 3 values per voxel, such as colours"),
    ],
)
def test_what_is_no_volume_of_numbers_is_refused(tmp_path, voxels, message):
    write_nifti(tmp_path / "a.nii.gz", voxels)
    for read in (read_volume, read_grid):
        refused(read, tmp_path / "a.nii.gz", message)


def test_a_sheared_header_is_refused_with_the_reason(tmp_path):
    sheared = RAS.copy()
    sheared[0, 1] = 0.4
    made = nibabel.Nifti1Image(noise().T, sheared)
    nibabel.save(made, tmp_path / "a.nii.gz")
    for read in (read_volume, read_grid):
        text = refused(read, tmp_path / "a.nii.gz", "ITK only supports orthonormal")
        assert "axes are not at right angles: resample it" in text


@pytest.mark.parametrize(
    ("field", "damaged", "message"),
    [
        ("TransformMatrix = 1 0", "TransformMatrix = 1 .4", "axes that are not at right angles"),
        ("TransformMatrix = 1 0 0 0 1", "TransformMatrix = 1 0 0 0 0", "right angles|determinant"),
        ("ElementSpacing = 2", "ElementSpacing = 0", "voxels of 0 x 1 x 4 mm|Zero-valued spacing"),
        ("ElementSpacing = 2", "ElementSpacing = nan", "voxels of 0 x|Zero-valued spacing"),
        ("DimSize = 12", "DimSize = 13", "ends too early"),
        ("DimSize = 12", "DimSize = -12", "header is damaged"),
        ("DimSize = 12", "DimSize = x", "MetaImage header is damaged"),
        ("MET_FLOAT", "MET_QUATERNION", "unknown type MET_QUATERNION"),
    ],
)
def test_a_damaged_text_header_is_refused(tmp_path, field, damaged, message):
    content = write(tmp_path / "a.mha").read_bytes()
    assert field.encode() in content
    (tmp_path / "a.mha").write_bytes(content.replace(field.encode(), damaged.encode()))
    for read in (read_volume, read_grid):
        refused(read, tmp_path / "a.mha", message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "it is a PNG picture; convert it"),
        (bytes(128) + b"DICM" + bytes(500), "it is a DICOM file; python -m mrelevance init"),
        (b"<!DOCTYPE html>" + bytes(500), "it is a web page"),
        (b"PK\x03\x04" + bytes(500), "it is a ZIP archive"),
        (b"\x93NUMPY" + bytes(500), "it is a NumPy array, which has no geometry"),
        (b"\0\0\0\x01" + bytes(500), "it is an MGH image"),
        (b"no image", "it is of no known format; convert it to NIfTI, NRRD or MetaImage"),
        (b"\x1f\x8b\x08\0 not gzip", "it is a damaged gzip stream; copy it again"),
        (b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS.*git lfs pull"),
        (b"/annex/objects/MD5E-s1--1.nii.gz\n", "pointer of git-annex.*datalad get"),
        (b"NRRD0004\ntype: float\n", "NRRD header is damaged"),
        (b"NRRD0004\ntype: float\nsizes: 2 2 2\n\n", "it lacks the field encoding"),
        (b"NRRD0004\ntype: float\ndata file:\n", "NRRD header is damaged"),
        (b"ObjectType = Image\nNDims = 3\n", "it does not end with the field ElementDataFile"),
    ],
)
def test_what_is_no_image_is_named(tmp_path, content, message):
    path = tmp_path / "a.nii.gz"
    path.write_bytes(content)
    for read in (read_volume, read_grid, read_image):
        refused(read, path, message)


def test_formats_without_a_known_side_or_reader_are_refused(tmp_path):
    nibabel.save(nibabel.AnalyzeImage(noise().T, RAS), tmp_path / "a.img")
    refused(read_grid, tmp_path / "a.img", "ANALYZE 7.5; the format does not say which side")
    nibabel.save(nibabel.Nifti2Image(noise().T, RAS), tmp_path / "b.nii.gz")
    refused(read_grid, tmp_path / "b.nii.gz", "it is NIfTI-2; convert it to NIfTI-1")


def test_a_damaged_header_of_nifti_is_refused(tmp_path):
    content = bytearray(write(tmp_path / "a.nii").read_bytes())
    content[70:72] = (9999).to_bytes(2, "little")  # the field datatype
    (tmp_path / "a.nii").write_bytes(content)
    refused(read_grid, tmp_path / "a.nii", "NIfTI header is damaged")


def test_voxels_that_a_header_names_must_be_there(tmp_path):
    write(tmp_path / "a.mhd")
    (tmp_path / "a.raw").unlink()
    with pytest.raises(InputError, match=r"patient 7, label, voxels of a\.mhd: .* does not exist"):
        read_grid(tmp_path / "a.mhd", "patient 7, label")


def test_a_link_is_as_good_as_its_file(tmp_path):
    (tmp_path / "there").mkdir()
    write(tmp_path / "there/a.nii.gz")
    (tmp_path / "b").symlink_to("there/a.nii.gz")
    assert np.array_equal(to_array(read_volume(tmp_path / "b")), noise())
    shutil.rmtree(tmp_path / "there")
    refused(read_grid, tmp_path / "b", "is a link to there/a.nii.gz, which does not exist")
