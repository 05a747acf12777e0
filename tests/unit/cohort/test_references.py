"""A cell of the sheet names a file, a folder, or one volume or series of them."""

import pytest

from mrelevance.cohort.files import UserImage, missing_files
from mrelevance.cohort.references import (
    bytes_of,
    names_an_image,
    part_of,
    path_of,
    reference,
)
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.user_files import is_dicom


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


def test_dicom_is_told_by_its_mark_and_folders_have_the_size_of_their_files(tmp_path):
    dicom_like(tmp_path / "series/1")
    (tmp_path / "series/notes.txt").write_text("hello")
    assert is_dicom(tmp_path / "series/1") and not is_dicom(tmp_path / "series/notes.txt")
    assert bytes_of(tmp_path / "series") == 137 and bytes_of(tmp_path / "series/1") == 132


def test_a_file_or_a_folder_of_dicom_files_must_be_there(tmp_path):
    dicom_like(tmp_path / "series/1")
    (tmp_path / "empty").mkdir()

    def missing(reference):
        images = [UserImage("P1", "T1", str(tmp_path / "series")), UserImage("P1", "T2", reference)]
        return missing_files(images, tmp_path)

    assert missing(str(tmp_path / "series/1")) == []
    assert missing(str(tmp_path / "series#1.2.3")) == []
    (problem,) = missing(str(tmp_path / "nowhere"))
    assert problem.startswith("patient P1, sequence T2") and "nowhere does not exist" in problem
    (problem,) = missing(str(tmp_path / "empty"))
    assert "is a folder with 0 entries" in problem and "init" in problem


def test_a_link_to_itself_is_named(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "link")
    with pytest.raises(InputError, match="link cannot be read: Too many levels"):
        is_dicom(tmp_path / "link")


def dicom_like(path):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(128) + b"DICM")
