"""The record of a study's results."""

import hashlib
import json

import pytest

import mrelevance.reporting.record
from mrelevance.reporting.machine import versions
from mrelevance.reporting.record import made_otherwise, result_files, study_inputs, study_record
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import write_json

CONFIG = {
    "seed": 7,
    "sequences": ["T1", "T2"],
    "network": {"source": None},
    "inference": {"folds": None, "checkpoint": "final"},
    "cohort": {
        "source": "phantom",
        "patients": "sheet.tsv",
        "data": ".",
        "incomplete": "stop",
        "seed": 8,
    },
}
OWN = CONFIG | {
    "cohort": {"source": "images", "patients": "sheet.tsv", "data": "data", "incomplete": "stop"}
}
STAGES = {"simulate_patient": "raw", "train_network": "model"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def project(tmp_path):
    """A project with a sample sheet and a few results."""
    (tmp_path / "sheet.tsv").write_text("patient\tsplit\nA\ttrain\nB\ttest\n")
    for path in (
        "summary/scores.tsv",
        "relevance/A/deeplift/map.nii.gz",
        "report/motion.html",
        # None of these is a result.
        "logs/train_network.log",
        "provenance.json",
        "provenance/faithfulness.json",
        "ro-crate-metadata.json",
        "report/report.html",
        "report/index.html",
        "report/patients/A.js",
        "report/methods.md",
        "model/.writing-weights.pt",
        "relevance/A/deeplift/.snakemake_timestamp",
    ):
        file = tmp_path / "results" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    benchmark = tmp_path / "results/benchmarks/train_network.tsv"
    benchmark.parent.mkdir()
    benchmark.write_text("s\tmax_rss\tcpu_time\n12.5\t-\t20\n")
    return tmp_path


def test_results_are_all_files_but_those_about_the_run(project):
    assert result_files(project / "results") == [
        "relevance/A/deeplift/map.nii.gz",
        "report/motion.html",
        "summary/scores.tsv",
    ]


def test_variants_have_results_of_their_own(project):
    for path in (
        "variants/seed/model/checkpoint.pt",
        "variants/seed/model/weights.pt",
        "variants/seed/relevance/A/map.nii.gz",
        "variants/seed/benchmarks/train_network.tsv",
        "variants/seed/logs/train_network.log",
    ):
        file = project / "results" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    found = result_files(project / "results")
    assert [path for path in found if path.startswith("variants/")] == [
        "variants/seed/model/weights.pt",
        "variants/seed/relevance/A/map.nii.gz",
    ]


def test_what_vanishes_while_it_is_recorded_is_no_result(project, monkeypatch):
    vanishing = project / "results/report/motion.html"

    def remove_and_hash(path):
        vanishing.unlink(missing_ok=True)
        return sha256(path.read_bytes())

    monkeypatch.setattr(mrelevance.reporting.record, "sha256", remove_and_hash)
    files = study_record(project / "results", project, "all", CONFIG, {}, {})["files"]
    assert set(files) == {"relevance/A/deeplift/map.nii.gz", "summary/scores.tsv"}


def test_record_holds_what_was_computed(project):
    cached = {"simulate_patient": 2}
    record = study_record(project / "results", project, "all", CONFIG, cached, STAGES)
    assert record["stages"] == STAGES
    assert record["files"] == {
        path: sha256(path.encode()) for path in result_files(project / "results")
    }
    assert record["configuration"] == CONFIG and record["seed"] == 7
    assert record["versions"] == versions()
    assert record["rules"]["train_network"]["total_s"] == 12.5
    assert record["rules"]["train_network"]["peak_mb"] is None
    assert record["from_cache"] == {"simulate_patient": 2}
    assert "NaN" not in json.dumps(record)


def test_results_that_are_links_to_a_cache_are_results(project):
    results = project / "results"
    before = result_files(results)
    cache = project / "cache"
    cache.mkdir()
    (results / "summary/scores.tsv").rename(cache / "scores.tsv")
    (results / "summary/scores.tsv").symlink_to(cache / "scores.tsv")
    (results / "relevance/A/deeplift").rename(cache / "deeplift")
    (results / "relevance/A/deeplift").symlink_to(cache / "deeplift")
    assert result_files(results) == before
    (cache / "scores.tsv").unlink()
    assert result_files(results) == [path for path in before if "scores" not in path]


def test_phantom_starts_from_names_and_seed(project):
    sheet = (project / "sheet.tsv").read_bytes()
    assert study_inputs(CONFIG, project) == {
        "source": "phantom",
        "sample_sheet": {"path": "sheet.tsv", "sha256": sha256(sheet)},
        "split": "sample sheet",
        "subjects": False,
        "seed": 8,
        "patients": ["A", "B"],
    }


def test_own_cohort_starts_from_its_images(project):
    rows = ["patient\tT1\tT2\tlabel", "A\ta/T1.nii\ta/T2.nii\ta/label.nii"]
    (project / "sheet.tsv").write_text("\n".join(rows) + "\n")
    (project / "data/a").mkdir(parents=True)
    for name in ("T1", "T2", "label"):
        (project / f"data/a/{name}.nii").write_text(name)
    inputs = study_inputs(OWN, project)
    assert inputs["split"] == "drawn"
    assert inputs["images"] == {
        "A": {
            name: {"path": f"a/{name}.nii", "sha256": sha256(name.encode())}
            for name in ("T1", "T2", "label")
        }
    }
    (project / "data/a/T2.nii").unlink()
    with pytest.raises(InputError, match=r"patient A, T2: .*T2\.nii does not exist any more"):
        study_inputs(OWN, project)


@pytest.mark.parametrize("absolute", [False, True])
def test_a_network_from_elsewhere_is_an_input(absolute, project):
    for name in ("models/network.pt2", "models/network.yaml", "models/other.pt2"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(name)
    folder = f"{project}/models" if absolute else "models"
    source = {"source": f"{folder}/network.pt2", "trust_code": False}
    inputs = study_inputs(CONFIG | {"network": source}, project)
    assert inputs["network"] == [
        {"path": f"{folder}/{name}", "sha256": sha256(f"models/{name}".encode())}
        for name in ("network.pt2", "network.yaml")
    ]


def test_what_was_made_otherwise_is_named(tmp_path):
    current = {"python": "3.11", "packages": {"torch": "2", "simpleitk": "2.5"}}
    same = {
        "commit": "abc",
        "versions": {"torch": "2", "SimpleITK": "2.5", "python": "3.11"},
        "container": "mrelevance-1.sif",
        "inputs_sha256": {"results/table.tsv": "1", "elsewhere/image.nii": "9"},
    }
    cases = {
        "same": same,
        "older": same | {"commit": "older"},
        "updated": same | {"versions": {"torch": "1"}},
        "outside": same | {"container": None},
        "outdated": same | {"inputs_sha256": {"results/table.tsv": "0"}},
        # A model card names its inputs by patient, and no commit.
        "card": {"versions": {"torch": "2"}, "inputs_sha256": {"A": ["5", "6"]}},
        "no_origin": {"patient": "A"},
    }
    files = {"table.tsv": "1"}
    for name, content in cases.items():
        write_json(content, tmp_path / f"{name}.json")
        files[f"{name}.json"] = "2"
    image = {"image": "mrelevance-1.sif", "sha256": "3"}
    found = made_otherwise(tmp_path, files, "abc", current, image)
    assert set(found) == {"older.json", "updated.json", "outside.json", "outdated.json"}
    assert found["older.json"] == {"commit": "older"}
    assert found["outside.json"] == {"container": None}
    assert found["updated.json"]["versions"] == {"torch": "1"}
    assert found["outdated.json"]["changed_inputs"] == ["results/table.tsv"]
