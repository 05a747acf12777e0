"""The record as an RO-Crate."""

import pytest
from rocrate.rocrate import ROCrate

from mrelevance.reporting.crate import crate_metadata
from mrelevance.runtime.files import sha256, write_json

RECORD = {
    "target": "all",
    "recorded": "2026-01-02T10:00:00+00:00",
    "commit": "abc",
    "configuration": {"sequences": ["T1", "T2"], "cohort": {"source": "images"}},
    "versions": {"python": "3.11.7", "packages": {"mrelevance": "0.1.0", "torch": "2.13.0"}},
    "container": None,
    "inputs": {
        "sample_sheet": {"path": "patients.tsv", "sha256": "12"},
        "network": [{"path": "models/network.pt2", "sha256": "56"}],
        "images": {"P1": {"T1": {"path": "P1/T1.nii", "sha256": "34"}}},
    },
}
FILES = ("summary/scores.tsv", "model/weights.pt", "figures/agreement.png")


def read_crate(record, folder):
    """The crate of a record, as another program reads it."""
    write_json(record, folder / "provenance.json")
    write_json(crate_metadata(record, folder), folder / "ro-crate-metadata.json")
    return ROCrate(folder)


@pytest.fixture
def crate(tmp_path):
    """The crate of three results."""
    for file in FILES:
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_text(file)
    record = RECORD | {"files": {file: sha256(tmp_path / file) for file in FILES}}
    return read_crate(record, tmp_path)


def test_every_result_is_in_the_crate_with_its_checksum(crate):
    described = {entity.id: entity for entity in crate.data_entities}
    assert set(described) == {*FILES, "provenance.json"}
    for file in FILES:
        assert described[file]["sha256"] == sha256(crate.source / file)
        assert int(described[file]["contentSize"]) == len(file)
    assert described["summary/scores.tsv"]["encodingFormat"] == "text/tab-separated-values"
    assert described["figures/agreement.png"]["encodingFormat"] == "image/png"


def test_the_run_links_software_and_results(crate):
    (run,) = crate.root_dataset["mentions"]
    assert {entity.id for entity in run["result"]} == {*FILES, "provenance.json"}
    inputs = {entity["name"]: entity["sha256"] for entity in run["object"]}
    assert inputs == {"patients.tsv": "12", "P1/T1.nii": "34", "models/network.pt2": "56"}
    workflow = run["instrument"]
    assert workflow["softwareVersion"] == "abc"
    packages = workflow["softwareRequirements"]
    needed = {package["name"]: package["softwareVersion"] for package in packages}
    assert needed == {"python": "3.11.7", "torch": "2.13.0"}
    assert run["endTime"] == RECORD["recorded"]


def test_the_crate_says_what_it_must(crate):
    root = crate.root_dataset
    assert "T1, T2" in root["name"] and root["description"]
    assert root["datePublished"] == RECORD["recorded"]
    assert "chosen" in root["license"]
    assert root["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"


def test_a_simulated_study_has_the_licence_of_the_software(crate, tmp_path):
    (run,) = crate.root_dataset["mentions"]
    assert run["instrument"]["license"] == "https://spdx.org/licenses/Apache-2.0"
    configuration = RECORD["configuration"] | {"cohort": {"source": "phantom"}}
    folder = tmp_path / "phantom"
    folder.mkdir()
    simulated = read_crate(RECORD | {"files": {}, "configuration": configuration}, folder)
    assert simulated.root_dataset["license"] == "https://spdx.org/licenses/Apache-2.0"


def test_the_container_is_among_the_software(tmp_path):
    image = {"image": "mrelevance-0123.sif", "sha256": "56"}
    record = RECORD | {"files": {}, "container": image}
    (run,) = read_crate(record, tmp_path).root_dataset["mentions"]
    software = {entity["name"]: entity for entity in run["instrument"]["softwareRequirements"]}
    assert software["mrelevance-0123.sif"]["sha256"] == "56"


def test_recorded_files_that_are_gone_are_left_out(tmp_path):
    record = RECORD | {"files": {"summary/gone.tsv": "78"}}
    crate = read_crate(record, tmp_path)
    assert {entity.id for entity in crate.data_entities} == {"provenance.json"}
