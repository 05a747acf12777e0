"""A prediction holds the segmentation of a patient with its lesions and scores."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from helpers.segmentations import BINARY, TUMOUR, UNDECLARED

from mrelevance.attribution.table import regions_of
from mrelevance.lrp import Windows
from mrelevance.networks.prediction import (
    predict_patient,
    read_preprocessed,
    write_prediction,
)
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_table, write_json
from mrelevance.runtime.images import image_like, read_image, to_array, write_image
from mrelevance.runtime.segmentation import IGNORED, read_segmentation

SEQUENCES = ["T1", "T2", "FLAIR"]
SIZE = (6, 10, 12)
LESION_OVERLAP = 0.5


class Bright(torch.nn.Module):
    """Tumour is where the first channel is above 1."""

    def forward(self, image):
        return torch.cat([torch.ones_like(image[:, :1]), image[:, :1]], dim=1)


def predictor():
    return Predictor(Bright().eval(), Windows((6, 10, 12)))


@pytest.fixture
def paths(tmp_path):
    """Lesion 1 is bright in T2, lesion 2 is not."""
    label = np.zeros(SIZE, np.uint8)
    label[1:3, 1:4, 1:4] = 1
    label[4, 7:9, 8:10] = 2
    image = np.zeros((3, *SIZE), np.float32)
    image[1] = 3 * (label == 1)
    grid = sitk.GetImageFromArray(label)
    grid.SetSpacing((2.0, 3.0, 4.0))
    files = {
        "image": tmp_path / "image.nii",
        "coverage": tmp_path / "coverage.nii.gz",
        "label": tmp_path / "label.nii.gz",
        "channels": tmp_path / "channels.json",
        "lesions": tmp_path / "lesions.tsv",
    }
    write_image(image_like(image, grid), files["image"])
    write_image(grid, files["label"])
    # FLAIR covers nothing, T1 half of both lesions.
    coverage = np.ones((3, *SIZE), np.uint8)
    coverage[2] = coverage[0, :, :, 2:9] = 0
    write_image(image_like(coverage, grid), files["coverage"])
    write_json({"sequences": SEQUENCES}, files["channels"])
    files["lesions"].write_text("lesion\ttype\n1\tHCC\n2\tcyst\n")
    return files


def test_found_and_missed_lesions_are_described_and_scored(paths):
    patient = read_preprocessed("P1", paths, ["T2", "T1"], BINARY, TUMOUR)
    assert patient.image.shape == (2, *SIZE)
    prediction = predict_patient(predictor(), patient, LESION_OVERLAP, TUMOUR)
    assert np.array_equal(prediction.segmentation, patient.label == 1)
    assert prediction.probability[patient.label == 1] == pytest.approx(1 / (1 + np.exp(-2)))
    assert prediction.lesions[["region", "lesion", "type"]].to_numpy().tolist() == [
        ["TP", 1, "HCC"],
        ["FN", 2, "cyst"],
    ]
    assert prediction.lesions["uncovered_voxels"].tolist() == [12, 2]
    assert prediction.lesions["volume_ml"].tolist() == pytest.approx([18 * 0.024, 4 * 0.024])
    scores = prediction.scores.iloc[0]
    assert scores["dice"] == pytest.approx(2 * 18 / (18 + 22))
    assert (scores["lesions"], scores["detected"], scores["false_positives"]) == (2, 1, 0)


def test_what_is_written_is_read_back(paths, tmp_path):
    patient = read_preprocessed("P1", paths, ["T2", "T1"], BINARY, TUMOUR)
    prediction = predict_patient(predictor(), patient, LESION_OVERLAP, TUMOUR)
    arrays, tables = ("probability", "segmentation", "label", "regions"), ("lesions", "scores")
    out = {name: tmp_path / f"out/{name}.nii.gz" for name in arrays}
    out |= {name: tmp_path / f"out/{name}.tsv" for name in tables}
    write_prediction(prediction, "tumour", out)
    for name in arrays:
        image = read_image(out[name])
        assert image.GetSpacing() == pytest.approx((2.0, 3.0, 4.0))
        assert np.array_equal(to_array(image), getattr(prediction, name))
    assert read_table(out["lesions"])["type"].tolist() == ["HCC", "cyst"]
    assert read_table(out["scores"])["detected"].tolist() == [1]


def test_sequence_that_the_image_lacks_is_refused(paths):
    with pytest.raises(InputError, match="patient P1, preprocessed image: expected a channel PD"):
        read_preprocessed("P1", paths, ["PD"], BINARY, TUMOUR)


class TissueByIntensity(torch.nn.Module):
    """Rim where the first channel is 1, core where it is 2."""

    def forward(self, image):
        value = image[:, :1]
        return torch.cat([0.5 - value, 1 - (value - 1).abs(), value - 1], dim=1)


def test_regions_of_one_network_are_segmented_and_scored(paths, tmp_path):
    """A core in a lesion, a voxel of rim that was taken for core, and ignored voxels."""
    rim_and_core = read_segmentation(
        UNDECLARED
        | {
            "classes": {"rim": 1, "core": 2},
            "regions": {"whole tumour": ["rim", "core"], "core": ["core"]},
            "explained": ["whole tumour", "core"],
            "ignore": [255],
        }
    )
    label = to_array(read_image(paths["label"]))
    core = label == 1
    core &= np.arange(core.shape[2]) < np.argwhere(core)[:, 2].mean()
    classes = np.where(label > 0, np.where(core, 2, 1), 0).astype(np.uint8)
    shown = classes.astype(np.float32)
    rim_voxel = tuple(np.argwhere(classes == 1)[0])
    shown[rim_voxel] = 2
    ignored = tuple(np.argwhere(classes == 0)[0])
    classes[ignored], shown[ignored] = IGNORED, 2
    grid = read_image(paths["label"])
    write_image(image_like(np.stack([shown] * 3), grid), paths["image"])
    paths["classes"] = tmp_path / "classes.nii.gz"
    write_image(image_like(classes, grid), paths["classes"])
    network = Predictor(TissueByIntensity().eval(), Windows((6, 10, 12)))
    dice = {}
    for region in rim_and_core.explained_regions:
        patient = read_preprocessed("P1", paths, ["T2", "T1"], rim_and_core, region)
        prediction = predict_patient(network, patient, LESION_OVERLAP, region)
        assert not prediction.regions[ignored] and prediction.segmentation[ignored]
        assert (prediction.lesions["region"] == "TP").all()
        dice[region.name] = prediction.scores["dice"].item()
        if region.name == "core":
            assert prediction.lesions[["lesion", "type"]].to_numpy().tolist() == [[1, "HCC"]]
            assert np.array_equal(prediction.label > 0, core)
        else:
            assert prediction.lesions["type"].tolist() == ["HCC", "cyst"]
    assert dice["whole tumour"] == 1
    assert dice["core"] == pytest.approx(2 * core.sum() / (2 * core.sum() + 1))


def test_what_is_found_in_a_healthy_patient_is_false(paths):
    grid = read_image(paths["label"])
    write_image(image_like(np.zeros(SIZE, np.uint8), grid), paths["label"])
    paths["lesions"].write_text("lesion\ttype\n")
    patient = read_preprocessed("P1", paths, ["T2", "T1"], BINARY, TUMOUR)
    prediction = predict_patient(predictor(), patient, LESION_OVERLAP, TUMOUR)
    scores = prediction.scores.iloc[0]
    assert np.isnan(scores["dice"]) and np.isnan(scores["surface_distance_mm"])
    assert (scores["lesions"], scores["false_positives"]) == (0, 1)
    assert list(regions_of(prediction.regions, prediction.lesions)) == [("FP", 1)]
