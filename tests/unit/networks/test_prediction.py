"""A prediction holds the segmentation of a patient with its lesions and scores."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from helpers.segmentations import BINARY, TUMOUR

from mrelevance.networks.prediction import (
    predict_patient,
    read_preprocessed,
    write_prediction,
)
from mrelevance.networks.predictor import Predictor
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_table, write_json
from mrelevance.runtime.images import image_like, read_image, to_array, write_image

SEQUENCES = ["T1", "T2", "FLAIR"]
SIZE = (6, 10, 12)
LESION_OVERLAP = 0.5


class Bright(torch.nn.Module):
    """Tumour is where the first channel is above 1."""

    def forward(self, image):
        return torch.cat([torch.ones_like(image[:, :1]), image[:, :1]], dim=1)


def predictor():
    return Predictor(Bright().eval(), (12, 10, 6), 0.5, divisor=1)


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
        "label": tmp_path / "label.nii.gz",
        "channels": tmp_path / "channels.json",
        "lesions": tmp_path / "lesions.tsv",
    }
    write_image(image_like(image, grid), files["image"])
    write_image(grid, files["label"])
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
