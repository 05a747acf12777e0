"""DICOM series are read as the patients, sequences and labels that they were made from."""

import shutil

import pydicom
import pytest
from helpers.layouts import check_images, cohort, save, slices_of, write, write_dicom

from mrelevance.cohort.layouts.description import Hints
from mrelevance.cohort.layouts.table import describe


def read(folder):
    return describe(folder, Hints())


@pytest.mark.parametrize("mixed", [False, True])
def test_dicom(tmp_path, mixed):
    patients = cohort(3, {0: 1, 1: 2})
    write_dicom(patients, tmp_path, mixed)
    description = read(tmp_path)
    assert description.classes == {"tissue 1": 1, "tissue 2": 2}
    assert (description.drawn_on, description.parts_of_body) == ("FLAIR", {"head"})
    check_images(description, patients)


def test_dicom_images_with_labels_in_files(tmp_path):
    patients = cohort(3)
    write_dicom(patients, tmp_path)
    for patient in patients:
        shutil.rmtree(tmp_path / patient.name / "labels")
        write(patient.label, tmp_path / patient.name / "label.nii.gz")
    check_images(read(tmp_path), patients)


@pytest.mark.parametrize("kind", ["files", "segmentations"])
def test_labels_in_a_folder_of_their_own(tmp_path, kind):
    patients = cohort(3)
    write_dicom(patients, tmp_path / "images")
    for patient in patients:
        labels = tmp_path / "images" / patient.name / "labels"
        if kind == "segmentations":
            shutil.move(labels, tmp_path / "drawn" / patient.name)
        else:
            shutil.rmtree(labels)
            write(patient.label, tmp_path / "drawn" / f"{patient.name}.nii.gz")
    hints = Hints(labels=tmp_path / "drawn")
    check_images(describe(tmp_path / "images", hints), patients)


def test_patients_of_one_id_are_told_apart_by_their_folders(tmp_path):
    patients = cohort(3)
    write_dicom(patients, tmp_path)
    for file in tmp_path.rglob("*.dcm"):
        header = pydicom.dcmread(file)
        header.PatientID = "anonymous"
        header.save_as(file)
    description = read(tmp_path)
    check_images(description, patients)
    assert any("PatientID is the same" in note for note in description.notes)


def test_visits_of_a_person_are_patients_of_one_subject(tmp_path):
    for place, patient in enumerate(cohort(4)):
        for sequence, image in patient.images.items():
            slices = slices_of(image, f"S{place // 2}", sequence, study=f"1.2.{place}")
            save(slices, tmp_path / f"S{place // 2}/{place}" / sequence)
        write(patient.label, tmp_path / f"S{place // 2}/{place}/label.nii.gz")
    description = read(tmp_path)
    subjects = {patient.name: patient.subject for patient in description.patients}
    assert subjects == {"S0_1": "S0", "S0_2": "S0", "S1_1": "S1", "S1_2": "S1"}
    assert description.patients[3].label.endswith("S1/3/label.nii.gz")


def test_localisers_are_left_out_with_a_note(tmp_path):
    patients = cohort(2)
    write_dicom(patients, tmp_path)
    for patient in patients:
        for file in (tmp_path / patient.name / "T2").glob("*.dcm"):
            if pydicom.dcmread(file).InstanceNumber in (3, 5):
                file.unlink()
    description = read(tmp_path)
    assert "T2" not in description.sequences
    assert any("(T2, 7 files)" in note and "missing" in note for note in description.notes)
