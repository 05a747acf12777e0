"""All problems of a cohort at once, by files and headers alone."""

import shutil

import numpy as np
import pytest
from helpers.damage import cut, noise, write, write_nifti

from mrelevance.cohort.checking import check_cohort

SEQUENCES = ["T1", "T2"]


def configuration(fixed="T1", geometry=None):
    return {
        "sequences": SEQUENCES,
        "fixed_sequence": fixed,
        "cohort": {"nifti_geometry": geometry},
        "preprocess": {"spacing_mm": None},
    }


def label(*voxels):
    drawn = np.zeros((8, 10, 12), np.uint8)
    for voxel in voxels:
        drawn[voxel] = 1
    return drawn


def origin(number):
    """Every patient lies elsewhere."""
    return (10.0 * number, 0.0, 0.0)


@pytest.fixture
def cohort(tmp_path):
    """Three patients, each on a grid of its own, with a mask; and the folder."""
    sheet = {}
    for number, patient in enumerate("ABC"):
        (tmp_path / patient).mkdir()
        row = {"split": "train"}
        for place, column in enumerate((*SEQUENCES, "label", "mask")):
            row[column] = f"{patient}/{column}.nii.gz"
            voxels = noise(10 * number + place)
            if column == "label":
                voxels = label((number, 1, 1), (5, 5, 5))
            elif column == "mask":
                voxels = label((slice(1, 7),))
            write(tmp_path / row[column], voxels, origin=origin(number))
        sheet[patient] = row
    return sheet, tmp_path


def test_a_good_cohort_has_no_problem(cohort):
    assert check_cohort(configuration(), *cohort) == []


def test_all_problems_are_listed_in_the_order_of_the_sheet(cohort):
    sheet, folder = cohort
    (folder / "A/T2.nii.gz").unlink()
    cut(folder / "A/label.nii.gz")
    write(folder / "B/mask.nii.gz", label((1, 1, 1)), origin=(0.0, 0.0, 99.0))
    write(folder / "B/T2.nii.gz", noise(77), origin=(0.0, 0.0, 500.0))
    write_nifti(folder / "C/T1.nii.gz", np.stack([noise().T] * 3, -1))
    problems = check_cohort(configuration(), sheet, folder)
    assert [problem.split(":")[0] for problem in problems] == [
        "patient A, sequence T2",
        "patient A, label",
        "patient B, sequence T2",
        "patient B, mask",
        "patient C, sequence T1",
    ]
    for problem, says in zip(
        problems,
        ("does not exist", "damaged", "covers 0% of the field of view", "mm away", "4 dimensions"),
        strict=True,
    ):
        assert says in problem and str(folder) in problem and "\n" not in problem


def test_geometries_that_differ_follow_the_configuration(cohort):
    sheet, folder = cohort
    affine = np.diag([-2.0, -1.0, 4.0, 1.0])
    other = affine.copy()
    other[2, 3] = 9
    write_nifti(folder / "A/T2.nii.gz", qform=other, sform=affine)
    (problem,) = check_cohort(configuration(), sheet, folder)
    assert problem.startswith("patient A, sequence T2") and "9.0 mm apart" in problem
    assert check_cohort(configuration(geometry="sform"), sheet, folder) == []


def test_a_label_on_the_grid_of_another_sequence_or_patient_is_recognised(cohort):
    sheet, folder = cohort
    write(folder / "B/T2.nii.gz", noise(99)[:6], origin=origin(1))
    write(folder / "B/label.nii.gz", label((1, 1, 1))[:6], origin=origin(1))
    write(folder / "C/label.nii.gz", label((2, 2, 2)), origin=origin(0))
    of_b, of_c = check_cohort(configuration(), sheet, folder)
    assert "both must lie on one grid. It lies on the grid of T2: set fixed_sequence" in of_b
    assert "It lies on the grid of patient A: does this label belong to another patient?" in of_c


@pytest.mark.parametrize("way", ["named twice", "linked", "copied"])
def test_the_same_image_twice_is_recognised(cohort, way):
    sheet, folder = cohort
    if way == "named twice":
        sheet["A"]["T2"] = sheet["A"]["T1"]
    else:
        (folder / "A/T2.nii.gz").unlink()
        if way == "linked":
            (folder / "A/T2.nii.gz").symlink_to("T1.nii.gz")
        else:
            shutil.copy(folder / "A/T1.nii.gz", folder / "A/T2.nii.gz")
    (problem,) = check_cohort(configuration(), sheet, folder)
    assert problem.startswith(f"patient A, sequence T2: {folder / sheet['A']['T2']} ")
    same = "is the same file as" if way == "named twice" else "has the same content as"
    assert f"{same} patient A, sequence T1: {folder}/A/T1.nii.gz; correct" in problem


def test_the_image_of_another_patient_is_recognised(cohort):
    sheet, folder = cohort
    sheet["C"]["T2"] = sheet["B"]["T2"]
    (problem,) = check_cohort(configuration(), sheet, folder)
    assert "patient C, sequence T2" in problem and "patient B, sequence T2" in problem


def shared_grid(sheet, folder):
    for number, patient in enumerate(sheet):
        for place, column in enumerate(SEQUENCES):
            write(folder / sheet[patient][column], noise(10 * number + place))
        write(folder / sheet[patient]["label"], label((1, 2, number)))
        write(folder / sheet[patient]["mask"], label((slice(1, 7),)))


def test_the_label_of_another_patient_is_recognised_on_a_shared_grid(cohort):
    sheet, folder = cohort
    shared_grid(sheet, folder)
    write(folder / "A/label.nii.gz", label((3, 3, 3)))
    write(folder / "B/label.nii.gz", label((4, 4, 4)))
    shutil.copy(folder / "A/label.nii.gz", folder / "C/label.nii.gz")
    (problem,) = check_cohort(configuration(), sheet, folder)
    assert problem.startswith("patient C, label") and "patient A, label" in problem
    assert "give each patient the label that is drawn on the patient's own images" in problem


def test_healthy_patients_may_share_an_empty_label_and_all_a_mask(cohort):
    sheet, folder = cohort
    shared_grid(sheet, folder)
    write(folder / "A/label.nii.gz", label((3, 3, 3)))
    write(folder / "empty.nii.gz", label())
    for patient in "BC":
        sheet[patient]["label"] = "empty.nii.gz"
        sheet[patient]["mask"] = sheet["A"]["mask"]
    assert check_cohort(configuration(), sheet, folder) == []


def test_a_mask_that_is_the_label_is_recognised(cohort):
    sheet, folder = cohort
    sheet["A"]["mask"] = sheet["A"]["label"]
    (problem,) = check_cohort(configuration(), sheet, folder)
    assert "patient A, mask" in problem and "the mask is that of the whole organ" in problem


def test_a_wrong_folder_is_one_line(cohort):
    sheet, folder = cohort
    (problem,) = check_cohort(configuration(), sheet, folder / "none")
    assert problem == (
        f"configuration, cohort.data: folder {folder / 'none'} does not exist; correct the path"
    )
    (folder / "other").mkdir()
    (problem,) = check_cohort(configuration(), sheet, folder / "other")
    assert "none of the 12 files of the sample sheet exists" in problem
