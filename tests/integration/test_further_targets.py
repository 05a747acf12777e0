"""What goes beyond the study, on the tiny phantom: variants with less motion correction and with
other baselines, and the phantom whose answer is known."""

import pytest

from mrelevance.reporting.record import result_files
from mrelevance.reporting.verify import newest_record, verify
from mrelevance.runtime.files import read_json, read_table

pytestmark = pytest.mark.workflow

TARGETS = ("motion_effect", "baselines")


@pytest.fixture(scope="module")
def project(study, tmp_path_factory):
    project = study.copy(tmp_path_factory.mktemp("further") / "project")
    done = project.snakemake(*TARGETS)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def test_further_results_are_recorded(project):
    results = project.folder / "results"
    for target in TARGETS:
        record = read_json(results / f"provenance/{target}.json")
        assert record["target"] == target
        assert f"figures/{target}.png" in record["files"]
    _, newest = newest_record(results)
    assert set(newest["files"]) == set(result_files(results))
    assert verify(results, newest).passed


def test_every_correction_has_its_own_images_and_its_own_network(project):
    results = project.folder / "results"
    hashes = {read_json(results / "model/card.json")["weights_sha256"]}
    for variant, methods in {"rigid": {"rigid", "identity"}, "unregistered": {"identity"}}.items():
        folder = results / "variants" / variant
        for patient in ("A1", "T1"):
            quality = read_table(folder / f"motion/{patient}/quality.tsv")
            assert set(quality["method"]) <= methods
        card = read_json(folder / "model/card.json")
        assert card["configuration"] == read_json(results / "model/card.json")["configuration"]
        hashes.add(card["weights_sha256"])
        assert not (folder / "raw").exists(), "images are those of the study"
    assert len(hashes) == 3


def test_the_configured_correction_has_the_values_of_the_study(project):
    summary = project.folder / "results/summary"
    effect = read_table(summary / "motion_effect.tsv")
    assert list(effect["correction"].unique()) == ["deformable", "rigid", "none"]
    scores = read_table(summary / "scores.tsv")
    of_study = effect[effect["correction"] == "deformable"].set_index("measure")
    expected = scores["detected"].sum() / scores["lesions"].sum()
    assert of_study.loc["lesion sensitivity", "value"] == pytest.approx(expected)
    assert (of_study["difference"] == 0).all()
    assert set(effect["measure"]) >= {"median Dice", "lesion sensitivity", "measured share"}


def test_only_the_measurement_is_repeated_with_another_baseline(project):
    summary = project.folder / "results/summary"
    folder = project.folder / "results/variants/zero_baseline"
    assert {path.name for path in folder.iterdir()} == {"benchmarks", "evaluation", "logs"}
    shares = read_table(summary / "baselines.tsv")
    assert list(shares["baseline"].unique()) == ["inpainted", "zero", "shuffled"]
    sums = shares.groupby(["patient", "baseline"])["share"].sum()
    assert sums.to_numpy() == pytest.approx(1, abs=1e-5)
    configured = read_table(summary / "relevance.tsv").query(
        "method == 'shapley' and region == 'tumour'"
    )
    inpainted = shares[shares["baseline"] == "inpainted"]
    assert list(inpainted["share"]) == list(configured["relevance_pooled"])
    by_baseline = shares.pivot_table("share", ["patient", "sequence"], "baseline")
    assert by_baseline.nunique(axis=1).min() == 3, "three baselines, three answers"
    agreement = read_table(summary / "baselines_agreement.tsv")
    assert list(agreement["baseline"]) == ["zero", "shuffled"]


def test_every_method_is_compared_with_the_known_answer(project, tmp_path):
    # Only the comparison's own jobs run: the images are still those of the plain phantom.
    known = project.copy(tmp_path / "project")
    known.replace("config/config.yaml", "known_answer: null", "known_answer: decoy")
    done = known.snakemake(
        "results/figures/known_answer.png",
        "--rerun-triggers", "mtime",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    truth = read_table(known.folder / "results/summary/known_answer.tsv")
    assert set(truth["method"]) >= {"alpha1_beta0", "deeplift", "random", "shapley"}
    assert (truth["sequence"] == "T1-15min").all() and (truth["known_answer"] == "decoy").all()
    shares = read_table(known.folder / "results/summary/relevance_by_method.tsv")
    of_rule = shares.query(
        "method == 'deeplift' and region == 'tumour' and sequence == 'T1-15min'"
    )["relevance_pooled"]
    row = truth.set_index("method").loc["deeplift"]
    assert row["share"] == pytest.approx(of_rule.median())
    assert row["largest_share"] == pytest.approx(of_rule.abs().max())
    whole = known.plan("--rerun-triggers", "mtime", "params")
    assert whole["simulate_patient"] == 6, "another phantom is another study"


def test_maps_are_tested_with_another_baseline(project, tmp_path):
    shuffled = project.copy(tmp_path / "project")
    shuffled.replace("config/config.yaml", "baseline: inpainted", "baseline: shuffled")
    maps = "results/evaluation/maps"
    done = shuffled.snakemake(f"{maps}/perturbation.tsv", f"{maps}/conservation.tsv")
    assert done.returncode == 0, done.stdout + done.stderr
    intact, replaced = {}, {}
    for name, of_study in {"inpainted": project, "shuffled": shuffled}.items():
        curves = read_table(of_study.folder / f"{maps}/perturbation.tsv")
        assert "baseline" in set(curves["replacement"])
        margins = curves[curves["replacement"] == "baseline"].groupby("replaced_share")["margin"]
        intact[name], replaced[name] = margins.median().loc[[0, 1]]
    assert intact["shuffled"] == intact["inpainted"]
    # Another patient's image holds other tissue where the lesion was.
    assert replaced["shuffled"] != pytest.approx(replaced["inpainted"], rel=0.05)


def test_a_second_call_has_nothing_to_do(project):
    assert project.plan(*TARGETS) == {}
    # Its inputs are fewer without comparisons; it shows those that are there all the same.
    assert set(project.plan()) <= {"write_page"}
