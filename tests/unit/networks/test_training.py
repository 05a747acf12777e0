import copy
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import SimpleITK as sitk
import torch
from helpers.blobs import CONFIGURATION, SEQUENCES, files_of, write_patients
from helpers.deployed import ensemble_of

import mrelevance.networks.training as training
from mrelevance.networks.inference import predict_logits
from mrelevance.networks.loading import load_network
from mrelevance.networks.training import train
from mrelevance.networks.training_data import load_patient
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_json, read_table

# Trains in its own process, so that it can be killed there.
CHILD = """
import json, sys
import torch
from helpers.blobs import files_of
from mrelevance.networks.training import train
torch.set_num_threads(1)
images, configuration = json.loads(sys.argv[1]), json.loads(sys.argv[2])
train(files_of(images), configuration, sys.argv[3], code="1")
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return write_patients(tmp_path_factory.mktemp("patients"))


def with_training(**changes):
    configuration = copy.deepcopy(CONFIGURATION)
    configuration["training"].update(changes)
    return configuration


def weights_of(folder):
    return torch.load(folder / "weights.pt", weights_only=True)


def assert_same(first, second):
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    train(files_of(images), CONFIGURATION, folder, code="1")
    return folder


def test_training_learns_the_blobs(images, trained):
    network = load_network(trained, SEQUENCES)
    patient = load_patient("03", *images["03"], SEQUENCES, SEQUENCES)
    logits = predict_logits(ensemble_of(network, (24, 24, 16), divisor=4), patient.image.float())
    predicted = logits[1] > logits[0]
    dice = (
        2
        * (predicted & (patient.classes > 0)).sum()
        / (predicted.sum() + (patient.classes > 0).sum())
    )
    assert dice > 0.8
    card = read_json(trained / "card.json")
    assert card["metrics"]["validation_dice"] == pytest.approx(float(dice), abs=1e-6)


def test_history_has_a_row_per_epoch_and_the_card_the_best(trained):
    history = read_table(trained / "history.tsv")
    assert history.columns.tolist() == [
        "epoch", "step", "learning_rate", "training_loss", "validation_dice",
    ]  # fmt: skip
    assert history["step"].tolist() == [30, 60, 90]
    assert history["learning_rate"].max() <= 0.03
    assert history["training_loss"].iloc[-1] < history["training_loss"].iloc[0]
    card = read_json(trained / "card.json")
    assert card["metrics"]["validation_dice"] == pytest.approx(history["validation_dice"].max())
    assert card["channels"] == SEQUENCES
    assert card["spacing_mm"] == [2.0, 2.0, 3.0]
    assert card["patients"] == {"train": ["00", "01", "02"], "validation": ["03"]}
    assert not (trained / "checkpoint.pt").exists()


def test_seed_decides_and_the_order_of_patients_does_not(images, trained, tmp_path):
    files = files_of(images)
    backwards = replace(files, train=dict(reversed(files.train.items())))
    train(backwards, CONFIGURATION, tmp_path / "same", code="1")
    assert_same(weights_of(trained), weights_of(tmp_path / "same"))
    other = CONFIGURATION | {"seed": 8}
    train(files_of(images), other, tmp_path / "other", code="1")
    first, second = weights_of(trained), weights_of(tmp_path / "other")
    assert not all(torch.equal(first[name], second[name]) for name in first)


def test_killed_training_ends_with_the_weights_of_one_never_killed(images, tmp_path, caplog):
    configuration = with_training(steps=80, steps_per_epoch=8, precision="bfloat16")
    configuration["network"]["arguments"] |= {
        "norm_name": ["BATCH", {"affine": True}],  # precision and norm of the default study
        "dropout": 0.2,  # draws from torch's generator
    }
    paths = {name: [str(path) for path in both] for name, both in images.items()}
    folder = tmp_path / "killed"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, json.dumps(paths), json.dumps(configuration), str(folder)],
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    while not (folder / "checkpoint.pt").exists() and child.poll() is None:
        time.sleep(0.01)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    assert not (folder / "weights.pt").exists()

    with caplog.at_level("INFO"):
        train(files_of(paths), configuration, folder, code="1")
    assert "training goes on after epoch" in caplog.text
    train(files_of(paths), configuration, tmp_path / "whole", code="1")
    assert_same(weights_of(folder), weights_of(tmp_path / "whole"))
    for file in ("history.tsv", "card.json"):
        assert (folder / file).read_text() == (tmp_path / "whole" / file).read_text()


def test_checkpoint_of_other_settings_is_not_resumed(images, trained, tmp_path, caplog):
    diverging = with_training(learning_rate=1e30, steps_per_epoch=1, warmup_share=0.9)
    with pytest.raises(InputError, match="loss"):
        train(files_of(images), diverging, tmp_path, code="1")
    assert (tmp_path / "checkpoint.pt").exists()
    train(files_of(images), CONFIGURATION, tmp_path, code="1")
    assert "training starts anew" in caplog.text
    assert_same(weights_of(trained), weights_of(tmp_path))


def test_checkpoint_of_another_number_of_threads_is_not_resumed(images, trained, tmp_path, caplog):
    torch.set_num_threads(2)
    interrupted(images, tmp_path)
    torch.set_num_threads(1)
    train(files_of(images), CONFIGURATION, tmp_path, code="1")
    assert "another number of threads (cores): training starts anew" in caplog.text
    assert_same(weights_of(trained), weights_of(tmp_path))


def test_checkpoint_that_cannot_be_read_is_not_resumed(images, trained, tmp_path, caplog):
    interrupted(images, tmp_path)
    checkpoint = tmp_path / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    train(files_of(images), CONFIGURATION, tmp_path, code="1")
    assert f"{checkpoint} cannot be read" in caplog.text
    assert_same(weights_of(trained), weights_of(tmp_path))


def interrupted(images, folder):
    """A training that ends after its first checkpoint."""

    def end(*_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        save = training.save_checkpoint
        patched.setattr(training, "save_checkpoint", lambda *given: end(save(*given)))
        with pytest.raises(KeyboardInterrupt):
            train(files_of(images), CONFIGURATION, folder, code="1")
    assert (folder / "checkpoint.pt").exists()


def test_loss_that_is_not_finite_names_step_and_patients(images, tmp_path):
    diverging = with_training(learning_rate=1e30)
    with pytest.raises(InputError, match=r"training step \d+: loss .* on patients 0\d, 0\d; lower"):
        train(files_of(images), diverging, tmp_path, code="1")
    assert not (tmp_path / "weights.pt").exists()


def test_without_validation_patients_the_last_weights_are_kept(images, tmp_path):
    configuration = with_training(steps=8, steps_per_epoch=3)
    train(files_of(images, validation=0), configuration, tmp_path, code="1")
    card = read_json(tmp_path / "card.json")
    assert card["metrics"]["validation_dice"] is None
    assert card["weights"].startswith("of epoch 3: the last")
    assert read_table(tmp_path / "history.tsv")["validation_dice"].isna().all()


def test_a_subset_of_the_sequences_trains_as_if_the_image_held_nothing_else(images, tmp_path):
    """The same patches of the same channels give the same weights, from whatever image."""
    configuration = with_training(steps=4, steps_per_epoch=4)
    alone = {}
    for name, (image, label) in images.items():
        cut = sitk.ReadImage(str(image))[:, :, :, 1:3]
        alone[name] = (tmp_path / f"{name}.nii", label)
        sitk.WriteImage(cut, str(alone[name][0]))
    subset = ["T2", "FLAIR"]
    picked = replace(files_of(images), sequences=subset)
    train(picked, configuration, tmp_path / "picked", code="1")
    train(
        replace(files_of(alone), sequences=subset, channels=subset),
        configuration,
        tmp_path / "alone",
        code="1",
    )
    assert_same(weights_of(tmp_path / "picked"), weights_of(tmp_path / "alone"))
    assert read_json(tmp_path / "picked/card.json")["channels"] == ["T2", "FLAIR"]
    load_network(tmp_path / "picked", ["T2", "FLAIR"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patch": [16, 16, 6]}, r"training\.patch"),
        ({"patch": [16, 16, 8], "precision": "bfloat16"}, r"training\.patch: 8 voxels in z"),
        ({"precision": "half"}, r"training\.precision"),
        ({"warmup_share": 0.001}, r"training\.warmup_share"),
    ],
)
def test_wrong_settings_are_refused_before_training(images, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        train(files_of(images), with_training(**changes), tmp_path, code="1")


def test_split_without_training_patients_is_refused(images, tmp_path):
    with pytest.raises(InputError, match="no patient is for training"):
        train(files_of(images, validation=4), CONFIGURATION, tmp_path, code="1")


def test_patients_of_different_spacing_are_refused(tmp_path):
    images = write_patients(tmp_path / "patients")
    for path in images["01"]:
        image = sitk.ReadImage(str(path))
        image.SetSpacing([2.0, 2.0, 4.0, 1.0][: image.GetDimension()])
        sitk.WriteImage(image, str(path))
    with pytest.raises(InputError, match="00 and 01 have voxels of 2 x 2 x 3 and 2 x 2 x 4 mm"):
        train(files_of(images), CONFIGURATION, tmp_path / "model", code="1")
