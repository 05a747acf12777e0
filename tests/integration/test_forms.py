"""The network of a study, written in every form and explained again: its tables stay the same."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from conftest import TINY
from helpers.bundles import INFERENCE, PREPROCESSING, write_bundle
from helpers.own_network import images, write_cohort

from mrelevance.networks import load
from mrelevance.networks.exporting import export_network
from mrelevance.runtime.files import read_json, read_table, sha256

pytestmark = pytest.mark.workflow

PATIENT = "T1"
TABLES = ("relevance.tsv", "context.tsv", "contrast.tsv")
FACTORY = """
from pathlib import Path

import torch
from monai.networks.nets import DynUNet

Path(__file__).with_name("has_run").touch()


def make():
    network = DynUNet(3, 6, 2, [3, 3, 3], [1, 2, 2], [2, 2], filters=[8, 16, 32],
                      norm_name=["INSTANCE", {"affine": True}],
                      act_name=["leakyrelu", {"negative_slope": 0.01}])
    network.load_state_dict(torch.load(Path(__file__).with_name("weights.pt"), weights_only=True))
    return network
"""


def described(model, folder):
    """The description of a network of this workflow."""
    export_network(model, "weights", folder / "described.pt")
    return yaml.safe_load((folder / "described.yaml").read_text())


def as_factory(model, folder):
    (folder / "models.py").write_text(FACTORY)
    shutil.copy(model / "weights.pt", folder)
    said = described(model, folder)
    del said["network"]
    (folder / "models.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
    return f"{folder}/models.py:make"


def as_one_region(model, folder):
    """The margin as the only logit, whose sign decides."""
    said = described(model, folder)
    state = torch.load(model / "weights.pt", weights_only=True)
    for name in ("weight", "bias"):
        key = f"output_block.conv.conv.{name}"
        state[key] = (state[key][1] - state[key][0])[None]
    torch.save(state, folder / "network.pt")
    said |= {"outputs": {"tumour": 1}, "heads": "sigmoid"}
    (folder / "network.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
    return folder / "network.pt"


def exported(form, name):
    def write(model, folder):
        return export_network(model, form, folder / name)[0]

    return write


FORMS = {
    "weights": exported("weights", "network.pt"),
    "MONAI bundle": exported("bundle", "network"),
    "exported program": exported("pt2", "network.pt2"),
    "factory": as_factory,
}


def explained_again(study, write, folder, **network):
    """A project with the images of a study, after its network explained one of its patients."""
    folder.mkdir()
    source = write(study.folder / "results/model", folder)
    project = type(study)(folder / "project")
    shutil.copytree(study.folder, project.folder, ignore=shutil.ignore_patterns("results*", ".s*"))
    for stage in ("raw", "motion"):
        shutil.copytree(study.folder / f"results/{stage}", project.folder / f"results/{stage}")
    config = yaml.safe_load((project.folder / TINY).read_text())
    config["network"] = {"source": str(source), "divisor": 4} | network
    (project.folder / "again.yaml").write_text(yaml.safe_dump(config))
    tables = [f"results/relevance/{PATIENT}/{name}" for name in TABLES]
    return project, project.snakemake(*tables, "--rerun-triggers", "mtime", config="again.yaml")


@pytest.mark.parametrize("form", FORMS)
def test_the_tables_are_those_of_the_study_byte_for_byte(form, study, tmp_path):
    trust = {"trust_code": True} if form == "factory" else {}
    project, done = explained_again(study, FORMS[form], tmp_path / "again", **trust)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_json(project.folder / "results/model/card.json")["format"] == form
    for name in (f"relevance/{PATIENT}/{table}" for table in TABLES):
        again, first = (one.folder / "results" / name for one in (project, study))
        assert again.read_bytes() == first.read_bytes(), name


def test_a_single_region_with_a_sigmoid_is_explained_as_the_margin(study, tmp_path):
    project, done = explained_again(study, as_one_region, tmp_path / "again")
    assert done.returncode == 0, done.stdout + done.stderr
    again, first = (
        read_table(one.folder / f"results/relevance/{PATIENT}/relevance.tsv")
        for one in (project, study)
    )
    pd.testing.assert_frame_equal(again, first, rtol=0, atol=1e-6)


def test_code_without_trust_ends_in_one_line_before_any_job(study, tmp_path):
    project, done = explained_again(study, as_factory, tmp_path / "again")
    assert done.returncode != 0
    output = done.stdout + done.stderr
    (line,) = [line for line in output.splitlines() if "Error" in line]
    assert "the function make of" in line and "network.trust_code: true" in line
    assert "Traceback" not in output
    assert not (tmp_path / "again/has_run").exists()
    assert not (project.folder / "results/logs").exists()


OUTPUTS = {"outputs": {"whole": 1, "core": 2}, "members": {"whole": [1, 2], "core": [2]}}
HEADS = [{"_target_": "Activationsd", "keys": "pred", "sigmoid": True}]
SPACING = {"_target_": "Spacingd", "keys": "image", "pixdim": [2.0, 2.0, 2.0]}
SEQUENCES = ("T1", "T2", "FLAIR")


@pytest.fixture(scope="module")
def regions(fresh_project, tmp_path_factory):
    """The whole study of a bundle that predicts two regions, one inside the other."""
    place = tmp_path_factory.mktemp("regions")
    same_spacing = [SPACING if one["_target_"] == "Spacingd" else one for one in PREPROCESSING]
    # One window, so that the crop of a map, which is as large, has the logits of the whole image.
    inferer = INFERENCE["inferer"] | {"roi_size": [20, 16, 12]}
    changes = {"preprocessing": same_spacing, "postprocessing": HEADS, "inferer": inferer}
    bundle = write_bundle(place / "lesions_v0.3", changes)
    (place / "lesions_v0.3.yaml").write_text(yaml.safe_dump(OUTPUTS, sort_keys=False))
    put_core_into_whole(bundle)
    folder = write_cohort(place / "images", bundle, 2, sequences=SEQUENCES)
    project = fresh_project.copy(place / "project")
    maps = {
        "lesions": 1, "crop": [12, 16, 20], "methods": ["deepshap", "random"],
        "units": ["one_sequence"], "replacements": ["baseline"], "steps": 2,
        "randomised_lesions": 1, "randomised_methods": ["random"],
    }  # fmt: skip
    config = {
        "sequences": list(SEQUENCES),
        "fixed_sequence": "T1",
        "cohort": {"source": "images", "patients": f"{folder}/sheet.tsv", "data": str(folder)},
        "motion": {"method": "none", "on_failure": "continue"},
        "segmentation": {
            "classes": {"rim": 1, "core": 2},
            "regions": {"whole": ["rim", "core"], "core": ["core"]},
            "explained": ["whole", "core"],
        },
        "network": {"source": str(bundle), "divisor": 2},
        "relevance": {"composites": ["alpha1_beta0", "deeplift", "deepshap"]},
        "evaluation": {"precision": "float32", "maps": maps},
    }
    (project.folder / "regions.yaml").write_text(yaml.safe_dump(config))
    return project, bundle, project.snakemake(config="regions.yaml")


def put_core_into_whole(bundle):
    """Let a bundle find few voxels of core, and more of the whole by the same weights."""
    path = bundle / "models/model.pt"
    content = torch.load(path, weights_only=True)
    weight, bias = (content["model"][f"model.2.conv.{name}"] for name in ("weight", "bias"))
    predictor = load(bundle)
    case = predictor.preprocess(images(0, sequences=SEQUENCES))
    core = predictor.logits(case.image)[1]
    weight[:, 0] = weight[:, 1]
    few, more = torch.quantile(core, torch.tensor([0.99, 0.97])).tolist()
    bias[0], bias[1] = bias[1] - more, bias[1] - few
    torch.save(content, path)


def test_overlapping_regions_go_through_the_whole_workflow(regions):
    project, _, done = regions
    assert done.returncode == 0, done.stdout + done.stderr
    scores = read_table(project.folder / "results/summary/scores.tsv")
    assert set(scores["region_name"]) == {"whole", "core"}
    assert (scores["dice"] == 1).all()
    relevance = read_table(project.folder / "results/relevance/P0/core/relevance.tsv")
    of_tumour = relevance[(relevance["region"] == "tumour") & (relevance["method"] == "deeplift")]
    assert of_tumour["relevance_pooled"].sum() == pytest.approx(1, abs=1e-4)
    assert np.isfinite(of_tumour["relevance_pooled"]).all()


def test_the_record_names_every_file_of_the_network(regions):
    project, bundle, _ = regions
    record = read_json(project.folder / "results/provenance.json")
    found = {file["path"]: file["sha256"] for file in record["inputs"]["network"]}
    names = ("configs/inference.json", "configs/metadata.json", "models/model.pt")
    files = [*(bundle / name for name in names), bundle.with_name("lesions_v0.3.yaml")]
    assert found == {str(file): sha256(file) for file in files}
    crate = read_json(project.folder / "results/ro-crate-metadata.json")
    hashes = {entity.get("sha256") for entity in crate["@graph"]}
    assert set(found.values()) <= hashes
    methods = (project.folder / "results/report/methods.md").read_text()
    assert all(sha256(file) in methods for file in files)
