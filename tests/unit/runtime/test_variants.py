import copy
from pathlib import Path

import pytest
import yaml

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.stages import stages_computed
from mrelevance.runtime.variants import (
    changes_of,
    compared_variants,
    configuration_of,
    home,
    merged,
    named_variants,
    varied,
)

CONFIG = yaml.safe_load((Path(__file__).parents[3] / "config/config.yaml").read_text())


def test_changes_are_merged_key_by_key():
    config = varied(CONFIG, {"relevance": {"baseline": "zero"}, "seed": 3})
    assert config["relevance"] == CONFIG["relevance"] | {"baseline": "zero"}
    assert config["seed"] == 3
    assert config["training"] == CONFIG["training"]


def test_deep_changes_leave_their_neighbours_and_the_study_alone():
    before = copy.deepcopy(CONFIG)
    config = varied(CONFIG, {"evaluation": {"maps": {"steps": 3}}})
    assert config["evaluation"]["maps"] == before["evaluation"]["maps"] | {"steps": 3}
    assert before == CONFIG


def test_a_network_is_replaced_as_a_whole():
    network = {"name": "UNet", "arguments": {"channels": [8]}, "divisor": 2}
    kept = {"source": None, "channels": None, "trust_code": False}
    assert varied(CONFIG, {"network": network})["network"] == network | kept


def test_without_training_there_are_no_variants_that_train():
    elsewhere = merged(CONFIG, {"network": {"source": "nnunet"}})
    left = set(named_variants(CONFIG)) - set(named_variants(elsewhere))
    assert left == {"residual"}
    smaller = varied(elsewhere, {"inference": {"folds": [0]}})
    assert smaller["network"]["source"] == "nnunet"
    assert stages_computed(elsewhere, smaller) >= {"model", "prediction", "relevance"}
    assert "motion" not in stages_computed(elsewhere, smaller)


def test_the_study_is_its_own_configuration():
    assert configuration_of(CONFIG, "results") is CONFIG


def test_a_subset_of_the_sequences_needs_no_entry():
    assert changes_of(CONFIG, "T1-pre,T2") == {"sequences": ["T1-pre", "T2"]}
    assert configuration_of(CONFIG, "results/variants/T2")["sequences"] == ["T2"]


def test_an_unknown_variant_is_an_error_that_lists_the_known():
    with pytest.raises(InputError, match=r"variant residul is unknown.*rigid"):
        configuration_of(CONFIG, "results/variants/residul")


def test_a_stage_lies_where_it_is_computed():
    zero = "results/variants/zero_baseline"
    assert home(CONFIG, "model", zero) == "results"
    assert home(CONFIG, "evaluation", zero) == zero
    assert home(CONFIG, "evaluation", "results") == "results"
    assert home(CONFIG, "raw", "results/variants/unregistered") == "results"
    assert home(CONFIG, "motion", "results/variants/unregistered").endswith("unregistered")
    assert home(CONFIG, "preprocessed", "results/variants/T2") == "results"


def test_what_is_the_study_itself_is_not_compared_with_it():
    assert compared_variants(CONFIG, "baselines") == ["zero_baseline", "shuffled_baseline"]
    zero = varied(CONFIG, {"relevance": {"baseline": "zero"}})
    assert compared_variants(zero, "baselines") == ["inpainted_baseline", "shuffled_baseline"]
    rigid = varied(CONFIG, {"motion": {"method": "rigid"}})
    assert compared_variants(rigid, "motion_effect") == ["unregistered"]


def test_null_takes_a_variant_away():
    config = CONFIG | {"variants": CONFIG["variants"] | {"residual": None}}
    assert compared_variants(config, "networks") == ["other_seed"]
    with pytest.raises(InputError, match="residual is unknown"):
        changes_of(config, "residual")
