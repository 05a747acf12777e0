"""init writes a sheet and a configuration that the workflow reads, and says what it could not."""

import csv
from pathlib import Path

import pytest
import SimpleITK as sitk
import yaml
from helpers.layouts import cohort, write, write_bids, write_dicom, write_folders, write_nnunet
from snakemake.utils import update_config

from mrelevance.__main__ import main
from mrelevance.cohort.sheet import read_sheet
from mrelevance.runtime.configuration import check_configuration

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def init(tmp_path, capsys):
    """Runs init on the folder `images`: exit status, what it printed, configuration, sheet."""

    def run(*arguments):
        out = tmp_path / "mine.yaml"
        status = main(["init", str(tmp_path / "images"), "--out", str(out), *map(str, arguments)])
        printed = capsys.readouterr()
        config = yaml.safe_load(out.read_text()) if out.exists() else None
        rows = []
        if config:
            with open(tmp_path / "mine.tsv", newline="") as file:
                rows = list(csv.DictReader(file, delimiter="\t"))
        return status, printed.out + printed.err, config, rows

    run.images = tmp_path / "images"
    return run


def checked(config):
    """The shipped configuration with these changes; it passes the checks of the workflow."""
    whole = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
    update_config(whole, config)
    check_configuration(whole, PROJECT / "workflow/schemas/config.schema.json")
    return whole


def test_what_is_written_passes_the_checks_of_the_workflow(init):
    write_folders(cohort(6), init.images)
    status, text, config, rows = init()
    assert status == 0
    whole = checked(config)
    sheet = read_sheet(whole["cohort"]["patients"], whole["sequences"], "images")
    assert list(sheet.rows) == [row["patient"] for row in rows]
    assert rows[0]["T2"] == "P1/P1_T2.nii.gz"
    assert config["cohort"]["data"] == str(init.images)
    assert "a folder per patient" in text and "16 x 14 x 10" in text and "(fixed)" in text
    assert "make reproduce CONFIG=" in text


def test_the_fixed_sequence_is_that_of_the_labels_grid(init):
    write_folders(cohort(6), init.images)
    assert init()[2]["fixed_sequence"] == "FLAIR"


def test_a_fixed_sequence_that_is_not_known_is_asked_for(init):
    write_nnunet(cohort(10), init.images, {"background": 0, "lesion": 1}, tested=5)
    status, text, config, _ = init()
    assert (status, config["fixed_sequence"]) == (0, "FLAIR")
    assert "the labels are on the grids of FLAIR, T1, T2, and nothing says" in text


@pytest.mark.parametrize(
    ("writer", "method"), [(write_bids, "rigid"), (write_dicom, "rigid"), (write_folders, "rigid")]
)
def test_heads_move_as_a_whole(init, writer, method):
    writer(cohort(4), init.images)
    assert init()[2]["motion"]["method"] == method


def test_the_trunk_deforms_and_aligned_images_stay(init):
    patients = cohort(4)
    for patient in patients:
        for name, image in zip(("T1", "T1_late", "T2"), patient.images.values(), strict=True):
            write(image, init.images / patient.name / f"{name}.nii.gz")
        write(patient.label, init.images / patient.name / "lesion.nii.gz")
    status, text, config, _ = init()
    assert (status, config["motion"]["method"]) == (0, "deformable")
    assert "motion.method is deformable: organs of the trunk move" in text
    write_nnunet(patients, init.images / "set", {"background": 0, "lesion": 1}, tested=0)
    out = init.images.parent / "other.yaml"
    assert main(["init", str(init.images / "set"), "--out", str(out)]) == 0
    assert yaml.safe_load(out.read_text())["motion"]["method"] == "none"


def test_incomplete_patients_are_all_listed(init):
    write_folders(cohort(6), init.images)
    (init.images / "P2/P2_T2.nii.gz").unlink()
    (init.images / "P5/P5_seg.nii.gz").unlink()
    status, text, config, rows = init()
    assert status == 1
    assert "patient P2 lacks T2" in text and "patient P5 lacks label" in text
    assert "set cohort.incomplete to exclude" in text
    assert rows[1]["T2"] == "" and rows[4]["label"] == ""
    path = config["cohort"]["patients"]
    sheet = read_sheet(path, config["sequences"], "images", "exclude")
    assert sheet.incomplete == {"P2": ["T2"], "P5": ["label"]}


def test_values_without_a_meaning_are_asked_for_with_both_ways_to_declare_them(init):
    write_folders(cohort(6, {0: 1, 1: 4}), init.images)
    status, text, config, _ = init()
    assert status == 1 and "segmentation" not in config
    assert "the labels hold several values (1 in 6 patients, 4 in 6 patients)" in text
    written = (init.images.parent / "mine.yaml").read_text().split("# segmentation:\n")
    classes, values = (
        yaml.safe_load("\n".join(line[2:] for line in part.splitlines() if line.startswith("#   ")))
        for part in written[1:]
    )
    assert classes["classes"] == {"class_1": 1, "class_4": 4}
    assert classes["explained"] in classes["regions"]
    assert values["lesions"] == "values"


