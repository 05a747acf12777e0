"""A real nnU-Net gives what nnU-Net's own predictor gave, and is explained as it is deployed.

The network, a patient and the predictor's results lie in the folder nnunet of MRELEVANCE_DATA, or
else of ../shared/data; where there is none, the tests say so.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from helpers.needs import DATA, not_tested

from mrelevance.lrp import Explainer
from mrelevance.networks import load
from mrelevance.networks.deployment import Case
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.files import read_json

PLACE = DATA / "nnunet"
TUMOUR, ORGAN = 2, (0, 1)
SINGLE, WHOLE = "P30_fold0_nomirror_logits.npz", "P30_folds01_mirror_logits.npz"


@dataclass(frozen=True)
class Deployed:
    """A predictor, a patient in its space, its logits, and what nnU-Net says of them."""

    predictor: Predictor
    case: Case
    logits: torch.Tensor
    entry: dict
    expected: Path


@cache
def deployed(logits: str) -> Deployed:
    """The network whose predictor wrote these logits."""
    if not PLACE.is_dir():
        not_tested("there is no nnU-Net to compare with: set MRELEVANCE_DATA")
    entries = read_json(PLACE / "expected/expected.json")["entries"]
    (entry,) = (one for one in entries if one["logits"] == logits)
    predictor = load(
        PLACE / "results" / entry["model"], folds=entry["folds"], mirroring=entry["mirroring"]
    )
    files = {
        name: PLACE / "images" / f"{entry['case']}_{number:04d}.nii.gz"
        for number, name in enumerate(predictor.deployment.channels)
    }
    case = predictor.preprocess(files)
    expected = PLACE / "expected" / entry["folder"]
    return Deployed(predictor, case, predictor.logits(case.image), entry, expected)


both = pytest.mark.parametrize("name", [SINGLE, WHOLE])


def stored(path):
    (name,) = np.load(path).files
    return np.load(path)[name].astype(np.float32)


@both
def test_preprocessing_is_that_of_nnunet(name):
    found = deployed(name)
    np.testing.assert_array_equal(found.case.image, stored(found.expected / found.entry["input"]))


def test_one_tile_of_the_network():
    found = deployed(SINGLE)
    truth = stored(found.expected / found.entry["tile"])
    with torch.no_grad():
        tile = found.predictor.networks[0](found.case.image[None, :, 0:24, 0:40, 0:40])[0]
    assert np.abs(tile.numpy() - truth).max() <= 1e-5 * np.abs(truth).max()


@both
def test_logits_differ_by_no_more_than_the_float16_of_the_predictor(name):
    found = deployed(name)
    difference = np.abs(found.logits.numpy() - stored(found.expected / name))
    assert difference.max() < 0.51
    assert difference[:, 3:-3, 3:-3, 3:-3].max() < 0.1
    assert difference.mean() < 0.01


@both
def test_segmentation_on_the_grid_of_the_image(name):
    found = deployed(name)
    restore = found.predictor.deployment.restore
    truth = sitk.ReadImage(str(found.expected / found.entry["segmentation"]))
    own = restore(found.case, found.logits)
    assert own.GetSize() == truth.GetSize()
    np.testing.assert_allclose(own.GetOrigin(), truth.GetOrigin(), atol=1e-6)
    np.testing.assert_allclose(own.GetDirection(), truth.GetDirection(), atol=1e-6)
    wrong = sitk.GetArrayViewFromImage(own) != sitk.GetArrayViewFromImage(truth)
    assert wrong.sum() <= 20
    of_its_logits = restore(found.case, torch.from_numpy(stored(found.expected / name)))
    np.testing.assert_array_equal(
        sitk.GetArrayFromImage(of_its_logits), sitk.GetArrayFromImage(truth)
    )


def test_relevance_adds_up_to_the_change_of_the_deployed_margin():
    found = deployed(SINGLE)
    image, lesion = found.case.image, found.logits.argmax(0) == TUMOUR
    baseline = image.clone()
    for channel in baseline:
        channel[lesion] = channel[~lesion].median()
    margins = [
        logits[TUMOUR] - logits[list(ORGAN)].amax(0)
        for logits in (found.logits, found.predictor.logits(baseline))
    ]
    change = margins[0] - margins[1]
    explainer = Explainer(found.predictor, image, "deeplift", baseline=baseline)
    explanation = explainer.explain(image, ((TUMOUR,), ORGAN))
    off = (explanation.logit - margins[0]).abs().max() / margins[0].abs().max()
    assert off < 1e-4
    off = (explanation.normalisers - change).abs().max() / change.abs().max()
    assert off < 1e-4
    sure = lesion & (change.abs() > 1)
    assert (explanation.shares[:, sure].sum(0) - 1).abs().max() < 1e-4
