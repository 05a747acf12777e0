"""A network that was trained here, written in other forms and read back, is explained the same."""

import json
import warnings
from pathlib import Path

import pytest
import SimpleITK as sitk
import torch
from helpers.blobs import SEQUENCES
from helpers.models import patient_images, write_model
from monai.bundle import ConfigParser

from mrelevance.lrp import Explainer
from mrelevance.networks import load
from mrelevance.networks.exporting import FORMS, export_network
from mrelevance.networks.loading import load_network
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import to_array, write_image

OUTS = {"weights": "own.pt", "bundle": "own", "pt2": "own.pt2"}


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return write_model(tmp_path_factory.mktemp("trained") / "model")


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("exported")
    for form, name in OUTS.items():
        export_network(model, form, folder / form / name)
    return {form: folder / form / name for form, name in OUTS.items()}


@pytest.fixture(scope="module")
def trained(model):
    predictor = load(model)
    return predictor, predictor.preprocess(patient_images(turned=True))


@pytest.mark.parametrize("form", FORMS)
def test_it_segments_and_is_explained_as_before(form, exported, trained):
    own, case = trained
    other = load(exported[form])
    other_case = other.preprocess(patient_images(turned=True))
    assert torch.equal(other_case.image, case.image)
    logits = own.logits(case.image)
    torch.testing.assert_close(other.logits(case.image), logits, rtol=0, atol=1e-6)
    segmented = own.segment(case)
    assert set(to_array(segmented).ravel().tolist()) == {0, 3}
    assert (to_array(other.segment(other_case)) == to_array(segmented)).all()
    assert other.deployment.outputs == own.deployment.outputs
    assert other.deployment.channels == tuple(SEQUENCES)
    assert other.deployment.facts["steps"] == "90"
    region = logits[1] > logits[0]
    baseline = torch.zeros_like(case.image)
    maps, shares = [], []
    for predictor in (own, other):
        explainer = Explainer(
            predictor.ensemble.members[0].network,
            case.image,
            composite="deeplift",
            baseline=baseline,
            windows=predictor.windows,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            maps.append(explainer.region(case.image, region, (1, 0)))
            shares.append(explainer.shares(case.image, (1, 0)))
    scale = float(maps[0].abs().max())
    torch.testing.assert_close(maps[1], maps[0], rtol=0, atol=1e-6 * scale)
    included = shares[0].abs().amax(0) < 10
    torch.testing.assert_close(shares[1][:, included], shares[0][:, included], rtol=0, atol=1e-6)


def test_a_program_takes_images_of_several_sizes(exported, model):
    program = load(exported["pt2"]).networks[0]
    network = load_network(model, SEQUENCES)
    for size in ((8, 12, 16), (16, 8, 8)):
        image = torch.randn(1, 3, *size)
        torch.testing.assert_close(program(image), network(image), rtol=0, atol=1e-6)


def test_monai_runs_the_bundle(tmp_path):
    model = write_model(tmp_path / "model", inference={"window": [12, 8, 8], "overlap": 0.5})
    bundle = tmp_path / "bundle"
    export_network(model, "bundle", bundle)
    predictor = load(bundle)
    case = predictor.preprocess(patient_images())
    assert (torch.tensor(case.image.shape[1:]) > torch.tensor([8, 8, 12])).all()
    image = sitk.JoinSeries([sitk.GetImageFromArray(one.numpy()) for one in case.image])
    write_image(image, tmp_path / "images/patient.nii.gz")
    config = ConfigParser(json.loads((bundle / "configs/inference.json").read_text()))
    config["bundle_root"], config["dataset_dir"] = str(bundle), str(tmp_path / "images")
    network = config.get_parsed_content("network_def")
    network.load_state_dict(torch.load(bundle / "models/model.pt", weights_only=True))
    (batch,) = config.get_parsed_content("dataloader")
    assert torch.equal(batch["image"][0].as_tensor(), case.image)
    with torch.no_grad():
        logits = config.get_parsed_content("inferer")(batch["image"], network.eval())
    expected = predictor.logits(case.image)
    torch.testing.assert_close(logits[0].as_tensor(), expected, rtol=0, atol=1e-5)


def test_written_files_say_what_they_are(exported):
    assert (exported["weights"].parent / "own.yaml").read_text().startswith("network:")
    metadata = json.loads((exported["bundle"] / "configs/metadata.json").read_text())
    channels = metadata["network_data_format"]["inputs"]["image"]["channel_def"]
    assert channels == {"0": "T1", "1": "T2", "2": "FLAIR"}


@pytest.mark.parametrize(
    ("form", "name", "problem"),
    [
        ("pt2", "own.pt", r"needs a name that ends in \.pt2"),
        ("bundle", "own.zip", "needs a name that ends in no suffix"),
        ("weights", "taken.pt", r"taken\.pt exists; move it away"),
    ],
)
def test_places_that_do_not_fit_are_refused(form, name, problem, model, tmp_path):
    (tmp_path / "taken.pt").touch()
    with pytest.raises(InputError, match=problem):
        export_network(model, form, tmp_path / name)


def test_a_card_without_fixed_sequence_is_refused(tmp_path):
    model = write_model(tmp_path / "model", fixed_sequence=None)
    with pytest.raises(InputError, match="does not name the fixed sequence"):
        export_network(model, "weights", tmp_path / "own.pt")
