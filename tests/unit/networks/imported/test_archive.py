"""Zip archives never write outside of their temporary folder."""

import stat
import zipfile

import pytest

from mrelevance.networks import load
from mrelevance.networks.imported.archive import unpacked
from mrelevance.runtime.errors import InputError


def archive(path, name, content=b"x", link=False):
    with zipfile.ZipFile(path, "w") as written:
        info = zipfile.ZipInfo(name)
        info.external_attr = ((stat.S_IFLNK if link else stat.S_IFREG) | 0o644) << 16
        written.writestr(info, content)
    return path


@pytest.mark.parametrize(
    "name", ["../owned", "a/../../owned", "/tmp/owned", "..\\owned", "C:/owned"]
)
def test_paths_out_of_the_folder_are_refused(name, tmp_path):
    path = archive(tmp_path / "bundle.zip", name)
    with pytest.raises(InputError, match="leads out of its folder"):
        load(path)
    assert [one.name for one in tmp_path.iterdir()] == ["bundle.zip"]


def test_links_are_refused(tmp_path):
    path = archive(tmp_path / "bundle.zip", "configs", b"/etc", link=True)
    with pytest.raises(InputError, match="holds a link"):
        load(path)


def test_damaged_archives_are_refused(tmp_path):
    path = tmp_path / "bundle.zip"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InputError, match="cannot be unpacked"):
        load(path)


def test_the_folder_is_removed(tmp_path):
    path = archive(tmp_path / "bundle.zip", "lesions/configs/a.json")
    with unpacked(path) as folder:
        assert folder.name == "lesions" and (folder / "configs/a.json").read_bytes() == b"x"
    assert not folder.exists()
