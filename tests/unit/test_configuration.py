import pytest

from mrelevance.configuration import check_files, check_free_space, expected_bytes
from mrelevance.errors import InputError


def test_files_that_exist_are_measured(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text("12345")
    assert check_files([("a", tmp_path / "a"), ("b", tmp_path / "b")]) == 10


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"patient 7, T2: .*T2\.nii does not exist"):
        check_files([("patient 7, T2", tmp_path / "T2.nii")])


def test_disk_that_is_too_small_is_an_error(tmp_path):
    check_free_space(tmp_path, 0)
    with pytest.raises(InputError, match=r"need about 1000000000\.0 GB"):
        check_free_space(tmp_path, 1e18)


def test_more_patients_voxels_and_composites_need_more_space():
    small = expected_bytes(1e6, 0.3, 2)
    assert expected_bytes(2e6, 0.3, 2) == 2 * small
    assert expected_bytes(1e6, 0.3, 4) > small
    assert expected_bytes(1e6, 0.5, 2) > small
