"""Bad input ends in one line that says what to do."""

import numpy as np
import pytest
import SimpleITK as sitk

pytestmark = pytest.mark.workflow

IMAGES = """
sequences: [T1, T2]
fixed_sequence: T1
cohort: {source: images, patients: sheet.tsv, data: data}
"""


def overlay(project, text):
    (project.folder / "overlay.yaml").write_text(text)
    return "overlay.yaml"


def error_of(project, text):
    """The lines, one for each problem, with which planning the study ends."""
    done = project.snakemake("--dry-run", config=overlay(project, text))
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert "Traceback" not in output
    lines = [line for line in output.splitlines() if line.startswith("Error: ")]
    assert lines, output
    assert output.strip().endswith("\n".join(lines))
    return "\n".join(lines)


@pytest.fixture
def project(fresh_project, tmp_path):
    return fresh_project.copy(tmp_path / "project")


@pytest.fixture
def cohort(project):
    """Three patients with two small images each."""
    generator = np.random.default_rng(1)
    for patient in ("p1", "p2", "p3"):
        for name in ("T1", "T2", "label"):
            voxels = generator.uniform(1, 2, (16, 16, 16)).astype(np.float32)
            if name == "label":
                voxels = (voxels > 1.99).astype(np.uint8)
            write(project, patient, name, voxels)
    rows = ["patient\tsplit\tT1\tT2\tlabel"]
    for patient, split in (("p1", "train"), ("p2", "validation"), ("p3", "test")):
        rows.append(
            "\t".join(
                [patient, split, *(f"{patient}/{name}.nii.gz" for name in ("T1", "T2", "label"))]
            )
        )
    (project.folder / "sheet.tsv").write_text("\n".join(rows) + "\n")
    return project


def write(project, patient, name, voxels, spacing=2.0):
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing([spacing] * 3)
    folder = project.folder / "data" / patient
    folder.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(folder / f"{name}.nii.gz"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("training: {learning_rat: 1}", "training.learning_rat; did you mean learning_rate?"),
        ("sead: 1", "unknown key sead; did you mean seed?"),
        ("training: {steps: many}", "training.steps: 'many' is not of type 'integer'"),
        ("fixed_sequence: T9", "fixed_sequence is T9, which is not among sequences"),
        (
            "relevance: {composites: [lrp]}",
            "relevance.composites: lrp is unknown; known are zero, epsilon",
        ),
        (
            "relevance: {composites: [{name: epsilon, gamma: 1}]}",
            "epsilon has no parameter gamma; epsilon takes epsilon",
        ),
        ("inference: {window: [30, 32, 32]}", "must be a multiple of network.divisor"),
        ("evaluation: {maps: {crop: [24, 24, 20]}}", "evaluation.maps.crop is [24, 24, 20]"),
        ("evaluation: {maps: {block: 5}}", "must be a multiple of evaluation.maps.block"),
        (
            "evaluation: {maps: {methods: [lime]}}",
            "evaluation.maps.methods: lime is unknown; known",
        ),
        ("evaluation: {maps: {gallery_patient: P999}}", "is P999, which is not in the sample"),
        ("phantom: {size: [8, 8, 8]}", "the body needs at least"),
        ("cohort: {patients: nowhere.tsv}", "nowhere.tsv does not exist"),
        ("protocol: {subsets: [[T2, T9]]}", "[T2, T9] names T9, which is not among sequences"),
        ("protocol: {subsets: [[T2, T1-pre], [T1-pre, T2]]}", "[T1-pre, T2] is listed twice"),
        (
            "protocol: {subsets: [[T2, T1-pre, T1-20s, T1-60s, T1-120s, T1-15min]]}",
            "is the full protocol",
        ),
        ("protocol: {margin_dice: 0}", "protocol.margin_dice: 0 is less than or equal to"),
        ("protocol: {acquisition_minutes: {T2: 4}}", "acquisition_minutes lacks T1-pre, T1-20s"),
        ("variants: {study: {seed: 1}}", "names a variant study"),
        (
            "variants: {short: {training: {steps: 0}}}",
            "training.steps: 0 is less than the minimum of 1; see config/README.md (variant short",
        ),
        ("comparisons: {networks: [unet]}", "comparisons.networks is unet, which is not among"),
    ],
)
def test_configuration(project, text, expected):
    assert expected in error_of(project, text)


def test_all_missing_images_and_wrong_settings_are_named_at_once(cohort):
    for image in ("p2/T2", "p3/label"):
        (cohort.folder / f"data/{image}.nii.gz").unlink()
    lines = error_of(cohort, IMAGES + "training: {stepz: 1}\n").splitlines()
    assert "unknown key training.stepz" in lines[0]
    assert "patient p2, sequence T2:" in lines[1] and "p2/T2.nii.gz does not exist" in lines[1]
    assert "patient p3, label:" in lines[2] and len(lines) == 3


