"""The wheel, installed in an environment that has PyTorch and NumPy alone."""

import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from helpers.distributions import needed_by

import mrelevance

ROOT = Path(__file__).parents[2]
PACKED = ("pyproject.toml", "README.md", "LICENSE")
TEN_LINES = """
import torch
from torch import nn
from mrelevance.lrp import attribute
network = nn.Sequential(nn.Conv3d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv3d(4, 2, 1)).eval()
images = torch.randn(2, 2, 4, 6, 5)
region = torch.ones(4, 6, 5, dtype=torch.bool)
relevance, delta = attribute(
    network, images, 0.0, target=1, region=region, return_convergence_delta=True
)
assert delta.abs().max() < 1e-3 * relevance.abs().sum()
"""


def succeed(*command: str | Path, **options) -> str:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy, as building leaves files beside the source."""
    source = tmp_path_factory.mktemp("source")
    for name in PACKED:
        (source / name).write_bytes((ROOT / name).read_bytes())
    for path in (ROOT / "src").rglob("*"):
        if path.is_file() and not {"__pycache__", "mrelevance.egg-info"} & set(path.parts):
            copy = source / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    build = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    name = succeed(sys.executable, "-c", build, cwd=source).splitlines()[-1]
    return source / name


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> Path:
    """Python of a fresh environment, in which PyTorch and NumPy are links to those installed."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    succeed(sys.executable, "-m", "venv", folder)
    python = folder / "bin/python"
    packages = Path(
        succeed(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    )
    for name in needed_by(["torch", "numpy"]):
        package = distribution(name)
        for top in {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}:
            link = packages / top
            if not link.exists():
                link.symlink_to(package.locate_file(top))
    # Offline, pip installs the wheel only if all that it requires is there.
    succeed(python, "-I", "-m", "pip", "install", "--quiet", "--no-index", wheel)
    return python


def test_the_wheel_brings_types_data_and_licence(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {"mrelevance/py.typed", "mrelevance/reporting/citations.toml"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    tops = {name.split("/")[0] for name in names}
    assert tops == {"mrelevance", f"mrelevance-{mrelevance.__version__}.dist-info"}


def test_pytorch_and_numpy_are_all_that_relevance_needs(python, tmp_path):
    # Isolated (-I), so that nothing is found but what the environment has.
    succeed(python, "-I", "-c", TEN_LINES, cwd=tmp_path)
    succeed(python, "-I", "-m", "pip", "check")
    version = succeed(python, "-I", "-c", "import mrelevance; print(mrelevance.__version__)")
    assert version.strip() == mrelevance.__version__


def test_the_command_says_which_extra_it_needs(python, tmp_path):
    run = subprocess.run(
        [python.with_name("mrelevance"), "init", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": ""},
    )
    assert run.returncode == 1
    assert "mrelevance[workflow]" in run.stderr and "Traceback" not in run.stderr
