"""What only the voxels tell, for every patient, and images that are the same in all of them."""

import re

import numpy as np
import pytest
from helpers.damage import flip_a_bit, noise, write
from helpers.segmentations import BINARY

from mrelevance.cohort.voxels import check_voxels, cohort_problems
from mrelevance.runtime.files import read_tables, write_table


@pytest.fixture
def patient(tmp_path):
    paths = {name: tmp_path / f"{name}.nii.gz" for name in ("T1", "T2", "label", "mask")}
    drawn = np.zeros((8, 10, 12), np.uint8)
    drawn[3:5, 3:5, 3:5] = 1
    for seed, name in enumerate(paths):
        write(paths[name], noise(seed))
    write(paths["label"], drawn)
    write(paths["mask"], np.ones_like(drawn))
    return paths


def checked(paths, patient="P1"):
    return check_voxels(patient, paths, "T1", None)


def stored(tables, folder):
    """Tables as they are read again."""
    for place, table in enumerate(tables):
        write_table(table, folder / f"{place}.tsv")
    return read_tables([folder / f"{place}.tsv" for place in range(len(tables))])


def test_good_images_have_a_checksum_and_no_problem(patient, tmp_path):
    table = checked(patient)
    assert table["column"].tolist() == ["T1", "T2", "label", "mask"]
    assert table["values"].tolist()[2] == "1:8" and table["values"].isna().sum() == 3
    assert table["voxels"].nunique() == 4 and not table["empty"].any()
    assert (table["problem"] == "").all()
    assert cohort_problems(stored([table], tmp_path), BINARY) == []


def test_all_problems_of_a_patient_are_listed(patient, tmp_path):
    flip_a_bit(patient["T2"])
    write(patient["label"], noise(9))
    holed = noise()
    holed[0, 0, 0] = np.nan
    patient["T3"] = write(patient["T2"].with_name("T3.mha"), holed)
    write(patient["mask"], np.zeros((8, 10, 12), np.uint8))
    problems = cohort_problems(stored([checked(patient)], tmp_path), BINARY)
    found = [problem.split(":")[0] for problem in problems]
    assert found == [
        f"patient P1, {what}" for what in ("sequence T2", "label", "mask", "sequence T3")
    ]
    says = ("damaged", "give a label, not an image", "holds no voxel", "NaN")
    assert all(said in problem for said, problem in zip(says, problems, strict=True))


@pytest.mark.parametrize(
    ("column", "voxels", "says"),
    [
        ("T2", np.full((8, 10, 12), 3.0), "sequence T2: .* same value 3 everywhere"),
        ("T2", noise().astype(float) * 1e300, "sequence T2: .* too large for float32"),
        ("label", noise(9), "label: .* give a label, not an image"),
        ("mask", np.zeros((8, 10, 12)), "mask: .* holds no voxel above 0"),
    ],
)
def test_values_are_checked(patient, tmp_path, column, voxels, says):
    write(patient[column], voxels)
    (problem,) = cohort_problems(stored([checked(patient)], tmp_path), BINARY)
    assert re.match(f"patient P1, {says}", problem)


def test_the_same_voxels_under_another_header_and_type_are_recognised(patient, tmp_path):
    write(patient["T2"], noise(0).astype(np.float64), spacing=(2.0, 1.0, 4.1))
    (problem,) = cohort_problems(stored([checked(patient)], tmp_path), BINARY)
    assert problem.startswith("patient P1, sequence T2: ") and "sequence T1" in problem


def test_patients_are_compared_with_each_other(patient, tmp_path):
    other = dict(patient)
    for name in ("T1", "T2"):
        other[name] = write(tmp_path / f"other_{name}.nii.gz", noise(50 + int(name[1])))
    tables = [checked(patient), checked(other, "P2")]
    (problem,) = cohort_problems(stored(tables, tmp_path), BINARY)
    assert problem.startswith("patient P2, label: ") and "patient P1, label" in problem
    write(patient["label"], np.zeros((8, 10, 12), np.uint8))
    tables = [checked(patient), checked(other, "P2")]
    assert cohort_problems(stored(tables, tmp_path), BINARY) == []