def test_unknown_split(cohort):
    cohort.replace("sheet.tsv", "validation", "valid")
    assert "patient p2: split is 'valid'" in error_of(cohort, IMAGES)


def test_all_problems_of_the_start_are_listed_at_once(cohort):
    (cohort.folder / "data/p2/T2.nii.gz").unlink()
    write(cohort, "p1", "label", np.ones((16, 16, 16), np.uint8), spacing=3.0)
    content = (cohort.folder / "data/p3/T1.nii.gz").read_bytes()
    (cohort.folder / "data/p3/T1.nii.gz").write_bytes(content[:5000])
    text = IMAGES + "evaluation: {maps: {gallery_patient: p9}}\n"
    done = cohort.snakemake("--dry-run", config=overlay(cohort, text))
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert "Traceback" not in output
    gallery, label, missing, damaged = output.strip().splitlines()[-4:]
    assert output.count("Error: ") == 4
    assert "patient p1, label" in label and "(drawn on T1)" in label
    assert "patient p2, sequence T2" in missing and "does not exist" in missing
    assert "patient p3, sequence T1" in damaged and "is damaged" in damaged
    assert "gallery_patient is p9" in gallery


def test_all_voxels_are_checked_before_any_patient_is_imported(cohort):
    image = sitk.GetImageFromArray(np.full((16, 16, 16), np.nan, np.float32))
    image.SetSpacing([2.0] * 3)
    sitk.WriteImage(image, str(cohort.folder / "data/p1/T2.nii.gz"))
    write(cohort, "p3", "T1", np.ones((16, 16, 16), np.float32))
    target, config = "results/raw/p2/label.nii.gz", overlay(cohort, IMAGES)
    done = cohort.snakemake(target, config=config)
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert "Traceback" not in (cohort.folder / "results/logs/check_cohort.log").read_text()
    for says in (
        "patient p1, sequence T2: ",
        "has NaN or infinite voxels",
        "patient p3, sequence T1: ",
        "has the same value 1 everywhere",
    ):
        assert says in output
    assert not (cohort.folder / "results/raw/p2/label.nii.gz").exists()


def test_only_a_changed_patient_is_checked_and_imported_again(cohort):
    targets = [f"results/raw/{patient}/label.nii.gz" for patient in ("p1", "p2", "p3")]
    config = overlay(cohort, IMAGES)
    done = cohort.snakemake(*targets, config=config)
    assert done.returncode == 0, done.stdout + done.stderr
    voxels = np.random.default_rng(9).uniform(1, 2, (16, 16, 16)).astype(np.float32)
    write(cohort, "p2", "T2", voxels)
    made = {
        path: path.stat().st_mtime_ns
        for path in (cohort.folder / "results/raw").glob("*/[cl]*")
        if path.name in ("checked.tsv", "label.nii.gz")
    }
    done = cohort.snakemake(*targets, config=config)
    assert done.returncode == 0, done.stdout + done.stderr
    again = {path.parent.name for path, before in made.items() if path.stat().st_mtime_ns > before}
    assert len(made) == 6 and again == {"p2"}
    done = cohort.snakemake(*targets, config=config)
    assert "Nothing to be done" in done.stdout + done.stderr


def test_images_of_a_cohort_without_split_get_one(cohort):
    sheet = cohort.folder / "sheet.tsv"
    rows = [line.split("\t") for line in sheet.read_text().splitlines()]
    sheet.write_text("".join("\t".join([row[0], *row[2:]]) + "\n" for row in rows))
    config = overlay(cohort, IMAGES + "motion: {method: none}\n")
    assert cohort.plan("results/cohort/split.tsv", config=config)["import_patient"] == 3
    done = cohort.snakemake("results/cohort/split.tsv", config=config)
    assert done.returncode == 0, done.stdout + done.stderr
    split = (cohort.folder / "results/cohort/split.tsv").read_text()
    assert split.count("test") == split.count("validation") == split.count("train") == 1
    jobs = cohort.plan(config=config)
    assert "simulate_patient" not in jobs
    assert jobs["predict_patient"] == 1
    assert jobs["train_network"] == 1


def test_patients_of_different_spacing_are_refused_before_anything_runs(cohort):
    write(cohort, "p3", "T1", np.ones((16, 16, 16), np.float32), spacing=3.0)
    config = overlay(cohort, IMAGES)
    done = cohort.snakemake("results/raw/p1/label.nii.gz", config=config)
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert "T1 has 2 spacings: 2 x 2 x 2 mm (p1, p2), 3 x 3 x 3 mm (p3)" in output
    assert "Set preprocess.spacing_mm, for example to the median [2, 2, 2]" in output
    assert "Traceback" not in output
    assert not (cohort.folder / "results/raw").exists()
