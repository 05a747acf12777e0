"""The trial of a network that was trained elsewhere, with a first segmentation."""

import copy
from pathlib import Path

import pytest
import yaml
from helpers.own_network import study, write_cohort, write_network

from mrelevance.attribution.trial import in_words, try_configured
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.variants import merged

PROJECT = Path(__file__).parents[3]
SHIPPED = yaml.safe_load((PROJECT / "config/config.yaml").read_text())


@pytest.fixture(scope="module")
def configuration(tmp_path_factory):
    place = tmp_path_factory.mktemp("trial")
    network = write_network(place / "nnunet", folds=(0,))
    images = write_cohort(place / "images", network, patients=1, turned=(0,))
    return merged(SHIPPED, study(images, network))


def test_the_first_patient_is_segmented_as_its_files_are(configuration):
    """Its label is the prediction of all members, of which the trial applies one."""
    alone = merged(configuration, {"inference": {"mirroring": False}})
    tried = try_configured(configuration, configuration["sequences"], PROJECT)
    assert tried["members"] == 2
    assert 0.1 < tried["first_patient"]["dice"]["tumour"] < 1
    tried = try_configured(alone, alone["sequences"], PROJECT)
    assert tried["members"] == 1
    assert any("patient P0, segmented as its files are" in line for line in in_words(tried))


def test_a_dice_near_zero_brings_a_warning(configuration):
    tried = try_configured(configuration, configuration["sequences"], PROJECT)
    near_zero = copy.deepcopy(tried)
    near_zero["first_patient"]["dice"]["tumour"] = 0.01
    assert not any(line.startswith("Warning") for line in in_words(tried))
    assert any(line.startswith("Warning") for line in in_words(near_zero))


def test_what_does_not_fit_is_named_at_once(configuration):
    wrong = merged(
        configuration,
        {
            "sequences": ["T2", "T1"],
            "segmentation": {"classes": {"cyst": 1}, "explained": "cyst"},
        },
    )
    with pytest.raises(InputError) as raised:
        try_configured(wrong, wrong["sequences"], PROJECT)
    first, second = str(raised.value).splitlines()
    assert "write sequences: [T1, T2]" in first
    assert "names cyst, which the network does not have" in second
