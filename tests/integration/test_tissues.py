"""A study of two tissue classes, rim and core, in which whole tumour and core are explained."""

import numpy as np
import pytest
import yaml
from scipy import ndimage
from snakemake.utils import update_config

from mrelevance.figures.catalogue import ENTRIES
from mrelevance.runtime.files import read_json, read_table
from mrelevance.runtime.images import read_image, to_array

pytestmark = pytest.mark.workflow

CONFIG = "tissues.yaml"
PATIENTS = ["T1", "T2", "T3"]
REGIONS = {"whole tumour": "whole_tumour", "core": "core"}
CLASSES = {"whole tumour": (1, 2), "core": (2,)}
TISSUES = {
    "phantom": {"tissue_classes": True},
    "training": {"steps": 500, "steps_per_epoch": 100},
    "segmentation": {
        "classes": {"rim": 1, "core": 2},
        "regions": {"whole tumour": ["rim", "core"], "core": ["core"]},
        "explained": ["whole tumour", "core"],
    },
}


@pytest.fixture(scope="module")
def project(fresh_project, tmp_path_factory):
    project = fresh_project.copy(tmp_path_factory.mktemp("tissues") / "project")
    config = yaml.safe_load((project.folder / "tests/integration/tiny.yaml").read_text())
    update_config(config, TISSUES)
    (project.folder / CONFIG).write_text(yaml.safe_dump(config, sort_keys=False))
    done = project.snakemake(config=CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.fixture(scope="module")
def results(project):
    return project.folder / "results"


def volume(path):
    return to_array(read_image(path))


def summary_of(results, table, region):
    whole = read_table(results / f"summary/{table}.tsv")
    return whole[whole["region_name"] == region]


def test_network_has_an_output_for_each_class(results):
    card = read_json(results / "model/card.json")
    assert card["classes"] == ["background", "rim", "core"]
    assert card["metrics"]["validation_dice"] > 0.1


@pytest.mark.parametrize("region", REGIONS)
def test_dice_is_that_of_the_volumes(results, region):
    scores = summary_of(results, "scores", region).set_index("patient")
    assert list(scores.index) == PATIENTS
    for patient in PATIENTS:
        drawn = np.isin(volume(results / f"preprocessed/{patient}/classes.nii.gz"), CLASSES[region])
        found = volume(results / f"prediction/{patient}/{REGIONS[region]}/segmentation.nii.gz") > 0
        expected = 2 * (drawn & found).sum() / (drawn.sum() + found.sum())
        assert scores.loc[patient, "dice"] == pytest.approx(expected)
        _, cores = ndimage.label(drawn, np.ones((3, 3, 3)))
        if region == "core":
            assert scores.loc[patient, "lesions"] == cores


def test_a_core_lies_in_its_tumour(results):
    """Where the winner is core, it is a class of the whole tumour as well."""
    cores = 0
    for patient in PATIENTS:
        whole, core = (
            volume(results / f"prediction/{patient}/{folder}/segmentation.nii.gz") > 0
            for folder in REGIONS.values()
        )
        assert not (core & ~whole).any() and (whole & ~core).any()
        cores += core.sum()
    assert cores > 0


@pytest.mark.parametrize("region", REGIONS)
def test_shares_of_every_method_sum_to_one(results, region):
    relevance = summary_of(results, "relevance", region)
    assert set(relevance["method"]) == {
        *("alpha1_beta0", "deeplift", "deepshap", "halves", "shapley")
    }
    sums = relevance.groupby(["patient", "method", "region", "lesion"])["relevance_pooled"].sum()
    np.testing.assert_allclose(sums, 1, atol=1e-3)
    predicted = {
        patient
        for patient in PATIENTS
        if volume(results / f"prediction/{patient}/{REGIONS[region]}/segmentation.nii.gz").any()
    }
    tumour = relevance[relevance["region"] == "tumour"]
    assert set(tumour["patient"]) == predicted and predicted


@pytest.mark.parametrize("region", REGIONS)
def test_relevance_is_the_margin_of_the_region(results, region):
    """Conserved: the relevance of a region's voxels is the change of winner minus winner."""
    relevance = summary_of(results, "relevance", region)
    deeplift = relevance[relevance["method"] == "deeplift"]
    np.testing.assert_allclose(deeplift["conservation"].dropna(), 1, atol=0.02)


def test_regions_are_explained_on_their_own(results):
    whole, core = (
        summary_of(results, "relevance", region)
        .query("region == 'tumour' and method == 'shapley'")
        .set_index(["patient", "sequence"])["relevance_pooled"]
        for region in REGIONS
    )
    assert (whole - core).abs().max() > 0.01


@pytest.mark.parametrize("region", REGIONS)
def test_ablation_of_nothing_is_the_segmentation(results, region):
    ablation = summary_of(results, "ablation", region)
    whole = ablation[ablation["ablation"] == "all"].set_index("patient")
    scores = summary_of(results, "scores", region).set_index("patient")
    assert (whole["dice"] - scores["dice"]).abs().max() < 0.05
    assert (whole["lesions"] == scores["lesions"]).all()


def test_lesions_of_the_core_have_the_type_of_their_tumour(results):
    lesions = summary_of(results, "lesions", "core").query("region != 'FP'")
    for patient, own in lesions.groupby("patient"):
        known = set(read_table(results / f"raw/{patient}/lesions.tsv")["type"])
        assert set(own["type"]) <= known


def test_every_region_has_its_figures(results):
    for entry in ENTRIES:
        if entry.target != "all":
            continue
        for folder in REGIONS.values() if entry.by_region else [""]:
            assert (results / "figures" / folder / f"{entry.name}.svg").stat().st_size > 2000
        assert (results / f"figures/{entry.name}.svg").exists() != entry.by_region


def test_texts_name_classes_and_regions(results):
    methods = (results / "report/methods.md").read_text()
    assert "three output channels (background, rim, core)" in methods
    assert "The explained regions are whole tumour (rim, core) and core" in methods
    checklist = (results / "report/claim_checklist.md").read_text()
    assert "Whole tumour: Median Dice" in checklist and "Core: Median Dice" in checklist


def test_nothing_is_left_to_do(project):
    assert project.plan(config=CONFIG) == {}
