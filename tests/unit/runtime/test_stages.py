import copy
from pathlib import Path

import pytest
import yaml

from mrelevance.runtime.stages import STAGES, depends_on, setting, stages_computed
from mrelevance.runtime.variants import FIXED

CONFIG = yaml.safe_load((Path(__file__).parents[3] / "config/config.yaml").read_text())
EVERYTHING = frozenset(STAGES) - {"trial"}
FROM_MODEL = EVERYTHING - {"raw", "motion", "preprocessed", "cohort"}
LAST = {"summary", "figures", "report"}


def changed(key, value):
    config = copy.deepcopy(CONFIG)
    *sections, last = key.split(".")
    setting(config, ".".join(sections))[last] = value if sections else None
    return config


def computed(key, value):
    return stages_computed(CONFIG, changed(key, value))


def test_every_key_of_the_table_is_in_the_configuration():
    for stage in STAGES.values():
        for key in stage.settings:
            setting(CONFIG, key)


def test_every_key_of_the_configuration_is_in_the_table():
    keys = {
        f"{section}.{key}" if isinstance(values, dict) else section
        for section, values in CONFIG.items()
        for key in (values if isinstance(values, dict) else [section])
    }
    in_no_stage = {key for key in keys if not any(depends_on(stage, key) for stage in STAGES)}
    # Results are the same under both: what a variant cannot change, and who is let through.
    decided_by_the_study = {
        key for key in keys if any(f"{key}.".startswith(f"{fixed}.") for fixed in FIXED)
    }
    assert in_no_stage - decided_by_the_study == {"motion.on_failure"}


def test_stages_follow_what_stands_before_them():
    seen = set()
    for stage in STAGES.values():
        assert seen.issuperset(stage.follows)
        seen.add(stage.name)


def test_nothing_changed_is_nothing_to_compute():
    assert stages_computed(CONFIG, copy.deepcopy(CONFIG)) == frozenset()


@pytest.mark.parametrize(
    ("key", "value", "stages"),
    [
        ("phantom.texture", 0.1, EVERYTHING),
        ("cohort.seed", 1, EVERYTHING),
        ("segmentation.ignore", [255], EVERYTHING | {"trial"}),
        ("segmentation.explained", "tumour", FROM_MODEL - {"model"} | {"trial"}),
        ("cohort.nifti_geometry", "sform", EVERYTHING),
        ("cohort.test_share", 0.5, FROM_MODEL | {"cohort"}),
        ("motion.method", "none", EVERYTHING - {"raw", "cohort"}),
        ("motion.quality.fail_similarity", 0.2, EVERYTHING - {"raw", "cohort"}),
        ("preprocess.margin_mm", 20, FROM_MODEL | {"preprocessed"}),
        ("training.weight_decay", 0, FROM_MODEL),
        ("training.steps", 5, FROM_MODEL | {"trial"}),
        ("network.name", "UNet", FROM_MODEL | {"trial"}),
        ("inference.window", [8, 8, 8], FROM_MODEL | {"trial"}),
        ("inference.lesion_overlap", 0.5, FROM_MODEL - {"model"}),
        ("relevance.baseline", "zero", {"relevance", "evaluation"} | LAST),
        ("relevance.composites", ["deeplift"], {"relevance", "trial"} | LAST),
        ("relevance.statistics", "frozen", {"relevance", "evaluation", "trial"} | LAST),
        ("evaluation.permutations", 8, {"evaluation"} | LAST),
        ("summary.resamples", 10, LAST),
        ("figures.composite", "epsilon", LAST),
        # Who is excluded, and what is compared, is settled by the study.
        ("motion.on_failure", "continue", set()),
        ("protocol.margin_dice", 0.1, set()),
    ],
)
def test_a_change_computes_the_stages_that_read_it_and_those_that_follow(key, value, stages):
    assert computed(key, value) == stages


@pytest.mark.parametrize(("key", "value"), [("seed", 1), ("sequences", ["T2", "T1-pre"])])
def test_another_seed_or_fewer_sequences_train_on_the_images_of_the_study(key, value):
    assert stages_computed(CONFIG, CONFIG | {key: value}) == FROM_MODEL


def test_a_stage_depends_on_its_settings_and_on_those_before_it():
    assert depends_on("relevance", "relevance.tau")
    assert depends_on("relevance", "phantom")
    assert depends_on("model", "inference.window")
    assert not depends_on("model", "inference.lesion_overlap")
    assert not depends_on("model", "inference")
    assert not depends_on("raw", "seed")
