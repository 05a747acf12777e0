"""What happens to patients whose registration failed: stop, exclude or continue."""

import pytest

from mrelevance.runtime.files import read_json, read_table, write_table

pytestmark = pytest.mark.workflow

TINY = "tests/integration/tiny.yaml"
PATIENTS = ["A1", "A2", "V1", "T1", "T2", "T3"]
FAILED = ["A2", "T3"]
TABLES = ["cohort", "scores", "lesions", "relevance"]
QUALITY = [f"results/motion/{patient}/quality.tsv" for patient in PATIENTS]


@pytest.fixture(scope="module")
def registered(fresh_project, tmp_path_factory):
    """All patients registered; sequence T2 of a training and of a test patient has failed."""
    project = fresh_project.copy(tmp_path_factory.mktemp("registered") / "project")
    done = project.snakemake(*QUALITY)
    assert done.returncode == 0, done.stdout + done.stderr
    for patient, path in zip(PATIENTS, QUALITY, strict=True):
        table = read_table(project.folder / path).assign(flag="good", reason="")
        if patient in FAILED:
            table.loc[table["sequence"] == "T2", ["flag", "reason"]] = "failed", "looks wrong"
        write_table(table, project.folder / path)
    return project


@pytest.fixture
def project(registered, tmp_path):
    return registered.copy(tmp_path / "project")


def set_on_failure(project, value):
    project.replace(TINY, "motion:\n", f"motion:\n  on_failure: {value}\n")


def test_thresholds_say_what_has_failed(project):
    limits = "{check_error_mm: 0, fail_error_mm: 0}"
    project.replace(TINY, "motion:\n", f"motion:\n  quality: {limits}\n")
    done = project.snakemake("results/preprocessed/A1/image.nii")
    assert done.returncode != 0
    (line,) = (project.folder / "results/logs/preprocess_patient/A1.log").read_text().splitlines()
    assert "patient A1: motion correction failed for sequence T1-pre (" in line
    assert (read_table(project.folder / QUALITY[0])["flag"] == "failed").all()


def test_stop_ends_the_patient_with_one_line_and_trains_nothing(project):
    done = project.snakemake()
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert "Traceback" not in output
    for patient in FAILED:
        log = (project.folder / f"results/logs/preprocess_patient/{patient}.log").read_text()
        (line,) = log.splitlines()
        assert f"patient {patient}: motion correction failed for sequence T2 (looks wrong)" in line
        assert "motion.on_failure" in line
        assert line in output
        assert (project.folder / f"results/motion/{patient}/T2.nii.gz").is_file()
    assert not (project.folder / "results/model").exists()
    assert (project.folder / "results/preprocessed/A1/image.nii").is_file()
    page = (project.folder / "results/report/motion.html").read_text()
    assert "failed registration: A2, T3.</b>" in page and "The study cannot continue until" in page
    assert page.count("data:image/jpeg") == 6 * 5

    # Whoever decides otherwise then computes only what was stopped.
    set_on_failure(project, "continue")
    jobs = project.plan()
    assert jobs["preprocess_patient"] == 2
    assert jobs["train_network"] == 1 and jobs["predict_patient"] == 3
    assert not {"correct_motion", "split_cohort", "summarise_motion"} & set(jobs)


def test_excluded_patients_are_listed_and_take_no_part(project):
    set_on_failure(project, "exclude")
    targets = ["results/report/motion.html", *(f"results/summary/{name}.tsv" for name in TABLES)]
    done = project.snakemake(*targets)
    assert done.returncode == 0, done.stdout + done.stderr
    results = project.folder / "results"

    split = read_table(results / "cohort/split.tsv").set_index("patient")["split"].to_dict()
    assert split == {
        "A1": "train",
        "A2": "excluded",
        "V1": "validation",
        "T1": "test",
        "T2": "test",
        "T3": "excluded",
    }
    cohort = read_table(results / "summary/cohort.tsv").set_index("split")["patients"].to_dict()
    assert cohort == {"train": 1, "validation": 1, "test": 2, "all": 4, "excluded": 2}
    page = (results / "report/motion.html").read_text()
    assert "failed registration: A2, T3.</b>" in page and "They are excluded" in page

    patients = read_json(results / "model/card.json")["patients"]
    assert patients == {"train": ["A1"], "validation": ["V1"]}
    for table in TABLES[1:]:
        assert set(read_table(results / f"summary/{table}.tsv")["patient"]) <= {"T1", "T2"}
    for stage in ("preprocessed", "prediction", "relevance"):
        assert not {path.name for path in (results / stage).iterdir()} & set(FAILED)
    assert project.plan(*targets) == {}
