"""The sample sheet is read as written, and every mistake is one line that names it."""

import subprocess
import sys

import pytest

from mrelevance.cohort.sheet import read_sheet
from mrelevance.errors import InputError

GOOD = """\
patient\tsplit\tT1\tT2\tlabel
01\ttrain\ta\tb\tc
02\tvalidation\td\te\tf
03\ttest\tg\th\ti
"""


@pytest.fixture
def sheet(tmp_path):
    def write(text):
        path = tmp_path / "patients.tsv"
        path.write_text(text)
        return path

    return write


def test_names_stay_text_in_the_order_of_the_file(sheet):
    table = read_sheet(sheet(GOOD), ["T1", "T2"], "images")
    assert table["patient"].tolist() == ["01", "02", "03"]
    assert table["T2"].tolist() == ["b", "e", "h"]
    assert table["split"].tolist() == ["train", "validation", "test"]


def test_patient_called_na_is_a_patient(sheet):
    assert read_sheet(sheet("patient\nNA\nnan\n"), ["T1"], "phantom")["patient"].tolist() == [
        "NA",
        "nan",
    ]


def test_mask_is_optional_for_images_and_unknown_for_the_phantom(sheet):
    masked = GOOD.replace("label\n", "label\tmask\n", 1)
    masked = masked.replace("c\n", "c\tm1\n").replace("f\n", "f\tm2\n").replace("i\n", "i\tm3\n")
    assert read_sheet(sheet(masked), ["T1", "T2"], "images")["mask"].tolist() == ["m1", "m2", "m3"]
    with pytest.raises(InputError, match="line 4: column mask is empty"):
        read_sheet(sheet(masked.replace("m3", "")), ["T1", "T2"], "images")
    with pytest.raises(InputError, match="unknown column mask"):
        read_sheet(sheet("patient\tmask\na\tm\n"), ["T1"], "phantom")


def test_split_is_optional_and_so_is_validation(sheet):
    assert "split" not in read_sheet(sheet("patient\na\nb\n"), ["T1"], "phantom")
    read_sheet(sheet("patient\tsplit\na\ttrain\nb\ttest\n"), ["T1"], "phantom")


@pytest.mark.parametrize(
    ("text", "source", "message"),
    [
        ("", "phantom", "not a tab-separated table"),
        ("patient\n", "phantom", "holds no patient"),
        ("patient,split\na,train\n", "phantom", "lacks column patient"),
        ("patient\tT1\tlabel\na\tb\tc\n", "images", "lacks column T2"),
        ("patient\tage\na\t40\n", "phantom", "unknown column age"),
        ("patient\tT1\na\tx\n", "phantom", "unknown column T1"),
        ("patient\na\na\n", "phantom", "patient a is listed twice"),
        ("patient\nCase\ncase\n", "phantom", "patient case is listed twice"),
        ("patient\na/b\n", "phantom", "'a/b' cannot name a file"),
        ("patient\n.hidden\n", "phantom", "cannot name a file"),
        (GOOD.replace("\te\t", "\t\t"), "images", "line 3: column T2 is empty"),
        (GOOD.replace("h\ti", "h"), "images", "line 4: column label is empty"),
        (GOOD.replace("validation", ""), "images", "patient 02: split is empty"),
        (GOOD.replace("validation", "Test"), "images", "patient 02: split is 'Test'"),
        (GOOD.replace("test", "train"), "images", "no patient has split test"),
        (GOOD.replace("train", "test"), "images", "no patient has split train"),
    ],
)
def test_mistakes_are_one_line(sheet, text, source, message):
    with pytest.raises(InputError, match=message) as error:
        read_sheet(sheet(text), ["T1", "T2"], source)
    assert "\n" not in str(error.value) and "patients.tsv" in str(error.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.tsv does not exist"):
        read_sheet(tmp_path / "nowhere.tsv", ["T1"], "phantom")


@pytest.mark.parametrize("name", ["label", "split", "T1/pre", ""])
def test_sequence_names_that_cannot_be_columns_or_files(sheet, name):
    with pytest.raises(InputError, match="sequence name"):
        read_sheet(sheet(GOOD), ["T1", name], "images")


def test_reading_a_sheet_does_not_load_what_the_workflow_has_no_time_for():
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, mrelevance.cohort.sheet; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"torch", "monai", "SimpleITK", "scipy"} & set(loaded)
