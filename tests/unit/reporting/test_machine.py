"""Hardware, versions and container of the machine."""

import hashlib
import os
import platform
from importlib.metadata import distributions, version

from mrelevance.reporting.machine import container, hardware, versions


def test_versions_are_those_of_all_installed_packages():
    found = versions()
    assert found["python"] == platform.python_version()
    assert found["system"]
    packages = found["packages"]
    assert packages["torch"] == version("torch")
    assert packages["simpleitk"] == version("SimpleITK")
    assert packages["pyyaml"] == version("PyYAML")
    names = {package.name.lower() for package in distributions()}
    assert set(packages) == {name.replace("_", "-").replace(".", "-") for name in names}


def test_hardware_is_that_of_this_machine():
    found = hardware()
    assert found["cores"] == len(os.sched_getaffinity(0))
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert abs(found["memory_gb"] - pages / 1e9) < 0.2
    assert found["processor"] and found["architecture"] == platform.machine()
    assert isinstance(found["gpus"], list)


def test_no_container_outside_of_one(monkeypatch):
    monkeypatch.delenv("APPTAINER_CONTAINER", raising=False)
    assert container() is None


def test_container_is_known_by_name_and_checksum(monkeypatch, tmp_path):
    image = tmp_path / "mrelevance-1234.sif"
    image.write_bytes(b"image")
    monkeypatch.setenv("APPTAINER_CONTAINER", str(image))
    expected = hashlib.sha256(b"image").hexdigest()
    assert container() == {"image": "mrelevance-1234.sif", "sha256": expected}
    # The host's path need not be visible inside.
    image.unlink()
    assert container() == {"image": "mrelevance-1234.sif", "sha256": None}
