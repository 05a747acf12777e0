"""A study of a network that is trained already, from three small patients to the methods text."""

import json

import pytest
import yaml
from helpers.own_network import CHANNELS, study, write_cohort, write_network

from mrelevance.networks.loading import load
from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import read_image, to_array

pytestmark = pytest.mark.workflow

CONFIG = "own.yaml"


@pytest.fixture(scope="module")
def explained(fresh_project, tmp_path_factory):
    """The project after the whole study of a tiny nnU-Net, and the folder of the network."""
    place = tmp_path_factory.mktemp("own_network")
    project = fresh_project.copy(place / "project")
    network = write_network(place / "nnUNetTrainer__nnUNetPlans__3d_fullres")
    images = write_cohort(place / "images", network)
    (project.folder / CONFIG).write_text(yaml.safe_dump(study(images, network)))
    done = project.snakemake(config=CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    return project, network


def table(project, path):
    return read_table(project.folder / "results" / path)


def test_every_patient_is_segmented_as_the_network_is_deployed(explained):
    """The labels are its predictions from the files, one of which is stored sagittally."""
    scores = table(explained[0], "summary/scores.tsv").set_index("patient")
    assert scores.index.tolist() == ["P0", "P1", "P2"]
    assert (scores["dice"] == 1).all()
    assert (scores["detected"] == scores["lesions"]).all()
    assert set(table(explained[0], "cohort/split.tsv")["split"]) == {"test"}


def test_the_sagittal_patient_keeps_its_axes(explained):
    project, network = explained
    stored = json.loads((project.folder / "results/raw/P1/stored.json").read_text())
    assert stored["direction"] != [1, 0, 0, 0, 1, 0, 0, 0, 1]
    images = network.parent / "images/P1"
    predictor = load(network)
    case = predictor.preprocess({name: images / f"{name}.nii.gz" for name in CHANNELS})
    prepared = read_image(project.folder / "results/preprocessed/P1/image.nii")
    assert (to_array(prepared) == case.image.numpy()).all()


def test_nothing_was_trained(explained):
    project, _ = explained
    assert [path.name for path in (project.folder / "results/model").iterdir()] == ["card.json"]
    assert not (project.folder / "results/figures/learning_curve.png").exists()
    card = json.loads((project.folder / "results/model/card.json").read_text())
    assert card["kind"] == "trained elsewhere"
    assert card["members"] == {"explained": 4, "deployed": 4}
    assert set(card["files"]) == {
        *("dataset.json", "plans.json"),
        *(f"fold_{fold}/checkpoint_final.pth" for fold in (0, 1)),
    }


def test_relevance_adds_up_to_the_change_of_the_deployed_logits(explained):
    """With a baseline, the parts of all sequences add up to the change of the margin."""
    shapley = table(explained[0], "evaluation/P0/shapley.tsv")
    relevance = table(explained[0], "relevance/P0/relevance.tsv")
    assert set(relevance["method"]) == {"alpha1_beta0", "deeplift", "deepshap"}
    tumour = relevance[(relevance["region"] == "tumour") & (relevance["lesion"] == 0)]
    measured = shapley[(shapley["region"] == "tumour") & (shapley["lesion"] == 0)]
    for _, of_method in tumour.groupby("method"):
        assert of_method["relevance_pooled"].sum() == pytest.approx(1, abs=1e-4)
    assert measured["relevance_pooled"].sum() == pytest.approx(1, abs=1e-4)


def test_the_methods_text_says_where_it_was_trained(explained):
    text = (explained[0].folder / "results/report/methods.md").read_text()
    assert "trained elsewhere" in text
    assert "steps on batches" not in text
    assert "Of its 4 members" in text
    assert load(explained[1]).deployment.files["plans.json"] in text


def test_a_second_run_does_nothing(explained):
    assert explained[0].plan(config=CONFIG) == {}


@pytest.mark.parametrize("target", ["networks", "select"])
def test_targets_that_train_say_why_they_cannot(explained, target):
    done = explained[0].snakemake("--dry-run", target, config=CONFIG)
    assert done.returncode != 0
    assert f"Error: the target {target} trains networks" in done.stdout + done.stderr


def test_what_needs_no_training_can_be_compared(explained):
    jobs = explained[0].plan("baselines", "motion_effect", config=CONFIG)
    assert "train_network" not in jobs
    # Images that are registered in another way are another patient to the network.
    assert jobs["prepare_patient"] % 3 == 0
    assert jobs["compare_baselines"] == 1
