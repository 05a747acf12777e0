"""What is shared through a cache is never stale: its keys change with all that it depends on."""

import shutil

import numpy as np
import pytest
import SimpleITK as sitk
import yaml
from helpers.cache_keys import TABLES, TINY, ask_cache

from mrelevance.runtime.container import image_path

pytestmark = pytest.mark.workflow

SHEET = "tests/integration/tiny.tsv"
IMAGE = f"envs/{image_path().name}"
OWN = "own.yaml"
# One job of every cached rule of the study and beyond, with all that it depends on.
TARGETS = [
    *TABLES,
    "results/variants/other_seed/relevance/T1/relevance.tsv",
    "results/variants/other_seed/evaluation/T1/shapley.tsv",
    "results/variants/residual/model/weights.pt",
    "results/variants/T1-pre,T2/prediction/T1/scores.tsv",
    "results/variants/rigid/evaluation/T1/shapley.tsv",
    "results/variants/shuffled_baseline/evaluation/T1/shapley.tsv",
]
EXPLAIN = {"compute_relevance", "measure_shapley"}
AFTER_TRAINING = {"predict_patient", "compute_gradient_methods"} | EXPLAIN
AFTER_PREPROCESSING = {"train_network"} | AFTER_TRAINING
AFTER_MOTION = {"preprocess_patient"} | AFTER_PREPROCESSING
AFTER_IMAGES = {"correct_motion"} | AFTER_MOTION
# A rule, a module that it runs and none before it does, and the rules whose results are others
# when that changes; likewise a parameter, if it has one that none before it has.
STEPS = [
    ("simulate_patient", "phantom/breathing", {"simulate_patient"} | AFTER_IMAGES),
    ("correct_motion", "registration/rigid", AFTER_IMAGES),
    ("preprocess_patient", "preprocessing/intensity", AFTER_MOTION),
    ("train_network", "networks/training", AFTER_PREPROCESSING),
    ("predict_patient", "networks/lesions", AFTER_TRAINING),
    ("compute_relevance", "attribution/contrast", {"compute_relevance"}),
    ("measure_shapley", "attribution/ablation", {"measure_shapley"}),
    ("compute_gradient_methods", "attribution/gradients", {"compute_gradient_methods"}),
]
PARAMETERS = [
    ({"phantom": {"texture": 0.1}}, {"simulate_patient"} | AFTER_IMAGES),
    ({"cohort": {"seed": 3}}, {"simulate_patient"} | AFTER_IMAGES),
    ({"seed": 3}, AFTER_PREPROCESSING),
    ({"motion": {"search_mm": 12}}, AFTER_IMAGES),
    ({"preprocess": {"margin_mm": 4}}, AFTER_MOTION),
    ({"training": {"steps": 80}}, AFTER_PREPROCESSING),
    ({"inference": {"lesion_overlap": 0.2}}, AFTER_TRAINING),
    ({"relevance": {"tau": 0.2}}, EXPLAIN),
    ({"relevance": {"target": "tumour"}}, EXPLAIN | {"compute_gradient_methods"}),
    ({"evaluation": {"permutations": 8}}, {"measure_shapley"}),
]


def made(project, cases, cache, packages=""):
    """What the cache says about each case, for one job of every rule unless it says otherwise."""
    return ask_cache(project, [{"targets": TARGETS} | case for case in cases], cache, packages)


