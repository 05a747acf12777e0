import hashlib
import subprocess

from mrelevance.reporting import provenance
from mrelevance.runtime.files import read_json


def test_table_gets_its_origin_beside_it(tmp_path):
    source, table = tmp_path / "source.tsv", tmp_path / "table.tsv"
    source.write_bytes(b"x\n1\n")
    provenance.write_beside([table], {"seed": 3, "summary": {"resamples": 10}}, [source])
    origin = read_json(tmp_path / "table.json")
    assert origin["seed"] == 3
    assert origin["configuration"]["summary"] == {"resamples": 10}
    assert origin["inputs_sha256"] == {str(source): hashlib.sha256(b"x\n1\n").hexdigest()}
    assert set(provenance.PACKAGES) < set(origin["versions"])


def test_origin_names_the_container(tmp_path, monkeypatch):
    config = {"seed": 3}
    assert provenance.provenance(config, [])["container"] is None
    monkeypatch.setenv("APPTAINER_CONTAINER", "/project/envs/mrelevance-1234.sif")
    assert provenance.provenance(config, [])["container"] == "mrelevance-1234.sif"


def test_a_container_is_told_the_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("MRELEVANCE_COMMIT", "abc-dirty")
    assert provenance.commit(tmp_path) == "abc-dirty"
    monkeypatch.setenv("MRELEVANCE_COMMIT", "")
    assert provenance.commit() is None


def test_commit_is_that_of_the_repository(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("")
    assert provenance.commit(tmp_path) is None

    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init")
    git("add", "module.py")
    git("commit", "--message", "First")
    head = git("rev-parse", "HEAD")
    assert provenance.commit(tmp_path) == head
    module.write_text("changed")
    assert provenance.commit(tmp_path) == f"{head}-dirty"
