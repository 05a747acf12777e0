"""The commands of docs/own-cohort.md run, and print what the page says."""

import re
import shlex
from pathlib import Path

import pytest
from helpers.layouts import (
    cohort,
    write,
    write_bids,
    write_decathlon,
    write_dicom,
    write_folders,
    write_nnunet,
)

from mrelevance.__main__ import main

PAGE = (Path(__file__).parents[3] / "docs/own-cohort.md").read_text()
COMMANDS = [
    shlex.split(line)
    for line in re.findall(r"^    python -m mrelevance (.+)$", PAGE, re.MULTILINE)
    if "[" not in line
]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A folder in which the folders of the page lie."""
    folder = tmp_path_factory.mktemp("images")
    patients = cohort(20)
    write_folders(patients, folder / "scans")
    write_folders(patients, folder / "two-masks")
    write_folders(patients, folder / "unlabelled")
    for patient in patients:
        own = f"{patient.name}/{patient.name}"
        write(patient.label, folder / f"two-masks/{own}_lesions.nii.gz")
        write(patient.label, folder / f"drawn/{patient.name}.nii.gz")
        (folder / f"unlabelled/{own}_seg.nii.gz").unlink()
    few = patients[:6]
    write_nnunet(few, folder / "Dataset001_Lesions", {"background": 0, "lesion": 1}, tested=2)
    write_decathlon(few, folder / "Task01_Lesions", {"0": "background", "1": "lesion"})
    write_bids(few, folder / "bids", visits=2)
    write_dicom(few, folder / "dicom")
    return folder


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[1])
def test_commands_run(command, images, monkeypatch):
    monkeypatch.chdir(images)
    assert main(command) == 0
    assert Path(command[-1]).is_file() and Path(command[-1]).with_suffix(".tsv").is_file()


def test_the_page_shows_what_is_printed(images, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(images)
    out = tmp_path / "scans.yaml"
    main(["init", "scans", "--out", str(out)])
    printed = capsys.readouterr().out.replace(f"{tmp_path}/", "")
    indented = "\n".join(f"    {line}".rstrip() for line in printed.splitlines())
    assert indented in PAGE


def test_the_page_has_a_command_for_each_layout():
    assert len(COMMANDS) >= 7
