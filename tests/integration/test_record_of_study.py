"""What the workflow records about a run of the tiny study, and the texts made from it."""

import csv
import re

import pytest
import yaml
from rocrate.rocrate import ROCrate

from mrelevance.__main__ import main
from mrelevance.reporting.machine import versions
from mrelevance.reporting.record import result_files
from mrelevance.runtime.files import read_json, sha256

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def results(study):
    return study.folder / "results"


@pytest.fixture(scope="module")
def record(results):
    return read_json(results / "provenance.json")


def test_every_result_is_recorded_with_its_checksum(results, record):
    assert record["files"] == {path: sha256(results / path) for path in result_files(results)}
    for path in (
        "raw/A1/T2.nii.gz",
        "motion/T1/T2_inverse.h5",
        "model/weights.pt",
        "relevance/T1/volumes/deeplift/shares.nii.gz",
        "evaluation/T1/shapley.nii.gz",
        "summary/relevance.tsv",
        "figures/agreement.svg",
        "report/motion.html",
    ):
        assert path in record["files"], path
    assert main(["verify", str(results)]) == 0


def test_record_says_what_computed(study, record):
    assert record["versions"] == versions()
    assert record["container"] is None
    assert record["target"] == "all"
    tiny = yaml.safe_load((study.folder / "tests/integration/tiny.yaml").read_text())
    assert record["configuration"]["training"]["steps"] == tiny["training"]["steps"]
    assert record["inputs"]["patients"] == ["A1", "A2", "V1", "T1", "T2", "T3"]
    sheet = study.folder / record["inputs"]["sample_sheet"]["path"]
    assert record["inputs"]["sample_sheet"]["sha256"] == sha256(sheet)
    assert record["made_otherwise"] == {}, "all of it was made in one run"


def test_time_per_rule_is_that_of_the_benchmarks(results, record):
    seconds = {}
    for path in (results / "benchmarks").rglob("*.tsv"):
        rule = path.relative_to(results / "benchmarks").parts[0].removesuffix(".tsv")
        with open(path) as file:
            jobs = [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
        seconds.setdefault(rule, []).extend(jobs)
    # What ran after the record cannot be in it.
    for later in ("record_provenance", "write_crate", "write_methods", "write_page"):
        seconds.pop(later)
    assert set(record["rules"]) == set(seconds)
    for rule, jobs in seconds.items():
        assert record["rules"][rule]["jobs"] == len(jobs)
        assert record["rules"][rule]["total_s"] == pytest.approx(sum(jobs), abs=1e-3)


def test_crate_holds_every_result(results, record):
    crate = ROCrate(results)
    described = {entity.id: entity for entity in crate.data_entities}
    assert set(described) == {*record["files"], "provenance.json"}
    for path, checksum in record["files"].items():
        assert described[path]["sha256"] == checksum


def test_methods_describe_this_study(results, record):
    text = (results / "report/methods.md").read_text()
    for sentence in (
        "Magnetic resonance imaging of 6 patients was simulated",
        "2 patients were for training, 1 for validation (the choice of the weights) and 3 for",
        "for 160 steps on batches of 2 patches of 24 x 24 x 16 voxels",
        "LRP-alpha1-beta0, the z+ rule",
        "All was computed in float32",
        f"PyTorch {record['versions']['packages']['torch']}",
    ):
        assert sentence in text, sentence
    assert not re.search(r"\bNone\b|\bnan\b|\{\{|\{%", text)


def test_checklist_is_filled_in(results):
    text = (results / "report/claim_checklist.md").read_text()
    assert text.count("- [x]") > 20
    assert text.count("- [x]") + text.count("- [ ]") == 44
