"""The sample sheet is read as written, and every mistake is one line that names it."""

import pytest

from mrelevance.cohort.sheet import images_in, read_sheet, remarks, sizes_of_parts
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
    read = read_sheet(sheet(GOOD), ["T1", "T2"], "images")
    table = read.rows
    assert list(table) == ["01", "02", "03"]
    assert [row["T2"] for row in table.values()] == ["b", "e", "h"]
    assert [row["split"] for row in table.values()] == ["train", "validation", "test"]
    assert read.columns == ["split", "T1", "T2", "label"]
    assert images_in(table["01"]) == ["T1", "T2", "label"]


def test_marks_of_spreadsheets_and_spaces_are_not_part_of_names(sheet):
    path = sheet("patient\tsplit\r\na \ttrain\r\n\r\n b\ttest\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    table = read_sheet(path, ["T1"], "phantom").rows
    assert table == {"a": {"split": "train"}, "b": {"split": "test"}}


def test_patient_called_na_is_a_patient(sheet):
    read = read_sheet(sheet("patient\nNA\nnan\n"), ["T1"], "phantom")
    assert list(read.rows) == ["NA", "nan"]


def test_mask_is_optional_for_images_and_a_covariate_of_the_phantom(sheet):
    masked = GOOD.replace("label\n", "label\tmask\n", 1)
    masked = masked.replace("c\n", "c\tm1\n").replace("f\n", "f\tm2\n").replace("i\n", "i\tm3\n")
    table = read_sheet(sheet(masked), ["T1", "T2"], "images").rows
    assert [row["mask"] for row in table.values()] == ["m1", "m2", "m3"]
    with pytest.raises(InputError, match=r"1 of 3 patients lack an image: 03 \(mask\)"):
        read_sheet(sheet(masked.replace("m3", "")), ["T1", "T2"], "images")
    read = read_sheet(sheet("patient\tmask\na\tm\n"), ["T1"], "phantom")
    assert read.columns == [] and read.covariates == {"a": {"mask": "m"}}


def test_split_is_optional_and_so_is_validation(sheet):
    assert read_sheet(sheet("patient\na\nb\n"), ["T1"], "phantom").columns == []
    read_sheet(sheet("patient\tsplit\na\ttrain\nb\ttest\n"), ["T1"], "phantom")


@pytest.mark.parametrize("delimiter", ["\t", ";", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_sheets_of_any_spreadsheet_are_the_same(sheet, delimiter, encoding, end):
    path = sheet("")
    text = GOOD.replace("T1", " T1 ").replace("\ta\t", "\t a \t").replace("\t", delimiter)
    path.write_bytes((text.replace("\n", end) + delimiter * 6 + end).encode(encoding))
    expected = read_sheet(sheet_of(GOOD, path.with_name("plain.tsv")), ["T1", "T2"], "images")
    assert read_sheet(path, ["T1", "T2"], "images") == expected


def sheet_of(text, path):
    path.write_text(text)
    return path


def test_other_columns_are_covariates_and_other_images_are_unused(sheet):
    text = 'patient;age;site;FLAIR;T1;label;note\na;"47,5";"St. Mary; East";x/F.nii;x;y;\n'
    text += "b;;North;n/a;z;w;no contrast\n"
    read = read_sheet(sheet(text), ["T1"], "images")
    assert read.columns == ["T1", "label"]
    assert read.covariates["a"] == {"age": "47,5", "site": "St. Mary; East", "note": ""}
    assert read.covariates["b"] == {"age": "", "site": "North", "note": "no contrast"}
    assert read.covariates_by_name["age"] == {"a": "47,5", "b": ""}
    assert read.unused == ["FLAIR"]
    assert remarks(read) == [
        "Images that the study does not use: FLAIR.",
        "Columns kept as covariates: age, site, note.",
    ]


def test_all_incomplete_patients_are_listed_or_left_out(sheet):
    text = GOOD.replace("\td\te\t", "\t\tNA\t") + "04\ttest\tj\tk\tn/a\n"
    listed = r"2 of 4 patients lack an image: 02 \(T1, T2\), 04 \(label\)"
    with pytest.raises(InputError, match=f"{listed}; .* cohort.incomplete to exclude"):
        read_sheet(sheet(text), ["T1", "T2"], "images")
    read = read_sheet(sheet(text), ["T1", "T2"], "images", "exclude")
    assert list(read.rows) == ["01", "03"]
    assert read.incomplete == {"02": ["T1", "T2"], "04": ["label"]}
    assert remarks(read) == ["2 incomplete patients are left out: 02 (T1, T2), 04 (label)."]
    with pytest.raises(InputError, match="no patient has split test"):
        read_sheet(sheet(text.replace("g\th", "\t")), ["T1", "T2"], "images", "exclude")
    with pytest.raises(InputError, match="no patient has all of T1, T2, label"):
        read_sheet(sheet("patient,T1,T2,label\na,b,,c\n"), ["T1", "T2"], "images", "exclude")


def test_visits_of_a_subject_have_one_split(sheet):
    text = "patient,subject,split\na1,a,train\na2,a,train\nb1,b,test\nb2,b,test\n"
    assert read_sheet(sheet(text), ["T1"], "phantom").column("subject")["a2"] == "a"
    with pytest.raises(InputError, match=r"split: b \(b1 in test, b2 in validation\);"):
        read_sheet(sheet(text.replace("b2,b,test", "b2,b,validation")), ["T1"], "phantom")
    with pytest.raises(InputError, match="patient b1: subject is empty"):
        read_sheet(sheet(text.replace("b1,b", "b1,")), ["T1"], "phantom")


def test_sizes_of_the_parts_count_patients_or_the_subjects_to_be_drawn(sheet):
    shares = {"validation_share": 0.25, "test_share": 0.25}
    read = read_sheet(sheet(GOOD), ["T1", "T2"], "images")
    assert sizes_of_parts(read, shares) == {"train": 1, "validation": 1, "test": 1}
    visits = "patient,subject\n" + "".join(f"p{i},s{i // 2}\n" for i in range(8))
    read = read_sheet(sheet(visits), ["T1"], "phantom")
    assert sizes_of_parts(read, shares) == {"train": 2, "validation": 1, "test": 1}
    read = read_sheet(sheet("patient\na\n"), ["T1"], "phantom")
    with pytest.raises(InputError, match="1 patients cannot be split"):
        sizes_of_parts(read, shares)


@pytest.mark.parametrize(
    ("text", "source", "message"),
    [
        ("", "phantom", "is empty"),
        ("patient\n", "phantom", "lists no patient"),
        ("name,split\na,train\n", "phantom", "lacks column patient; its columns are name, split"),
        ("patient\tT1\tlabel\na\tb\tc\n", "images", "lacks column T2"),
        ("patient,,age\na,x,40\n", "phantom", "column 2 has no name"),
        ("patient\na\na\n", "phantom", "patient a is listed twice"),
        ("patient\nCase\ncase\n", "phantom", "patient case is listed twice"),
        ("patient\na/b\n", "phantom", "'a/b' cannot name a file"),
        ("patient\n.hidden\n", "phantom", "cannot name a file"),
        (GOOD.replace("\te\t", "\t\t"), "images", r"lack an image: 02 \(T2\)"),
        (GOOD.replace("h\ti", "h"), "images", r"lack an image: 03 \(label\)"),
        (GOOD.replace("e\tf", "e\tf\tg"), "images", "line 3: has more cells than the 5 columns"),
        (GOOD.replace("split", "T1"), "images", "has column T1 twice"),
        (GOOD.replace("\ta\t", '\t"a\t'), "images", "is not a table with tabs"),
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


@pytest.mark.parametrize("name", ["label", "split", "subject", "T1/pre", ""])
def test_sequence_names_that_cannot_be_columns_or_files(sheet, name):
    with pytest.raises(InputError, match="sequence name"):
        read_sheet(sheet(GOOD), ["T1", name], "images")


def test_other_encodings_are_named(sheet):
    path = sheet("")
    path.write_bytes("patient,site\na,Köln\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"not UTF-8 text: byte 16 is 0xf6; save it .* UTF-8"):
        read_sheet(path, ["T1"], "phantom")
