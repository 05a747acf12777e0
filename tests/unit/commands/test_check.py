"""The command that checks a study before it starts."""

import copy
from pathlib import Path

import pytest
import yaml
from helpers.damage import noise, write

from mrelevance.__main__ import main
from mrelevance.commands.check import check_study, cohort_problems
from mrelevance.runtime.configuration_file import read_configuration

PROJECT = Path(__file__).parents[3]
TINY = "tests/integration/tiny.yaml"
IMAGES = {"source": "images", "data": "data"}


@pytest.fixture
def tiny():
    return read_configuration(PROJECT / TINY, PROJECT)


@pytest.fixture
def cohort(tiny, tmp_path):
    """A configuration of two sequences, and a sample sheet of two patients without their images."""
    config = copy.deepcopy(tiny)
    config |= {"sequences": ["T1", "T2"], "fixed_sequence": "T1"}
    config["cohort"] |= IMAGES | {"patients": str(tmp_path / "sheet.tsv"), "data": str(tmp_path)}
    rows = ["patient\tsplit\tT1\tT2\tlabel"]
    for patient, split in (("A", "train"), ("B", "test")):
        rows.append("\t".join([patient, split, *(f"{patient}/{n}.nii" for n in ("T1", "T2", "l"))]))
    (tmp_path / "sheet.tsv").write_text("\n".join(rows))
    return config


def test_a_study_without_problems_gives_its_sheet(tiny):
    problems, sheet = check_study(tiny, PROJECT)
    assert problems == [] and len(sheet.rows) == 6
    assert cohort_problems(tiny, sheet.rows, PROJECT) == []


def test_problems_of_configuration_sheet_and_phantom_come_together(tiny):
    tiny["training"]["steps"] = 0
    tiny["phantom"]["size"] = [8, 8, 8]
    tiny["cohort"]["patients"] = "nowhere.tsv"
    problems, sheet = check_study(tiny, PROJECT)
    assert sheet is None
    assert ["training.steps", "nowhere.tsv", "phantom"] == [
        word
        for line in problems
        for word in ("training.steps", "nowhere.tsv", "phantom")
        if word in line
    ]


@pytest.mark.parametrize("section", ["cohort", "sequences", "phantom", "evaluation"])
@pytest.mark.parametrize("value", [None, "text", {}, []])
def test_a_section_of_any_kind_ends_in_lines(tiny, section, value):
    tiny[section] = value
    problems, _ = check_study(tiny, PROJECT)
    assert problems


def test_every_missing_image_has_a_line(cohort, tmp_path):
    problems, sheet = check_study(cohort, PROJECT)
    assert problems == []
    (line,) = cohort_problems(cohort, sheet.rows, PROJECT)
    assert line.startswith(f"none of the 6 files of the sample sheet exists, such as {tmp_path}/A/")
    (tmp_path / "B").mkdir()
    write(tmp_path / "B/T1.nii", noise())
    lines = cohort_problems(cohort, sheet.rows, PROJECT)
    assert len(lines) == 5
    assert lines[0].startswith(f"patient A, sequence T1: {tmp_path}/A/T1.nii does not exist")


def test_the_command_names_all_problems_and_ends_with_status_1(tmp_path, capsys):
    """The network is tried as well, even though other sections are wrong."""
    changes = yaml.safe_load((PROJECT / TINY).read_text())
    changes["cohort"]["patients"] = "nowhere.tsv"
    changes["sead"] = 1
    changes["network"] |= {"name": "Unett"}
    changes["variants"] = dict.fromkeys(["residual", "other_seed"])
    changes["comparisons"] = {"networks": []}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(changes))
    assert main(["check", str(tmp_path / "mine.yaml")]) == 1
    printed = capsys.readouterr()
    assert "3 problems" in printed.out
    for says in ("unknown key sead", "nowhere.tsv does not exist", "no network 'Unett'"):
        assert len([line for line in printed.err.splitlines() if says in line]) == 1, printed.err


def test_the_command_says_what_it_understood_and_ends_with_status_0(tmp_path, capsys):
    changes = yaml.safe_load((PROJECT / TINY).read_text())
    changes["variants"] = dict.fromkeys(["residual", "other_seed"])
    changes["comparisons"] = {"networks": []}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(changes))
    assert main(["check", str(tmp_path / "mine.yaml")]) == 0
    printed = capsys.readouterr()
    assert "6 patients (2 train, 1 validation, 3 test)" in printed.out
    assert "network DynUNet:" in printed.out and "no problems" in printed.out
    assert printed.err == "" or "Error" not in printed.err


def test_code_of_the_network_runs_with_trust_alone(tmp_path, capsys):
    (tmp_path / "models.py").write_text(
        f"from pathlib import Path\nPath({str(tmp_path / 'has_run')!r}).touch()\n"
    )
    changes = yaml.safe_load((PROJECT / TINY).read_text())
    changes["network"] = {"source": f"{tmp_path}/models.py:make", "divisor": 4}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(changes))
    assert main(["check", str(tmp_path / "mine.yaml")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "network.source" in line and "models.py would be run" in line
    assert not (tmp_path / "has_run").exists()
    assert main(["check", str(tmp_path / "mine.yaml"), "--trust-code"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "models.py:make does not say: channels" in line
