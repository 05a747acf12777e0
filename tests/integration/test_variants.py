"""Variants with fewer sequences, and with other networks, on the tiny phantom."""

import pytest
import SimpleITK as sitk
from helpers.catalogues import rules_reading

from mrelevance.runtime.files import read_json, read_table

pytestmark = pytest.mark.workflow

TINY = "tests/integration/tiny.yaml"
SEQUENCES = ["T1-pre", "T1-20s", "T1-60s", "T1-120s", "T1-15min", "T2"]
FULL = ",".join(SEQUENCES)
SUBSET = "T1-20s,T2"
CONFIGURATION = """
protocol:
  subsets: [[T2, T1-20s]]
  acquisition_minutes: {T1-pre: 1, T1-20s: 1, T1-60s: 1, T1-120s: 1, T1-15min: 2, T2: 4}
variants:
  residual: null
  short: {training: {steps: 80}, relevance: {composites: [deepshap]}}
comparisons: {networks: [other_seed, short]}
"""
RECORDED = {"record_provenance": 1, "write_crate": 1, "write_methods": 1, "write_page": 1}


@pytest.fixture(scope="module")
def project(study, tmp_path_factory):
    project = study.copy(tmp_path_factory.mktemp("selection") / "project")
    with open(project.folder / TINY, "a") as file:
        file.write(CONFIGURATION)
    assert project.plan() == RECORDED, "of the study itself only the record depends on it"
    done = project.snakemake("all", "select", "networks")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.fixture(scope="module")
def results(project):
    return project.folder / "results"


def test_network_sees_its_sequences_alone_with_the_same_budget(results):
    card = read_json(results / f"variants/{SUBSET}/model/card.json")
    of_study = read_json(results / "model/card.json")
    assert card["channels"] == ["T1-20s", "T2"]
    assert card["configuration"] == of_study["configuration"]
    assert card["inputs_sha256"] == of_study["inputs_sha256"]
    image = sitk.ReadImage(str(results / "preprocessed/T1/image.nii"))
    segmentation = results / f"variants/{SUBSET}/prediction/T1/segmentation.nii.gz"
    assert sitk.ReadImage(str(segmentation)).GetSize() == image.GetSize()[:3]
    stages = {path.name for path in (results / f"variants/{SUBSET}").iterdir()}
    assert stages == {"benchmarks", "logs", "model", "prediction"}


def test_selection_holds_the_scores_of_both_networks(results):
    scores = read_table(results / "summary/selection_scores.tsv").set_index(["subset", "patient"])
    of_study = read_table(results / "summary/scores.tsv").set_index("patient")
    for patient in ("T1", "T2", "T3"):
        own = read_table(results / f"variants/{SUBSET}/prediction/{patient}/scores.tsv").iloc[0]
        found = scores.loc[(SUBSET, patient)]
        assert found["dice"] == pytest.approx(own["dice"], nan_ok=True)
        assert found["dice_full"] == pytest.approx(of_study.loc[patient, "dice"], nan_ok=True)
        assert found["detected"] - found["detected_full"] == found["gained"] - found["lost"]
        assert found["detected"] == own["detected"]
    table = read_table(results / "summary/selection.tsv")
    assert list(table["subset"].unique()) == [FULL, SUBSET]
    assert set(table.loc[table["subset"] == SUBSET, "minutes_saved"]) == {5}
    # Three patients cannot show anything: the smallest p of the signed-rank test is .125.
    assert set(table.loc[table["subset"] == SUBSET, "conclusion"]) <= {
        "undecided",
        "loses more than the margin",
    }
    (verdict,) = read_table(results / "summary/selection_verdict.tsv")["verdict"]
    assert verdict.endswith("3 test patients.")
    (predicted,) = read_table(results / "summary/dropping_verdict.tsv")["verdict"]
    assert predicted.startswith("Not judged")


def test_another_seed_is_another_network(results):
    card = read_json(results / "variants/other_seed/model/card.json")
    of_study = read_json(results / "model/card.json")
    assert card["weights_sha256"] != of_study["weights_sha256"]
    assert card["configuration"]["seed"] == 20190712
    assert card["configuration"] | {"seed": 20190711} == of_study["configuration"]
    agreement = read_table(results / "summary/networks_agreement.tsv")
    assert set(agreement["method"]) == {"shapley", "deepshap"}
    own = agreement.set_index("network")["differs_in"].to_dict()
    assert own == {"other_seed": "seed", "short": "other"}
    values = read_table(results / "summary/networks.tsv")
    assert set(values["network"]) == {"study", "other_seed", "short"}
    assert (values.loc[values["network"] == "study", "difference"] == 0).all()


def test_a_variant_of_ones_own_reads_from_the_study_what_it_does_not_change(results):
    folder = results / "variants/short"
    stages = {"trial", "model", "prediction", "relevance", "evaluation"}
    assert {path.name for path in folder.iterdir()} == stages | {"benchmarks", "logs"}
    card = read_json(folder / "model/card.json")
    of_study = read_json(results / "model/card.json")
    assert card["configuration"]["training"]["steps"] == 80
    assert card["inputs_sha256"] == of_study["inputs_sha256"], "images of the study"


def test_an_unknown_variant_ends_in_one_line(project):
    done = project.snakemake("--dry-run", "results/variants/shrt/model/card.json")
    assert done.returncode == 1
    (line,) = [line for line in (done.stdout + done.stderr).splitlines() if "shrt" in line]
    assert line.startswith("Error: variant shrt is unknown; name it under variants")
    assert "short" in line


def test_figures_exist(results):
    for figure in ("selection", "protocols", "dropping", "networks"):
        assert (results / f"figures/{figure}.png").read_bytes().startswith(b"\x89PNG")


def test_a_second_call_has_nothing_to_do(project):
    assert project.plan("select", "networks") == {}
    # It can show the comparisons now.
    assert set(project.plan()) <= {"write_page"}


def test_another_margin_does_not_train(project, tmp_path):
    changed = project.copy(tmp_path / "project")
    changed.replace(TINY, "protocol:\n", "protocol:\n  margin_dice: 0.05\n")
    jobs = changed.plan("select")
    jobs.pop("select", None)
    assert set(jobs) == {"record_further"} | rules_reading("protocol/", target="select")


def test_default_measures_the_validation_patients_to_choose(project, tmp_path):
    changed = project.copy(tmp_path / "project")
    changed.replace(TINY, "  subsets: [[T2, T1-20s]]\n", "")
    jobs = changed.plan("results/protocol/subsets.tsv")
    assert jobs == {"choose_subsets": 1, "measure_shapley": 1, "predict_patient": 1}
    done = changed.snakemake("results/protocol/subsets.tsv")
    assert done.returncode == 0, done.stdout + done.stderr
    subsets = read_table(changed.folder / "results/protocol/subsets.tsv")
    assert len(subsets) == 10
    assert (changed.folder / "results/evaluation/V1/shapley.tsv").is_file()
    jobs = changed.plan("select")
    # The configured subset is trained already, and may be among those chosen.
    assert jobs["train_network"] == 10 - (SUBSET in set(subsets["subset"]))
