"""Networks that nnU-Net itself trains are read as its own predictor applies them.

nnU-Net gets an environment of its own in the temporary folder of the run, with the packages of this
one and those of nnunet_requirements.txt. It trains the tiny networks of nnunet_reference.py.
"""

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from helpers.needs import not_tested

from mrelevance.lrp import Explainer
from mrelevance.networks import load
from mrelevance.networks.deployment import Case
from mrelevance.networks.predictor import Predictor
from tests.integration.nnunet_reference import EXPORTED, NETWORKS, NEW, predictions

HERE = Path(__file__).parent
MINUTES = 5
UNREACHABLE = "after connection broken"
"""What pip says where the package index cannot be reached."""


@pytest.fixture(scope="module")
def python_of_nnunet(tmp_path_factory):
    """Interpreter of an environment with nnU-Net, on top of the packages of this one."""
    folder = tmp_path_factory.mktemp("nnunet") / "env"
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin/python"
    (packages,) = (folder / "lib").glob("python*/site-packages")
    (packages / "packages_of_the_tests.pth").write_text(sysconfig.get_path("purelib"))
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-deps")
    installed = execute(*pip, "--retries", "1", "-r", HERE / "nnunet_requirements.txt")
    if installed.returncode and UNREACHABLE in installed.stderr:
        not_tested("nnU-Net cannot be installed to compare with: no package index is reachable")
    assert installed.returncode == 0, installed.stderr
    return python


@pytest.fixture(scope="module")
def reference(python_of_nnunet, tmp_path_factory):
    """Folder with the networks that nnU-Net trained, and what its predictor computes."""
    folder = tmp_path_factory.mktemp("nnunet_reference")
    run(python_of_nnunet, HERE / "nnunet_reference.py", folder)
    return folder


def run(*command):
    done = execute(*command)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def execute(*command):
    variables = os.environ | {"PYTHONPATH": str(HERE.parent)}
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True, text=True, env=variables, timeout=60 * MINUTES,
    )  # fmt: skip


@dataclass(frozen=True)
class Read:
    """A network as it is read here, a case in its space, and its logits."""

    predictor: Predictor
    case: Case
    logits: torch.Tensor


@cache
def read(reference, name, prediction):
    (folder,) = (reference / "results").glob(f"*_{name}/*")
    return applied(folder, reference, name, prediction)


def applied(path, reference, name, prediction):
    predictor = load(path, **predictions(name)[prediction])
    files = {
        channel: reference / name / f"images/{NEW}_{number:04d}.nii.gz"
        for number, channel in enumerate(predictor.deployment.channels)
    }
    case = predictor.preprocess(files)
    return Read(predictor, case, predictor.logits(case.image))


each = pytest.mark.parametrize("name", NETWORKS)
each_prediction = pytest.mark.parametrize(
    ("name", "prediction"), [(name, one) for name in NETWORKS for one in predictions(name)]
)


@each
def test_the_network_gets_what_nnunet_gives_it(reference, name):
    truth = np.load(reference / name / "input.npz")["whole"]
    found = read(reference, name, "one").case.image.numpy()
    assert found.shape == truth.shape
    np.testing.assert_allclose(found, truth, rtol=0, atol=1e-6 * np.abs(truth).max())


@each
def test_one_window_gives_the_logits_of_nnunet_s_network(reference, name):
    stored = np.load(reference / name / "input.npz")
    flat = stored["tile"].ndim == 3
    tile = torch.from_numpy(stored["tile"][:, None] if flat else stored["tile"])
    with torch.no_grad():
        found = read(reference, name, "one").predictor.networks[0](tile[None])[0].numpy()
    truth = stored["logits"][:, None] if flat else stored["logits"]
    np.testing.assert_allclose(found, truth, rtol=0, atol=1e-5 * np.abs(truth).max())


@each_prediction
def test_logits_differ_by_no_more_than_the_float16_of_nnunet(reference, name, prediction):
    truth = np.load(reference / name / f"{prediction}.npy")
    found = read(reference, name, prediction)
    difference = np.abs(found.logits.numpy() - truth)
    # Single slices have no border across them.
    inner = [slice(3, -3) if size > 1 else slice(None) for size in found.predictor.windows.size]
    assert difference.max() < 0.51
    assert difference[:, *inner].max() < 0.1
    assert difference.mean() < 0.01


@each_prediction
def test_the_image_is_segmented_as_by_nnunet(reference, name, prediction):
    truth = sitk.ReadImage(str(reference / name / f"{prediction}.nii.gz"))
    found = read(reference, name, prediction)
    own = found.predictor.segment(found.case)
    assert own.GetSize() == truth.GetSize()
    np.testing.assert_allclose(own.GetDirection(), truth.GetDirection(), atol=1e-6)
    np.testing.assert_allclose(own.GetOrigin(), truth.GetOrigin(), atol=1e-5)
    drawn = sitk.GetArrayFromImage(truth)
    assert len(np.unique(drawn)) > 1
    assert (sitk.GetArrayFromImage(own) != drawn).sum() <= 20


def test_the_best_weights_are_not_the_last(reference):
    best, last = (np.load(reference / f"regions/{name}.npy") for name in ("best", "one"))
    assert np.abs(best - last).max() > 0.1


def test_an_exported_archive_is_the_same_network(reference):
    found = applied(reference / "nnunet.zip", reference, EXPORTED, "whole")
    expected = read(reference, EXPORTED, "whole")
    assert (found.logits == expected.logits).all()
    assert found.predictor.deployment.files == expected.predictor.deployment.files


@pytest.mark.parametrize(
    ("name", "prediction"), [("regions", "one"), ("slices", "one"), ("small", "whole")]
)
def test_relevance_adds_up_to_the_change_of_the_deployed_logits(reference, name, prediction):
    """Of regions, of single slices, and of mirrored images that are padded to the window."""
    found = read(reference, name, prediction)
    image, baseline = found.case.image, torch.zeros_like(found.case.image)
    explainer = Explainer(found.predictor, image, "deeplift", baseline=baseline)
    explained = explainer.explain(image, len(found.logits) - 1)
    change = (found.logits - found.predictor.logits(baseline))[-1]
    assert (explained.normalisers - change).abs().max() < 1e-4 * change.abs().max()
    clear = change.abs() > 0.1 * change.abs().max()
    assert (explained.shares[:, clear].sum(0) - 1).abs().max() < 1e-4
