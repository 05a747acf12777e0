"""From a folder of images in each layout to a study, with one command and the file it writes."""

import numpy as np
import pytest
import yaml
from helpers.layouts import (
    cohort,
    write_bids,
    write_decathlon,
    write_dicom,
    write_folders,
    write_nnunet,
)

from mrelevance.__main__ import main
from mrelevance.cohort.patient import PatientImages, read_patient
from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import check_same_geometry, image_like, read_image, to_array

pytestmark = pytest.mark.workflow

PATIENTS = 6


def nnunet(patients, folder):
    write_nnunet(patients, folder, {"background": 0, "lesion": 1}, tested=2)


def decathlon(patients, folder):
    write_decathlon(patients, folder, {"0": "background", "1": "lesion"})


@pytest.fixture(scope="module")
def project(fresh_project, tmp_path_factory):
    return fresh_project.copy(tmp_path_factory.mktemp("init") / "project")


@pytest.mark.parametrize("writer", [write_folders, nnunet, decathlon, write_bids, write_dicom])
def test_the_written_configuration_plans_a_study(project, tmp_path, capsys, writer):
    folder, out = tmp_path / "images", tmp_path / "mine.yaml"
    writer(cohort(PATIENTS), folder)
    assert main(["init", str(folder), "--out", str(out)]) == 0, capsys.readouterr().out
    jobs = project.plan("--directory", str(tmp_path), config=str(out))
    assert jobs["import_patient"] == PATIENTS
    assert jobs["train_network"] == 1


def phantom(study, name: str, sequences: list[str]) -> PatientImages:
    """A phantom patient with one value for all lesions."""
    raw = study.folder / "results/raw" / name
    paths = {sequence: raw / f"{sequence}.nii.gz" for sequence in sequences}
    patient = read_patient(name, paths, "T1-15min", raw / "label.nii.gz")
    label = image_like(to_array(patient.label) > 0, patient.label)
    return PatientImages(name, patient.images, patient.fixed_sequence, label)


def test_a_study_of_dicom_series_runs_to_its_tables(study, project, tmp_path):
    names = read_table(study.folder / "tests/integration/tiny.tsv")["patient"]
    sequences = ["T1-15min", "T1-20s", "T2"]
    patients = [phantom(study, name, sequences) for name in names]
    write_dicom(patients, tmp_path / "images", mixed=True)
    assert main(["init", str(tmp_path / "images"), "--out", str(tmp_path / "mine.yaml")]) == 0
    written = yaml.safe_load((tmp_path / "mine.yaml").read_text())
    assert written["sequences"] == sequences and written["fixed_sequence"] == "T1-15min"
    # The tiny study's network and steps, for this cohort.
    tiny = yaml.safe_load((study.folder / "tests/integration/tiny.yaml").read_text())
    tiny |= {key: tiny.get(key, {}) | written[key] for key in ("cohort", "inference")}
    tiny |= {key: written[key] for key in ("sequences", "fixed_sequence")}
    tiny["motion"]["method"] = written["motion"]["method"]
    # The series say that they show a head, but a liver moves as no rigid registration can follow.
    tiny["motion"]["on_failure"] = "continue"
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(tiny))
    done = project.snakemake(
        *("results/summary/relevance.tsv", "results/summary/cohort.tsv"),
        *("--directory", str(tmp_path)),
        config=str(tmp_path / "tiny.yaml"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for patient in patients:
        raw = tmp_path / "results/raw" / patient.name
        for sequence, image in patient.images.items():
            imported = read_image(raw / f"{sequence}.nii.gz")
            check_same_geometry(imported, image, sequence)
            assert (to_array(imported) == to_array(image)).all()
        label = to_array(read_image(raw / "label.nii.gz"))
        assert ((label > 0) == to_array(patient.label)).all()
    relevance = read_table(tmp_path / "results/summary/relevance.tsv")
    assert set(relevance["sequence"]) == set(sequences)
    cohort_table = read_table(tmp_path / "results/summary/cohort.tsv").set_index("split")
    assert cohort_table.loc["all", "patients"] == len(names)
    assert np.isfinite(relevance["relevance_pooled"]).all()


def test_incomplete_patients_and_covariates_are_in_the_tables(project, tmp_path, capsys):
    folder, out = tmp_path / "images", tmp_path / "mine.yaml"
    write_bids(cohort(PATIENTS), folder)
    (folder / "sub-03/anat/sub-03_T2w.nii.gz").unlink()
    assert main(["init", str(folder), "--out", str(out)]) == 1
    assert "patient sub-03 lacks T2w" in capsys.readouterr().out
    place = ("--directory", str(tmp_path))
    done = project.snakemake("--dry-run", *place, config=str(out))
    assert done.returncode != 0
    assert "1 of 6 patients lack an image: sub-03 (T2w)" in done.stdout + done.stderr
    out.write_text(out.read_text().replace("incomplete: stop", "incomplete: exclude"))
    done = project.snakemake("results/cohort/split.tsv", *place, config=str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 incomplete patients are left out: sub-03 (T2w)." in done.stderr
    assert "Columns kept as covariates: age." in done.stderr
    split = read_table(tmp_path / "results/cohort/split.tsv").set_index("patient")
    assert split.loc["sub-03", "split"] == "incomplete"
    assert (split["split"] == "incomplete").sum() == 1
    assert split.loc["sub-02", "age"] == 41
