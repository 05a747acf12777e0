"""A cell of the sheet names a file, a folder, or one volume or series of them."""

import pytest

from mrelevance.cohort.references import (
    bytes_of,
    check_there,
    is_dicom,
    names_an_image,
    part_of,
    path_of,
    reference,
)
from mrelevance.runtime.errors import InputError


@pytest.mark.parametrize(
    ("cell", "path", "part"),
    [
        ("a/T2.nii.gz", "a/T2.nii.gz", None),
        ("a/4D.nii.gz#2", "a/4D.nii.gz", "2"),
        ("study#1.2.840.10008.1", "study", "1.2.840.10008.1"),
        ("case #3/T2.nii.gz", "case #3/T2.nii.gz", None),
        ("case #3/4D.nii#0", "case #3/4D.nii", "0"),
        ("#5", "#5", None),
    ],
)
def test_a_reference_is_a_path_and_perhaps_a_part(cell, path, part):
    assert (path_of(cell), part_of(cell)) == (path, part)
    assert reference(path, part) == cell


def test_cells_that_name_images():
    assert all(map(names_an_image, ["T2.NII.GZ", "a/b", "x.mha", "4D.nii.gz#1"]))
    assert not any(map(names_an_image, ["", "47", "female", "n/a"[:1], "2.5"]))


def dicom_like(path):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(128) + b"DICM")


def test_a_file_or_a_folder_of_dicom_files_must_be_there(tmp_path):
    dicom_like(tmp_path / "series/1")
    (tmp_path / "series/notes.txt").write_text("hello")
    (tmp_path / "empty").mkdir()
    check_there(tmp_path / "series", "T2")
    check_there(tmp_path / "series/notes.txt", "T2")
    assert is_dicom(tmp_path / "series/1") and not is_dicom(tmp_path / "series/notes.txt")
    assert bytes_of(tmp_path / "series") == 137 and bytes_of(tmp_path / "series/1") == 132
    (tmp_path / "link").symlink_to(tmp_path / "link")
    with pytest.raises(InputError, match="link cannot be read: Too many levels"):
        is_dicom(tmp_path / "link")
    with pytest.raises(InputError, match=r"P1, T2: .*nowhere does not exist"):
        check_there(tmp_path / "nowhere", "P1, T2")
    with pytest.raises(InputError, match=r"empty is a folder without DICOM files; .* init"):
        check_there(tmp_path / "empty", "T2")