def others(case, base):
    """Rules of the jobs that have another key than before; a job that is new counts as well."""
    return {rule for output, (rule, key) in case.items() if base.get(output) != [rule, key]}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def keys(fresh_project, cache, tmp_path_factory):
    """Keys of the tiny study as it is, and after one change at a time."""
    project = fresh_project.copy(tmp_path_factory.mktemp("keys") / "project")
    (project.folder / IMAGE).parent.mkdir(exist_ok=True)
    (project.folder / IMAGE).write_text("image")
    cases = {
        "as it is": {},
        "failures accepted": {"config": {"motion": {"on_failure": "continue"}}},
        "one core": {"cores": 1},
        "script": {"files": {"workflow/scripts/train_network.py": "\nprint()\n"}},
        "new test patient": {"files": {SHEET: "T4\ttest\n"}},
        "new training patient": {"files": {SHEET: "A3\ttrain\n"}},
        "container": {"container": True},
        "other container": {"container": True, "files": {IMAGE: "changed"}},
    }
    for rule, module, _ in STEPS:
        cases[rule] = {"files": {f"src/mrelevance/{module}.py": "\nCHANGED = True\n"}}
    for parameter, _ in PARAMETERS:
        cases[str(parameter)] = {"config": parameter}
    answers = made(project, list(cases.values()), cache)
    return {name: answer["keys"] for name, answer in zip(cases, answers, strict=True)}


@pytest.mark.parametrize(
    ("rule", "affected"),
    [(rule, affected) for rule, _, affected in STEPS],
    ids=[rule for rule, *_ in STEPS],
)
def test_changed_library_misses_there_and_downstream_and_hits_elsewhere(keys, rule, affected):
    assert others(keys[rule], keys["as it is"]) == affected


def test_changed_script_misses_there_and_downstream_and_hits_elsewhere(keys):
    assert others(keys["script"], keys["as it is"]) == AFTER_PREPROCESSING


@pytest.mark.parametrize(
    ("parameter", "affected"), PARAMETERS, ids=[str(parameter) for parameter, _ in PARAMETERS]
)
def test_changed_parameter_misses_there_and_downstream_and_hits_elsewhere(
    keys, parameter, affected
):
    assert others(keys[str(parameter)], keys["as it is"]) == affected


def test_every_cached_rule_is_looked_at(keys, fresh_project):
    looked_at = {rule for rule, _ in keys["as it is"].values()}
    looked_at |= {"import_patient", "prepare_patient"}  # of other cohorts and networks
    cached = set()
    for path in (fresh_project.folder / "workflow/rules").glob("*.smk"):
        name = ""
        for line in path.read_text().splitlines():
            if line.startswith("rule "):
                name = line.removeprefix("rule ").removesuffix(":")
            elif "cache: CACHE" in line:
                cached.add(name)
    assert cached == looked_at


def test_no_two_jobs_share_a_key(keys):
    found = [key for _, key in keys["as it is"].values()]
    assert len(found) == len(set(found)) > 30


def test_another_checkout_has_the_same_keys(keys, fresh_project, cache, tmp_path):
    elsewhere = fresh_project.copy(tmp_path / "deeper" / "checkout")
    (answer,) = made(elsewhere, [{}], cache)
    assert answer["keys"] == keys["as it is"]


def test_another_patient_changes_what_depends_on_it_alone(keys):
    assert others(keys["new test patient"], keys["as it is"]) == set()
    trained = others(keys["new training patient"], keys["as it is"])
    # The new patient's own images, and where it stands in for another.
    assert trained == AFTER_IMAGES | {"simulate_patient"}
    before = keys["as it is"]
    for output, made_by in keys["new training patient"].items():
        if made_by[0] in ("simulate_patient", "correct_motion", "preprocess_patient"):
            assert ("A3" in output) != (before.get(output) == made_by)


def test_a_failed_registration_that_is_accepted_does_not_pass_for_a_good_one(keys):
    changed = others(keys["failures accepted"], keys["as it is"])
    assert changed == AFTER_MOTION


def test_training_with_other_threads_is_another_training(keys):
    assert others(keys["one core"], keys["as it is"]) == AFTER_PREPROCESSING


def test_another_container_misses_under_the_same_name(keys):
    everything = {"simulate_patient"} | AFTER_IMAGES
    assert others(keys["container"], keys["as it is"]) == everything
    assert others(keys["other container"], keys["container"]) == everything


def test_another_version_of_a_package_misses(keys, fresh_project, cache, tmp_path):
    metadata = tmp_path / "captum-0.0.1.dist-info/METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: captum\nVersion: 0.0.1\n")
    (answer,) = made(fresh_project, [{}], cache, packages=str(tmp_path))
    assert others(answer["keys"], keys["as it is"]) == {"simulate_patient"} | AFTER_IMAGES


