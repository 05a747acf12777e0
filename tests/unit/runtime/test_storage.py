import pytest

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.storage import (
    check_cache_folder,
    check_files,
    check_free_space,
    expected_bytes,
)


def test_files_that_exist_are_measured(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text("12345")
    assert check_files([("a", tmp_path / "a"), ("b", tmp_path / "b")]) == 10


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"patient 7, T2: .*T2\.nii does not exist"):
        check_files([("patient 7, T2", tmp_path / "T2.nii")])


def test_all_missing_files_are_named(tmp_path):
    paths = [(name, tmp_path / name) for name in ("T1", "T2", "label")]
    paths[1][1].write_text("12345")
    with pytest.raises(InputError) as error:
        check_files(paths)
    assert [line.split(":")[0] for line in str(error.value).splitlines()] == ["T1", "label"]


def test_disk_that_is_too_small_is_an_error(tmp_path):
    check_free_space(tmp_path, 0)
    with pytest.raises(InputError, match=r"need about 1000000000\.0 GB"):
        check_free_space(tmp_path, 1e18)


def test_more_patients_voxels_and_composites_need_more_space():
    small = expected_bytes(1e6, 0.3, 2)
    assert expected_bytes(2e6, 0.3, 2) == 2 * small
    assert expected_bytes(1e6, 0.3, 4) > small
    assert expected_bytes(1e6, 0.5, 2) > small


def test_folder_of_the_cache_must_be_of_use(tmp_path, monkeypatch):
    check_cache_folder(str(tmp_path))
    for folder, says in (
        (None, "SNAKEMAKE_OUTPUT_CACHE; give"),
        ("", "SNAKEMAKE_OUTPUT_CACHE; give"),
        ("cache", "cache is not a full path"),
        (str(tmp_path / "cache"), "cache does not exist"),
    ):
        with pytest.raises(InputError, match=says):
            check_cache_folder(folder)
    # For an administrator, whom permissions do not stop, every folder can be written to.
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(InputError, match="cannot be written to; give the full path of a folder"):
        check_cache_folder(str(tmp_path))
