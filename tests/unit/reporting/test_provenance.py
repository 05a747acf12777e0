import hashlib

from mrelevance.reporting.provenance import provenance, write_beside
from mrelevance.runtime.files import read_json
from mrelevance.runtime.versions import PACKAGES


def test_table_gets_its_origin_beside_it(tmp_path):
    source, table = tmp_path / "source.tsv", tmp_path / "table.tsv"
    source.write_bytes(b"x\n1\n")
    write_beside([table], {"seed": 3, "summary": {"resamples": 10}}, [source])
    origin = read_json(tmp_path / "table.json")
    assert origin["seed"] == 3
    assert origin["configuration"]["summary"] == {"resamples": 10}
    assert origin["inputs_sha256"] == {str(source): hashlib.sha256(b"x\n1\n").hexdigest()}
    assert set(PACKAGES) < set(origin["versions"])


def test_origin_names_the_container(tmp_path, monkeypatch):
    config = {"seed": 3}
    assert provenance(config, [])["container"] is None
    monkeypatch.setenv("APPTAINER_CONTAINER", "/project/envs/mrelevance-1234.sif")
    assert provenance(config, [])["container"] == "mrelevance-1234.sif"
