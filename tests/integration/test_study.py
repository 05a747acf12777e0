"""What the workflow produced on the tiny phantom."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from mrelevance.figures.catalogue import ENTRIES
from mrelevance.runtime.files import read_json, read_table, sha256

pytestmark = pytest.mark.workflow

SEQUENCES = ["T1-pre", "T1-20s", "T1-60s", "T1-120s", "T1-15min", "T2"]
TEST_PATIENTS = {"T1", "T2", "T3"}
COMPOSITES = {"alpha1_beta0", "deeplift", "deepshap"}
MEASUREMENTS = {"halves", "shapley"}
OTHER_METHODS = {
    *{"drop_one", "keep_one", "halves", "random"},
    *{"gradient", "input_x_gradient", "integrated_gradients", "seg_grad_cam"},
}
FIGURES = [entry.name for entry in ENTRIES if entry.target == "all"]


@pytest.fixture(scope="module")
def results(study):
    return study.folder / "results"


@pytest.fixture(scope="module")
def relevance(results):
    return read_table(results / "summary/relevance.tsv")


def test_split_is_that_of_the_sheet(results):
    split = read_table(results / "cohort/split.tsv").set_index("patient")["split"].to_dict()
    assert split == {
        "A1": "train",
        "A2": "train",
        "V1": "validation",
        "T1": "test",
        "T2": "test",
        "T3": "test",
    }
    patients = read_json(results / "model/card.json")["patients"]
    assert patients == {"train": ["A1", "A2"], "validation": ["V1"]}


def test_every_test_patient_has_relevance_under_every_composite(relevance):
    tumour = relevance[relevance["region"] == "tumour"]
    assert set(tumour["patient"]) == TEST_PATIENTS
    found = tumour.groupby(["patient", "method"], sort=False)["sequence"].agg(list)
    assert len(found) == len(TEST_PATIENTS) * (len(COMPOSITES) + len(MEASUREMENTS))
    assert all(sequences == SEQUENCES for sequences in found)


@pytest.mark.parametrize("measure", ["relevance", "relevance_pooled"])
def test_shares_sum_to_one(relevance, measure):
    known = relevance.dropna(subset=[measure])
    assert set(known["method"]) == COMPOSITES | MEASUREMENTS
    sums = known.groupby(["patient", "method", "region", "lesion"])[measure].sum()
    np.testing.assert_allclose(sums, 1, atol=1e-3)


def test_relevance_is_conserved(relevance):
    # The halves are no shares of the whole change.
    conserving = relevance[relevance["method"] != "halves"]
    np.testing.assert_allclose(conserving["conservation"].dropna(), 1, atol=0.02)


def test_every_lesion_is_explained(results, relevance):
    lesions = read_table(results / "summary/lesions.tsv")
    labelled = lesions[lesions["region"].isin(["TP", "FN"])]
    expected = set(labelled[["patient", "region", "lesion"]].itertuples(index=False, name=None))
    explained = relevance[relevance["region"].isin(["TP", "FN"])]
    for composite, rows in explained.groupby("method"):
        found = set(rows[["patient", "region", "lesion"]].itertuples(index=False, name=None))
        assert found == expected, composite
    assert (labelled["region"] == "TP").any()


def test_region_map_sums_to_the_tables_shares(results, relevance):
    row = relevance[(relevance["region"] == "TP") & (relevance["method"] == "deeplift")].iloc[0]
    folder = results / f"relevance/{row['patient']}/volumes/deeplift"
    region_map = sitk.ReadImage(str(folder / f"map_TP_{row['lesion']}.nii.gz"))
    sums = sitk.GetArrayFromImage(region_map).sum(axis=(1, 2, 3), dtype=float)
    own = relevance[
        (relevance[["patient", "method", "region", "lesion"]]
         == row[["patient", "method", "region", "lesion"]]).all(axis="columns")
    ].set_index("sequence")["relevance"]  # fmt: skip
    np.testing.assert_allclose(sums / sums.sum(), own[SEQUENCES], atol=1e-3)


def test_results_lie_over_the_image(results):
    image = sitk.ReadImage(str(results / "preprocessed/T1/image.nii"))
    assert image.GetSize()[3] == len(SEQUENCES)
    for name in (
        "preprocessed/T1/label.nii.gz",
        "prediction/T1/segmentation.nii.gz",
        "prediction/T1/regions.nii.gz",
        "relevance/T1/volumes/deeplift/shares.nii.gz",
        "evaluation/T1/shapley.nii.gz",
    ):
        other = sitk.ReadImage(str(results / name))
        assert other.GetSize()[:3] == image.GetSize()[:3], name
        assert other.GetSpacing()[:3] == pytest.approx(image.GetSpacing()[:3]), name
        assert other.GetOrigin()[:3] == pytest.approx(image.GetOrigin()[:3], abs=1e-3), name


def test_motion_correction_brings_most_sequences_closer(results):
    motion = read_table(results / "summary/motion.tsv")
    assert len(motion) == 6 * (len(SEQUENCES) - 1)
    assert motion["error_after_mm"].median() < motion["error_before_mm"].median()
    assert (motion["folded_share"] == 0).all()


def test_motion_page_shows_every_registration(results):
    page = (results / "report/motion.html").read_text()
    assert page.count("data:image/jpeg") == 6 * (len(SEQUENCES) - 1)
    assert "landmarks" in page


def test_truth_and_agreement_cover_every_method(results):
    agreement = read_table(results / "summary/agreement.tsv")
    assert set(agreement["method"]) == COMPOSITES | OTHER_METHODS
    assert agreement["kendall_tau"].dropna().between(-1, 1).all()
    assert agreement["l1_distance"].ge(0).all()
    summary = read_table(results / "summary/agreement_summary.tsv")
    assert set(summary["method"]) == COMPOSITES | OTHER_METHODS
    assert summary["verdict"].str.len().gt(0).all()


def test_ablation_of_nothing_is_the_segmentation(results):
    ablation = read_table(results / "summary/ablation.tsv")
    assert len(ablation) == len(TEST_PATIENTS) * 2 * (1 + len(SEQUENCES))
    whole = ablation[ablation["ablation"] == "all"].set_index("patient")
    scores = read_table(results / "summary/scores.tsv").set_index("patient")
    # The measurement computes in bfloat16 where the configuration says so.
    assert (whole["dice"] - scores["dice"]).abs().max() < 0.05
    assert (whole["lesions"] == scores["lesions"]).all()


@pytest.mark.parametrize("figure", FIGURES)
def test_figures_exist_in_every_format(results, figure):
    for suffix, start in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        content = (results / f"figures/{figure}.{suffix}").read_bytes()
        assert content.startswith(start)
        assert len(content) > 2000


def test_notebook_was_executed(results):
    notebook = json.loads((results / "report/paper_figures.ipynb").read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in cells)
    assert (results / "report/figure_1.svg").stat().st_size > 2000


def test_tables_know_where_they_come_from(study, results):
    for table in (results / "summary").glob("*.tsv"):
        origin = read_json(table.with_suffix(".json"))
        assert origin["seed"] == origin["configuration"]["seed"]
        assert origin["versions"]["torch"]
        assert origin["inputs_sha256"]
        for path, checksum in origin["inputs_sha256"].items():
            assert sha256(study.folder / path) == checksum


def test_every_job_left_log_and_benchmark(results):
    jobs = {path.relative_to(results / "logs").with_suffix("")
            for path in (results / "logs").rglob("*.log")}  # fmt: skip
    benchmarks = {path.relative_to(results / "benchmarks").with_suffix("")
                  for path in (results / "benchmarks").rglob("*.tsv")}  # fmt: skip
    assert {job.parts[0] for job in jobs} >= {"simulate_patient", "train_network", "plot_agreement"}
    assert jobs == benchmarks


def test_report_page_has_every_figure_and_patient(results):
    page = (results / "report/index.html").read_text()
    for entry in ENTRIES:
        assert (f'<figure id="{entry.name}">' in page) == (entry.name in FIGURES)
    patients = sorted(path.name for path in (results / "prediction").iterdir())
    assert [name for name in patients if f'data-volumes="{name}"' in page] == patients
    assert list((results / "report/patients").glob("*.js")) == []


def test_report_is_one_file_with_every_figure(study):
    done = study.snakemake("--report", "report.html")
    assert done.returncode == 0, done.stdout + done.stderr
    page = (study.folder / "report.html").read_text()
    for figure in FIGURES:
        assert f"{figure}.png" in page
    for name in ("motion.html", "methods.md", "claim_checklist.md"):
        assert name in page


def test_findings_are_those_of_the_tables(results):
    program = Path(__file__).parents[2] / "benchmarks/findings.py"
    done = subprocess.run(
        [sys.executable, str(program), str(results)], capture_output=True, text=True, check=True
    )
    agreement = read_table(results / "summary/agreement_summary.tsv").set_index("method")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()
    ]
    of_rule = agreement.loc["deeplift"]
    shares = next(row for row in rows if row[0] == "`deeplift`")
    assert len(shares) == 1 + len(SEQUENCES) + 1
    assert shares[-1] == of_rule["verdict"].split(":")[0]
    compared = next(row for row in rows if row[0] == "DeepLIFT rescale")
    worst = read_table(results / "summary/agreement.tsv").query("method == 'deeplift'")
    assert compared[1].startswith(f"{of_rule['l1_distance']:.2f}".replace("0.", ".", 1))
    assert compared[2] == f"{worst['l1_distance'].max():.2f}".replace("0.", ".", 1)
    assert compared[3].startswith(f"{of_rule['kendall_tau']:.2f}".replace("0.", ".", 1))
    assert compared[4] == f"{of_rule['same_first']} of 3"
    scores = read_table(results / "summary/scores.tsv")
    detected = f"{scores['detected'].sum()} of {scores['lesions'].sum()} lesions found"
    assert detected in done.stdout and "in 3 test patients" in done.stdout
