"""Results are compared with their record."""

import pytest

from mrelevance.__main__ import main
from mrelevance.reporting.record import result_files
from mrelevance.reporting.verify import newest_record, verify
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_json, sha256, write_json

FILES = ("summary/scores.tsv", "model/weights.pt", "relevance/A/shares.nii.gz")


def write_record(results, path="provenance.json", recorded="2026-01-01T10:00:00+00:00"):
    files = {file: sha256(results / file) for file in result_files(results)}
    write_json({"recorded": recorded, "files": files}, results / path)


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    for file in FILES:
        (folder / file).parent.mkdir(parents=True)
        (folder / file).write_bytes(file.encode() * 100)
    write_record(folder)
    return folder


def test_untouched_results_pass(results, capsys):
    assert main(["verify", str(results)]) == 0
    assert "3 of 3 results are as recorded" in capsys.readouterr().out


def test_a_moved_folder_passes(results):
    assert main(["verify", str(results.rename(results.with_name("elsewhere")))]) == 0


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("position", [0, 50, -1])
def test_one_flipped_bit_is_found(results, file, position, capsys):
    content = bytearray((results / file).read_bytes())
    content[position] ^= 1
    (results / file).write_bytes(content)
    assert main(["verify", str(results)]) == 1
    printed = capsys.readouterr().out
    assert f"changed {results / file}" in printed
    assert "2 of 3 results are as recorded" in printed and "1 changed, 0 missing" in printed


def test_missing_and_new_files_are_found(results, capsys):
    (results / "model/weights.pt").rename(results / "model/other.pt")
    assert main(["verify", str(results)]) == 1
    found = verify(results, read_json(results / "provenance.json"))
    assert found.missing == ["model/weights.pt"] and found.new == ["model/other.pt"]
    assert not found.changed and not found.passed
    printed = capsys.readouterr().out
    assert f"missing {results}/model/weights.pt" in printed
    assert f"new     {results}/model/other.pt" in printed


def test_logs_and_reports_do_not_count_as_results(results):
    for path in ("logs/train.log", "benchmarks/train.tsv", "report/report.html"):
        (results / path).parent.mkdir(exist_ok=True)
        (results / path).write_text("new")
    assert main(["verify", str(results)]) == 0


def test_the_newest_record_counts(results):
    (results / "summary/methods.tsv").write_text("table")
    assert main(["verify", str(results)]) == 1
    write_record(results, "provenance/faithfulness.json", "2026-01-01T11:00:00+00:00")
    assert newest_record(results)[0] == results / "provenance/faithfulness.json"
    assert main(["verify", str(results)]) == 0


def test_without_a_record_there_is_one_line(tmp_path, capsys):
    with pytest.raises(InputError, match=r"provenance\.json does not exist"):
        newest_record(tmp_path)
    assert main(["verify", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("Error: ") and error.count("\n") == 1
    assert "make reproduce" in error
