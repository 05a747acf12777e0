"""Zip archives never write outside of their temporary folder."""

import stat
import warnings
import zipfile

import pytest

from mrelevance.networks import load
from mrelevance.networks.imported.archive import unpacked
from mrelevance.runtime.errors import InputError


def archive(path, name, content=b"x", kind=stat.S_IFREG):
    with zipfile.ZipFile(path, "w") as written:
        info = zipfile.ZipInfo(name)
        info.external_attr = (kind | 0o644) << 16
        written.writestr(info, content)
    return path


@pytest.mark.parametrize(
    "name", ["../owned", "a/../../owned", "/tmp/owned", "..\\owned", "C:/owned", "a\x1b[2Jb"]
)
def test_paths_out_of_the_folder_are_refused(name, tmp_path):
    path = archive(tmp_path / "bundle.zip", name)
    with pytest.raises(InputError, match=r"^\S+ holds .*leads out of its folder; do not use it$"):
        load(path)
    assert [one.name for one in tmp_path.iterdir()] == ["bundle.zip"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_are_refused(kind, tmp_path):
    path = archive(tmp_path / "bundle.zip", "configs", b"/etc", kind)
    with pytest.raises(InputError, match="holds a link or a device"):
        load(path)


@pytest.mark.parametrize("name", ["bundle.zip", "network.pt2", "weights.pt", "model.ts"])
def test_archives_that_would_fill_the_disk_or_memory_are_refused(name, tmp_path):
    path = tmp_path / name
    folder = {"network.pt2": "network/models/model.json", "model.ts": "a/code/b.py"}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr(folder.get(name, "a/data.pkl"), b"x")
        written.writestr("a/data/0", bytes(2**27))
    assert path.stat().st_size < 2**20
    network = {"name": "UNet", "arguments": {}}
    said = {"network": network, "channels": ["a"], "outputs": {"b": 0, "c": 1}}
    said |= {"heads": "softmax", "preprocessing": [], "axes": "zyx", "window": "whole"}
    with pytest.raises(InputError, match=r"^\S+ of [\d,]+ bytes would hold 134,217,729 "):
        load(path, description=said)


def test_a_size_that_is_not_true_is_refused(tmp_path):
    """The list at the end of the archive says 1 byte; the data are longer."""
    path = tmp_path / "bundle.zip"
    archive(path, "configs/inference.json", b"x" * 1000)
    content = path.read_bytes()
    at = content.rindex((1000).to_bytes(4, "little"))
    path.write_bytes(content[:at] + (1).to_bytes(4, "little") + content[at + 4 :])
    with pytest.raises(InputError, match="cannot be unpacked"):
        load(path)


def test_two_files_of_one_name_are_refused(tmp_path):
    path = tmp_path / "bundle.zip"
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as written:
        warnings.simplefilter("ignore")
        for _ in range(2):
            written.writestr("configs/inference.json", "{}")
    with pytest.raises(InputError, match="holds two files of one name"):
        load(path)


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("configs", "{}")
        written.writestr("configs/inference.json", "{}")
    with pytest.raises(InputError, match="cannot be unpacked"):
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