def test_classes_and_regions_of_the_layout_are_written(init):
    labels = {"background": 0, "whole tumour": [1, 2], "core": 2}
    write_nnunet(cohort(8, {0: 1, 1: 2}), init.images, labels, tested=0)
    status, text, config, _ = init()
    assert status == 0
    assert config["segmentation"] == {
        "classes": {"label_1": 1, "core": 2},
        "regions": {"whole tumour": ["label_1", "core"], "core": ["core"]},
        "explained": ["whole tumour"],
    }
    assert "segmentation.explained is whole tumour: one of whole tumour, core" in text


def test_values_that_no_class_names_are_a_problem(init):
    write_nnunet(cohort(8, {0: 1, 1: 3}), init.images, {"background": 0, "lesion": 1}, tested=0)
    status, text, _, _ = init()
    assert status == 1 and "the labels hold 3, which no class names (lesion 1)" in text


def test_one_sequence_alone_is_not_enough(init):
    for patient in cohort(3):
        write(patient.fixed, init.images / patient.name / "FLAIR.nii.gz")
        write(patient.label, init.images / patient.name / "seg.nii.gz")
    status, text, config, _ = init()
    assert (status, config) == (1, None)
    assert "one sequence alone (FLAIR)" in text and "at least two are needed" in text


def test_labels_must_be_found_and_on_a_grid(init):
    patients = cohort(4)
    write_folders(patients, init.images)
    moved = sitk.Image(patients[2].label)
    moved.SetOrigin((0.0, 0.0, 0.0))
    write(moved, init.images / "P3/P3_seg.nii.gz")
    status, text, _, _ = init()
    assert status == 1 and "patient P3, label: " in text
    assert "is not on the grid of any sequence" in text


def test_no_labels_at_all_are_asked_for(init):
    for patient in cohort(3):
        for sequence, image in patient.images.items():
            write(image, init.images / patient.name / f"{sequence}.nii.gz")
    status, text, config, _ = init()
    assert (status, config) == (1, None)
    assert "no labels were found; give their folder with --labels FOLDER" in text


def test_unreadable_images_and_empty_labels_are_problems(init):
    patients = cohort(4)
    write_folders(patients, init.images)
    (init.images / "P2/P2_T1.nii.gz").write_bytes(b"no image")
    for patient in patients:
        write(patient.label * 0, init.images / patient.name / f"{patient.name}_seg.nii.gz")
    status, text, _, _ = init()
    assert status == 1 and "P2_T1.nii.gz cannot be read as an image" in text
    assert "all labels are empty" in text and "4, 4 empty" in text


def test_too_few_patients_are_a_problem_and_few_are_a_caution(init):
    write_folders(cohort(2), init.images)
    status, text, _, _ = init()
    assert status == 1 and "2 patients cannot be split" in text


def test_spacings_that_differ_are_resampled_to_their_median(init):
    patients = cohort(5)
    write_folders(patients, init.images)
    for name in ("P1_FLAIR", "P1_seg"):
        path = init.images / f"P1/{name}.nii.gz"
        image = sitk.ReadImage(str(path))
        image.SetSpacing((1.5, 1.75, 4.0))
        write(image, path)
    assert init()[2]["preprocess"]["spacing_mm"] == [1.5, 1.75, 2.5]


def test_patients_stored_in_another_orientation_have_the_same_spacing(init):
    patients = cohort(5)
    write_folders(patients, init.images)
    for name in ("P1_FLAIR", "P1_seg"):
        path = init.images / f"P1/{name}.nii.gz"
        write(sitk.PermuteAxes(sitk.ReadImage(str(path)), [2, 0, 1]), path)
    status, _, config, _ = init()
    assert (status, config["preprocess"]["spacing_mm"]) == (0, None)
    assert config["inference"]["window"] == [16, 16, 16]


def test_names_that_look_like_visits_of_one_person_are_asked_about(init):
    patients = cohort(5)
    names = ["BraTS-GLI-00000-000", "BraTS-GLI-00001-000", "BraTS-GLI-00002-000"]
    names += ["BraTS-GLI-00003-000", "BraTS-GLI-00003-001"]
    for patient, name in zip(patients, names, strict=True):
        for sequence, image in {**patient.images, "seg": patient.label}.items():
            write(image, init.images / name / f"{name}-{sequence.lower()}.nii.gz")
    status, text, config, _ = init()
    assert (status, config["sequences"]) == (0, ["flair", "t1", "t2"])
    assert "BraTS-GLI-00003-000, BraTS-GLI-00003-001: if these are visits of one person" in text


def test_existing_files_are_not_overwritten(init):
    write_folders(cohort(4), init.images)
    for name in ("mine.yaml", "mine.tsv"):
        path = init.images.parent / name
        path.write_text("of the user")
        status = main(["init", str(init.images), "--out", str(init.images.parent / "mine.yaml")])
        assert status == 1 and path.read_text() == "of the user"
        path.unlink()
    assert main(["init", str(init.images), "--out", "mine.txt"]) == 1
