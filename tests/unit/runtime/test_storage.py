import pytest

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.storage import (
    check_cache_folder,
    check_free_space,
    expected_bytes,
)


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
