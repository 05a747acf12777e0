"""Every layout gives the patients, sequences, labels, split and classes that were written in it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.layouts import (
    check_images,
    cohort,
    write,
    write_bids,
    write_decathlon,
    write_folders,
    write_nnunet,
)
from helpers.needs import DATA, not_tested

from mrelevance.cohort.layouts.description import Hints, safe_name, unique_names
from mrelevance.cohort.layouts.table import describe
from mrelevance.cohort.sources import read_source
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import to_array


def read(folder, **hints):
    return describe(folder, Hints(**hints))


def test_a_folder_per_patient(tmp_path):
    patients = cohort(3)
    write_folders(patients, tmp_path)
    description = read(tmp_path)
    assert description.sequences == ["FLAIR", "T1", "T2"]
    check_images(description, patients)
    assert [patient.split for patient in description.patients] == [None] * 3
    assert [patient.subject for patient in description.patients] == [None] * 3


@pytest.mark.parametrize(
    "name",
    ["{p}/{s}.nii.gz", "{p}/x_{p}-{s}.nii.gz", "data/all/{p}/{s}_{p}.NII.GZ", "{p}/{s}/i.mha"],
)
def test_names_of_patients_are_not_part_of_sequences(tmp_path, name):
    for patient in cohort(3):
        for sequence, image in {**patient.images, "lesion_mask": patient.label}.items():
            path = tmp_path / name.format(p=patient.name, s=sequence)
            write(image, path.with_name(path.name.lower() if ".NII" in path.name else path.name))
            if ".NII" in path.name:
                path.with_name(path.name.lower()).rename(path)
    description = read(tmp_path)
    assert [sequence.lower() for sequence in description.sequences] == ["flair", "t1", "t2"]
    assert [patient.name for patient in description.patients] == ["P1", "P2", "P3"]
    assert all(patient.label for patient in description.patients)


def test_folders_of_parts_and_other_spellings(tmp_path):
    for patient, part in zip(cohort(3), ("train", "val", "test"), strict=True):
        for sequence, image in {**patient.images, "seg": patient.label}.items():
            named = sequence.lower() if part == "val" else sequence
            write(image, tmp_path / part / patient.name / f"{named}.nii.gz")
    description = read(tmp_path)
    splits = {patient.name: patient.split for patient in description.patients}
    assert splits == {"P1": "train", "P2": "validation", "P3": "test"}
    assert description.sequences == ["FLAIR", "T1", "T2"]
    assert all(len(patient.images) == 3 for patient in description.patients)


def test_folders_of_visits_have_a_subject(tmp_path):
    for place, patient in enumerate(cohort(4)):
        for sequence, image in {**patient.images, "seg": patient.label}.items():
            visit = f"visit{place % 2 + 1}"
            write(image, tmp_path / f"S{place // 2}" / visit / f"{sequence}.nii.gz")
    description = read(tmp_path)
    subjects = {patient.name: patient.subject for patient in description.patients}
    assert subjects == {
        **dict.fromkeys(["S0_visit1", "S0_visit2"], "S0"),
        **dict.fromkeys(["S1_visit1", "S1_visit2"], "S1"),
    }
    assert any("S0/visit1 was taken for a visit of S0" in note for note in description.notes)


def test_folders_of_groups_are_no_subjects(tmp_path):
    for place, patient in enumerate(cohort(4)):
        for sequence, image in {**patient.images, "seg": patient.label}.items():
            write(image, tmp_path / ["HGG", "LGG"][place % 2] / patient.name / f"{sequence}.nii.gz")
    description = read(tmp_path)
    assert {patient.name for patient in description.patients} == {"P1", "P2", "P3", "P4"}
    assert all(patient.subject is None for patient in description.patients)
    assert any("add a column subject" in note for note in description.notes)


def test_rare_files_and_masks_of_organs_are_noted(tmp_path):
    patients = cohort(3)
    write_folders(patients, tmp_path)
    write(patients[0].images["T1"], tmp_path / "P1/P1_dwi.nii.gz")
    for patient in patients:
        write(patient.label, tmp_path / patient.name / f"{patient.name}_brainmask.nii.gz")
        write(patient.label, tmp_path / patient.name / f"{patient.name}_liver.nii.gz")
    description = read(tmp_path)
    check_images(description, patients)
    notes = " ".join(description.notes)
    assert "are left out: dwi" in notes
    assert "Not used: brainmask" in notes and "Not used: liver, which is a mask" in notes


def test_several_files_that_could_be_the_label_are_asked_for(tmp_path):
    patients = cohort(2)
    write_folders(patients, tmp_path)
    for patient in patients:
        write(patient.label, tmp_path / patient.name / f"{patient.name}_lesions.nii.gz")
    with pytest.raises(InputError, match="could be the label: lesions, seg; say which with --lab"):
        read(tmp_path)
    description = read(tmp_path, label="lesions")
    assert all("lesions" in patient.label for patient in description.patients)
    with pytest.raises(InputError, match="no patient has a label tumour; files"):
        read(tmp_path, label="tumour")


@pytest.mark.parametrize("name", ["{p}.nii.gz", "{p}_drawn.nii.gz", "{p}/any.nii.gz"])
def test_labels_in_a_folder_of_their_own(tmp_path, name):
    patients = cohort(11)
    write_folders(patients, tmp_path / "images")
    for patient in patients:
        write(patient.label, tmp_path / "labels" / name.format(p=patient.name))
        (tmp_path / f"images/{patient.name}/{patient.name}_seg.nii.gz").unlink()
    description = read(tmp_path / "images", labels=tmp_path / "labels")
    found = {patient.name: patient.label for patient in description.patients}
    assert all(found[p.name] == str(tmp_path / "labels" / name.format(p=p.name)) for p in patients)


def test_nnunet(tmp_path):
    patients = cohort(6)
    write_nnunet(patients, tmp_path, {"background": 0, "lesion": 1}, tested=2)
    description = read(tmp_path)
    assert (description.sequences, description.aligned) == (["FLAIR", "T1", "T2"], True)
    assert description.classes == {"lesion": 1} and description.regions == {}
    splits = [patient.split for patient in description.patients]
    assert splits == ["train", "train", "validation", "train", "test", "test"]
    first = description.patients[0]
    assert first.images["T2"].endswith("imagesTr/P1_0002.nii.gz")
    assert (to_array(read_source(first.images["FLAIR"])) == to_array(patients[0].fixed)).all()
    assert description.patients[-1].label.endswith("labelsTs/P6.nii.gz")


def test_datasets_that_say_all_take_no_hints(tmp_path):
    write_nnunet(cohort(3), tmp_path, {"background": 0, "lesion": 1}, tested=0)
    with pytest.raises(InputError, match="the dataset itself says where its labels are; leave out"):
        read(tmp_path, labels=tmp_path)


def test_nnunet_without_test_labels_has_no_split_and_with_folds_theirs(tmp_path):
    write_nnunet(cohort(6), tmp_path, {"background": 0, "lesion": 1}, tested=2)
    (tmp_path / "splits_final.json").write_text(json.dumps([{"train": [], "val": ["P1", "P4"]}]))
    splits = [patient.split for patient in read(tmp_path).patients]
    assert splits == ["validation", "train", "train", "validation", "test", "test"]
    shutil.rmtree(tmp_path / "labelsTs")
    description = read(tmp_path)
    assert [patient.name for patient in description.patients] == ["P1", "P2", "P3", "P4"]
    assert all(patient.split is None for patient in description.patients)
    assert any("as they cannot be tested: 2" in note for note in description.notes)


def test_regions_of_nnunet(tmp_path):
    labels = {"background": 0, "whole tumour": [1, 2, 4], "core": [1, 4], "enhancing": 4}
    write_nnunet(cohort(3), tmp_path, {**labels, "ignore": 5}, tested=0)
    description = read(tmp_path)
    assert description.classes == {"label_1": 1, "label_2": 2, "enhancing": 4}
    assert description.regions == {
        "whole tumour": ["label_1", "label_2", "enhancing"],
        "core": ["label_1", "enhancing"],
        "enhancing": ["enhancing"],
    }
    assert description.ignore == [5]


def test_decathlon(tmp_path):
    patients = cohort(3)
    write_decathlon(patients, tmp_path, {"0": "background", "1": "edema", "2": "core"})
    description = read(tmp_path)
    assert description.classes == {"edema": 1, "core": 2}
    assert description.patients[1].images["T1"].endswith("imagesTr/P2.nii.gz#1")
    first = description.patients[0]
    assert (to_array(read_source(first.images["FLAIR"])) == to_array(patients[0].fixed)).all()
    assert (to_array(read_source(first.label)) == to_array(patients[0].label)).all()
    (tmp_path / "labelsTr/P2.nii.gz").unlink()
    with pytest.raises(InputError, match=r"P2\.nii\.gz does not exist; correct it"):
        read(tmp_path)


def test_bids(tmp_path):
    patients = cohort(4)
    write_bids(patients, tmp_path / "set", visits=2)
    description = read(tmp_path / "set")
    assert description.sequences == ["FLAIR", "T2w", "acq-sag_T1w"]
    assert description.drawn_on == "FLAIR"
    names = {patient.name: patient.subject for patient in description.patients}
    assert names == {
        **dict.fromkeys(["sub-01_ses-1", "sub-01_ses-2"], "sub-01"),
        **dict.fromkeys(["sub-02_ses-1", "sub-02_ses-2"], "sub-02"),
    }
    third = description.patients[2]
    assert third.covariates == {"age": "42"}
    t1 = read_source(third.images["acq-sag_T1w"])
    assert (to_array(t1) == to_array(patients[2].images["T1"])).all()
    assert (to_array(read_source(third.label)) == to_array(patients[2].label)).all()


def test_bids_asks_which_of_several_masks_and_takes_images_of_their_space(tmp_path):
    patients = cohort(2)
    write_bids(patients, tmp_path / "set")
    folder = tmp_path / "set/derivatives/lesions"
    for subject, patient in zip(("sub-01", "sub-02"), patients, strict=True):
        start = folder / subject / f"anat/{subject}_space-MNI_"
        write(patient.label, Path(f"{start}label-lesion_desc-old_mask.nii.gz"))
        write(patient.label, folder / subject / f"anat/{subject}_desc-brain_mask.nii.gz")
        for suffix in ("T1w", "T2w"):
            write(patient.fixed, Path(f"{start}{suffix}.nii.gz"))
    with pytest.raises(InputError, match="label-lesion_desc-old_mask, label-lesion_mask; say wh"):
        read(tmp_path / "set")
    assert read(tmp_path / "set", label="label-lesion_mask").drawn_on == "FLAIR"
    description = read(tmp_path / "set", label="label-lesion_desc-old_mask")
    assert description.sequences == ["T1w", "T2w"] and description.drawn_on is None
    assert all("space-MNI" in path for p in description.patients for path in p.images.values())


def test_what_is_no_cohort_is_named(tmp_path):
    with pytest.raises(InputError, match="no known layout; known are Medical Seg"):
        read(tmp_path)
    (tmp_path / "Dataset001_A").mkdir()
    (tmp_path / "Dataset001_A/dataset.json").write_text("{}")
    with pytest.raises(InputError, match="holds 1 datasets; give one of them: "):
        read(tmp_path)
    (tmp_path / "Dataset001_A/dataset.json").write_text("{not json")
    with pytest.raises(InputError, match=r"dataset\.json is not JSON"):
        read(tmp_path / "Dataset001_A")


def test_half_a_dataset_is_no_folder_per_patient(tmp_path):
    write_nnunet(cohort(3), tmp_path / "a", {"background": 0, "lesion": 1}, tested=0)
    (tmp_path / "a/dataset.json").unlink()
    with pytest.raises(InputError, match=r"it needs both a dataset\.json and images"):
        read(tmp_path / "a")
    write_decathlon(cohort(3), tmp_path / "b", {"0": "background", "1": "lesion"})
    shutil.rmtree(tmp_path / "b/imagesTr")
    with pytest.raises(InputError, match=r"it needs both a dataset\.json and images"):
        read(tmp_path / "b")


def test_names_are_safe_and_unique():
    assert safe_name(" Müller, Jörg (2) ") == "Muller_Jorg_2"
    assert unique_names(["a b", "a_b", "A:B", "c", ""]) == ["a_b", "a_b_2", "A_B_3", "c", "unnamed"]


def test_real_images():
    if not (DATA / "open-ms").is_dir():
        not_tested("NOT TESTED: real images of people, which are not here")
    description = read(DATA / "open-ms")
    assert description.sequences == ["FLAIR", "T1", "T1KS", "T2"]
    assert [patient.name for patient in description.patients] == [
        *("patient07", "patient19", "patient26")
    ]
    counts = [int((to_array(read_source(p.label)) > 0).sum()) for p in description.patients]
    assert counts == [1300, 49769, 8227]
    assert np.prod(sitk.ReadImage(description.patients[0].label).GetSize()) == 182 * 218 * 182
