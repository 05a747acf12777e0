import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import mrelevance
from mrelevance.runtime.versions import commit, running_image, versions_of


def test_versions_are_those_of_what_runs():
    assert versions_of(["mrelevance", "numpy"]) == {
        "python": platform.python_version(),
        "mrelevance": mrelevance.__version__,
        "numpy": version("numpy"),
    }
    with pytest.raises(PackageNotFoundError):
        versions_of(["no-such-package"])


def test_the_image_is_the_one_that_apptainer_names(monkeypatch):
    monkeypatch.delenv("APPTAINER_CONTAINER", raising=False)
    assert running_image() is None
    monkeypatch.setenv("APPTAINER_CONTAINER", "/images/mrelevance-1234.sif")
    assert running_image() == Path("/images/mrelevance-1234.sif")


def test_the_commit_is_passed_to_a_container(tmp_path, monkeypatch):
    monkeypatch.setenv("MRELEVANCE_COMMIT", "abc-dirty")
    assert commit(tmp_path) == "abc-dirty"
    monkeypatch.setenv("MRELEVANCE_COMMIT", "")
    assert commit() is None


def test_commit_is_that_of_the_repository(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("")
    assert commit(tmp_path) is None

    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init")
    git("add", "module.py")
    git("commit", "--message", "First")
    head = git("rev-parse", "HEAD")
    assert commit(tmp_path) == head
    (tmp_path / "download").mkdir()
    assert commit(tmp_path / "download") is None, "a repository that encloses a download"
    module.write_text("changed")
    assert commit(tmp_path) == f"{head}-dirty"


def test_without_git_no_commit_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit() is None
