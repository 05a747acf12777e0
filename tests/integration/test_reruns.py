"""Only what changed runs again: what Snakemake plans after one change to a finished study."""

import pytest
from helpers.catalogues import rules_reading

pytestmark = pytest.mark.workflow

TINY = "tests/integration/tiny.yaml"
SHEET = "tests/integration/tiny.tsv"

# Whatever runs again, where it comes from is recorded anew.
RECORDED = {"record_provenance": 1, "write_crate": 1, "write_methods": 1, "write_page": 1}
# What is configured for the network is tried first; what follows does not depend on it.
TRIAL = {"try_network", "accept_network"}
AFTER_RELEVANCE = {*RECORDED, "execute_notebook"} | rules_reading("relevance/")
AFTER_SHAPLEY = AFTER_RELEVANCE | rules_reading("evaluation/{patient}{region}/")
AFTER_TRAINING = (
    AFTER_SHAPLEY
    | {"predict_patient", "compute_relevance", "compute_gradient_methods", "measure_shapley"}
    | {"perturb_maps", "randomise_network", "map_lesion"}
    | rules_reading("model/", "prediction/", "evaluation/maps{region}/")
)


def test_finished_study_has_nothing_to_do(study):
    assert study.plan() == {}
    second = study.snakemake()
    assert "Nothing to be done" in second.stdout + second.stderr


def test_another_composite_does_not_train(changed):
    composites = "[alpha1_beta0, deeplift, deepshap"
    changed.replace(TINY, f"{composites}]", f"{composites}, epsilon]")
    jobs = changed.plan()
    assert set(jobs) == AFTER_RELEVANCE | {"compute_relevance"} | TRIAL
    assert jobs["compute_relevance"] == 3


def test_another_learning_rate_trains_but_does_not_register(changed):
    changed.replace(TINY, "learning_rate: 0.01", "learning_rate: 0.002")
    jobs = changed.plan()
    assert set(jobs) == AFTER_TRAINING | {"train_network"} | TRIAL
    assert jobs["predict_patient"] == 3


def test_another_overlap_rule_scores_again_but_does_not_train(changed):
    changed.replace(TINY, "inference:\n", "inference:\n  lesion_overlap: 0.3\n")
    jobs = changed.plan()
    assert set(jobs) == AFTER_TRAINING - {"plot_learning_curve"}


def test_another_relevance_threshold_does_not_predict(changed):
    changed.replace(TINY, "relevance:\n", "relevance:\n  tau: 0.2\n")
    jobs = changed.plan()
    assert set(jobs) == AFTER_SHAPLEY | {"compute_relevance", "measure_shapley"}


def test_another_confidence_only_analyses(changed):
    with open(changed.folder / TINY, "a") as file:
        file.write("summary: {confidence: 0.9}\n")
    jobs = changed.plan()
    assert {"compare_sequences", "summarise_agreement", "plot_parallel_coordinates"} <= set(jobs)
    assert not {"compute_relevance", "summarise_relevance", "summarise_motion"} & set(jobs)


def test_a_value_that_nothing_computes_with_is_recorded_all_the_same(changed):
    changed.replace(TINY, "motion:\n", "motion:\n  on_failure: continue\n")
    assert changed.plan() == {"report_motion": 1} | RECORDED


def test_another_wording_of_the_methods_is_written_without_a_new_record(changed):
    changed.replace("workflow/report/methods.md", "# Methods", "# What was done")
    assert changed.plan() == {"write_methods": 1, "write_page": 1}


def test_another_look_of_the_report_page_writes_it_alone(changed):
    changed.replace("src/mrelevance/reporting/page/style.css", "margin: 0", "margin: 1px")
    assert changed.plan() == {"write_page": 1}


def test_code_of_one_figure_draws_only_that_figure(changed):
    changed.replace(
        "src/mrelevance/figures/learning_curve.py", '"training loss"', '"loss in training"'
    )
    assert changed.plan() == {"plot_learning_curve": 1} | RECORDED


def test_code_of_a_stage_reruns_it_and_what_follows(changed):
    path = changed.folder / "src/mrelevance/registration/rigid.py"
    path.write_text(path.read_text().replace("HISTOGRAM_BINS = 32", "HISTOGRAM_BINS = 48"))
    jobs = changed.plan()
    assert jobs["correct_motion"] == 6
    assert "train_network" in jobs
    assert not {"simulate_patient", "split_cohort", "summarise_cohort"} & set(jobs)


def test_code_of_a_script_reruns_its_rule(changed):
    with open(changed.folder / "workflow/scripts/map_lesion.py", "a") as file:
        file.write("\nprint('done')\n")
    assert changed.plan() == {"map_lesion": 1, "plot_map_gallery": 1} | RECORDED


@pytest.mark.parametrize(
    "path",
    [
        "src/mrelevance/runtime/images.py",
        "src/mrelevance/phantom/patient.py",
        "src/mrelevance/networks/training.py",
        "workflow/scripts/train_network.py",
    ],
)
def test_docstrings_and_comments_rerun_nothing(changed, path):
    file = changed.folder / path
    _, docstring, code = file.read_text().split('"""', 2)
    file.write_text(f'"""Another description.\n\n{docstring}\n"""\n# A comment.\n{code}')
    assert changed.plan() == {}


def test_new_training_patient_registers_only_that_patient(changed):
    with open(changed.folder / SHEET, "a") as file:
        file.write("A3\ttrain\n")
    jobs = changed.plan()
    for rule in ("simulate_patient", "correct_motion", "preprocess_patient", "train_network"):
        assert jobs[rule] == 1, rule
    assert set(jobs) >= AFTER_TRAINING


def test_new_test_patient_does_not_train(changed):
    with open(changed.folder / SHEET, "a") as file:
        file.write("T4\ttest\n")
    jobs = changed.plan()
    for rule in ("simulate_patient", "correct_motion", "preprocess_patient", "compute_relevance"):
        assert jobs[rule] == 1, rule
    assert "train_network" not in jobs