def test_patients_that_change_places_train_another_network(keys, fresh_project, cache, tmp_path):
    project = fresh_project.copy(tmp_path / "project")
    project.replace(SHEET, "A2\ttrain\nV1\tvalidation", "A2\tvalidation\nV1\ttrain")
    (answer,) = made(project, [{}], cache)
    assert others(answer["keys"], keys["as it is"]) == AFTER_PREPROCESSING


@pytest.fixture
def own(fresh_project, tmp_path):
    """A cohort of one's own."""
    project = fresh_project.copy(tmp_path / "project")
    config = yaml.safe_load((project.folder / TINY).read_text())
    config["cohort"] = {"source": "images", "patients": "sheet.tsv", "data": "data"}
    config |= {"sequences": ["T1", "T2"], "fixed_sequence": "T1"}
    (project.folder / OWN).write_text(yaml.safe_dump(config))
    rows = ["patient\tsplit\tT1\tT2\tlabel\tmask"]
    for patient, split in {"A1": "train", "V1": "validation", "T1": "test"}.items():
        paths = [f"{patient}/{name}.nii" for name in ("T1", "T2", "label", "mask")]
        rows.append("\t".join([patient, split, *paths]))
        for path in paths:
            (project.folder / "data" / path).parent.mkdir(parents=True, exist_ok=True)
            sitk.WriteImage(image_for(path), str(project.folder / "data" / path))
    (project.folder / "sheet.tsv").write_text("\n".join(rows) + "\n")
    return project


def image_for(path: str) -> sitk.Image:
    """A small image of noise, or a block as label or mask; its content follows from the path."""
    generator = np.random.default_rng(list(path.encode()))
    if path.endswith(("T1.nii", "T2.nii")):
        return sitk.GetImageFromArray(generator.normal(size=(16, 16, 16)).astype(np.float32))
    block = np.zeros((16, 16, 16), np.uint8)
    size = 7 if "mask" in path else 5
    first = generator.integers(1, 9, size=3)
    block[tuple(slice(start, start + size) for start in first)] = 1
    return sitk.GetImageFromArray(block)


def own_keys(project, cache, **config):
    """Keys of a cohort whose images have been checked, as they are when jobs ask for them."""
    overrides = ["--config", f"cohort={config['cohort']}"] if config else []
    checked = project.snakemake("results/raw/checked.tsv", *overrides, config=OWN)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    target = "results/evaluation/T1/gradient_methods.tsv"
    case = {"configfile": OWN, "targets": [target], "config": config}
    (answer,) = made(project, [case], cache)
    return answer["keys"]


def test_own_images_count_by_content_and_by_what_they_are(own, cache):
    base = own_keys(own, cache)
    assert base["results/raw/T1/T1.nii.gz"][0] == "import_patient"
    shutil.copytree(own.folder / "data", own.folder / "elsewhere")
    assert own_keys(own, cache, cohort={"data": "elsewhere"}) == base

    mine = {output for output in base if "/T1/" in output}
    imported = {"results/raw/T1/T1.nii.gz"}
    for name in ("T2", "label", "mask"):
        path = own.folder / f"data/T1/{name}.nii"
        before = path.read_bytes()
        sitk.WriteImage(image_for(f"another {name}.nii"), str(path))
        answer = own_keys(own, cache)
        differs = {output for output in base if answer[output] != base[output]}
        assert differs == (mine - imported if name == "mask" else mine)
        path.write_bytes(before)

    # The same two files, each in the other's place.
    t1, t2 = own.folder / "data/T1/T1.nii", own.folder / "data/T1/T2.nii"
    content = t1.read_bytes(), t2.read_bytes()
    t2.write_bytes(content[0])
    t1.write_bytes(content[1])
    answer = own_keys(own, cache)
    assert {output for output in base if answer[output] != base[output]} == mine
