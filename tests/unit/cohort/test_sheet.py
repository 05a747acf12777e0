"""The sample sheet is read as written, and every mistake is one line that names it."""

import pytest

from mrelevance.cohort.sheet import columns_of, images_in, read_sheet
from mrelevance.runtime.errors import InputError

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
    assert list(table) == ["01", "02", "03"]
    assert [row["T2"] for row in table.values()] == ["b", "e", "h"]
    assert [row["split"] for row in table.values()] == ["train", "validation", "test"]
    assert columns_of(table) == ["split", "T1", "T2", "label"]
    assert images_in(table["01"]) == ["T1", "T2", "label"]


def test_marks_of_spreadsheets_and_spaces_are_not_part_of_names(sheet):
    path = sheet("patient\tsplit\r\na \ttrain\r\n\r\n b\ttest\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    table = read_sheet(path, ["T1"], "phantom")
    assert table == {"a": {"split": "train"}, "b": {"split": "test"}}


def test_patient_called_na_is_a_patient(sheet):
    assert list(read_sheet(sheet("patient\nNA\nnan\n"), ["T1"], "phantom")) == ["NA", "nan"]


def test_mask_is_optional_for_images_and_unknown_for_the_phantom(sheet):
    masked = GOOD.replace("label\n", "label\tmask\n", 1)
    masked = masked.replace("c\n", "c\tm1\n").replace("f\n", "f\tm2\n").replace("i\n", "i\tm3\n")
    table = read_sheet(sheet(masked), ["T1", "T2"], "images")
    assert [row["mask"] for row in table.values()] == ["m1", "m2", "m3"]
    with pytest.raises(InputError, match="line 4: column mask is empty"):
        read_sheet(sheet(masked.replace("m3", "")), ["T1", "T2"], "images")
    with pytest.raises(InputError, match="unknown column mask"):
        read_sheet(sheet("patient\tmask\na\tm\n"), ["T1"], "phantom")


def test_split_is_optional_and_so_is_validation(sheet):
    assert columns_of(read_sheet(sheet("patient\na\nb\n"), ["T1"], "phantom")) == []
    read_sheet(sheet("patient\tsplit\na\ttrain\nb\ttest\n"), ["T1"], "phantom")


@pytest.mark.parametrize(
    ("text", "source", "message"),
    [
        ("", "phantom", "not a tab-separated table"),
        ("patient\n", "phantom", "lists no patient"),
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
        (GOOD.replace("e\tf", "e\tf\tg"), "images", "line 3: has more cells than the 5 columns"),
        (GOOD.replace("split", "T1"), "images", "has column T1 twice"),
        (GOOD.replace("\ta\t", '\t"a\t'), "images", "not a tab-separated table"),
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
