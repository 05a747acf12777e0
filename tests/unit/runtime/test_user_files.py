import json
import os
from contextlib import contextmanager

import pytest

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.user_files import check_file, check_folder


def refused(path, message):
    with pytest.raises(InputError, match=message) as error:
        check_file(path, "patient 7, sequence T2")
    assert str(error.value).startswith(f"patient 7, sequence T2: {path}")
    assert "\n" not in str(error.value)


@contextmanager
def as_somebody():
    """Somebody who is not allowed everything, even where tests run as root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_file_gives_its_size(tmp_path):
    (tmp_path / "a.nii").write_bytes(bytes(10))
    assert check_file(tmp_path / "a.nii", "x") == 10


def test_what_is_missing_is_said_as_exactly_as_it_is_known(tmp_path):
    (tmp_path / "T2.nii.gz").write_text("x")
    refused(tmp_path / "t2.nii", r"does not exist; did you mean T2\.nii\.gz\? check")
    refused(tmp_path / "FLAIR.nii", "does not exist; check the sample sheet and cohort.data")
    refused(tmp_path / "07/scan/T2.nii", f"nor does its folder {tmp_path / '07'}; check")
    refused(tmp_path / "T2.nii.gz/T2.nii", r"does not exist: .*T2\.nii\.gz is a file; check")
    (tmp_path / "annexed").symlink_to(".git/annex/objects/x.nii.gz")
    refused(tmp_path / "annexed", "link of git-annex to a file that is not here; run datalad get")
    (tmp_path / "broken").symlink_to("nowhere")
    refused(tmp_path / "broken", "is a link to nowhere, which does not exist; mend the link")
    refused(tmp_path / ("x" * 300), "cannot be opened .File name too long.; check the path")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "is no regular file")


def test_what_may_not_be_read_is_said(tmp_path):
    (tmp_path / "closed").mkdir()
    for path in (tmp_path / "a.nii", tmp_path / "closed/a.nii"):
        path.write_text("x")
    (tmp_path / "a.nii").chmod(0)
    (tmp_path / "closed").chmod(0)
    with as_somebody():
        for path in (tmp_path / "a.nii", tmp_path / "closed/a.nii"):
            refused(path, "may not be read .Permission denied.; give yourself the right")
        with pytest.raises(InputError, match=r"cannot be read .Permission denied."):
            check_folder(tmp_path / "closed", "cohort.data")
    (tmp_path / "closed").chmod(0o700)


def _nnunet(folder):
    (folder / "dataset.json").write_text(json.dumps({"channel_names": {"0": "T2"}}))
    (folder / "imagesTr").mkdir()


def _nnunet_by_names(folder):
    (folder / "dataset.json").write_text("{}")
    (folder / "imagesTr").mkdir()
    (folder / "imagesTr/CASE_0000.nii.gz").write_text("x")


def _decathlon(folder):
    (folder / "dataset.json").write_text(json.dumps({"modality": {"0": "T2"}}))
    (folder / "imagesTr").mkdir()


def _bids(folder):
    (folder / "dataset_description.json").write_text("{}")


def _bids_without_description(folder):
    (folder / "sub-01/anat").mkdir(parents=True)


@pytest.mark.parametrize(
    ("made", "below", "layout"),
    [
        (_nnunet, ".", "nnU-Net"),
        (_nnunet, "imagesTr", "nnU-Net"),
        (_nnunet_by_names, ".", "nnU-Net"),
        (_decathlon, "imagesTr", "MSD"),
        (_bids, ".", "BIDS"),
        (_bids_without_description, "sub-01/anat", "BIDS"),
    ],
)
def test_a_folder_of_a_dataset_is_named_with_the_call_that_reads_it(tmp_path, made, below, layout):
    made(tmp_path)
    refused(
        tmp_path / below,
        f"in the layout of {layout}.*, and an image file is due; "
        f"python -m mrelevance init {tmp_path} writes a sample sheet",
    )


def test_other_folders_are_named(tmp_path):
    series = tmp_path / "scan/series"
    series.mkdir(parents=True)
    (series / "IM1").write_bytes(bytes(128) + b"DICM" + bytes(10))
    for folder in (series, series.parent):
        refused(folder, "is a folder of DICOM files, .* python -m mrelevance init FOLDER")
    (tmp_path / "07").mkdir()
    (tmp_path / "07/T2.txt").write_text("x")
    refused(tmp_path / "07", "is a folder with 1 entry, and an image file is due; give the path")


def test_the_folder_of_the_data_must_be_one(tmp_path):
    check_folder(tmp_path, "cohort.data")
    with pytest.raises(InputError, match=r"cohort\.data: folder .*none does not exist"):
        check_folder(tmp_path / "none", "cohort.data")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"cohort\.data: .*file is not a folder"):
        check_folder(tmp_path / "file", "cohort.data")
