from pathlib import Path

import pytest
import yaml

from mrelevance.runtime.configuration import (
    check_cache_folder,
    check_configuration,
    check_files,
    check_free_space,
    expected_bytes,
)
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.variants import varied

PROJECT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
SCHEMA = PROJECT / "workflow/schemas/config.schema.json"


def test_files_that_exist_are_measured(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text("12345")
    assert check_files([("a", tmp_path / "a"), ("b", tmp_path / "b")]) == 10


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"patient 7, T2: .*T2\.nii does not exist"):
        check_files([("patient 7, T2", tmp_path / "T2.nii")])


def test_disk_that_is_too_small_is_an_error(tmp_path):
    check_free_space(tmp_path, 0)
    with pytest.raises(InputError, match=r"need about 1000000000\.0 GB"):
        check_free_space(tmp_path, 1e18)


def test_more_patients_voxels_and_composites_need_more_space():
    small = expected_bytes(1e6, 0.3, 2)
    assert expected_bytes(2e6, 0.3, 2) == 2 * small
    assert expected_bytes(1e6, 0.3, 4) > small
    assert expected_bytes(1e6, 0.5, 2) > small


def test_folder_of_the_cache_must_be_of_use(tmp_path, monkeypatch):
    check_cache_folder(str(tmp_path))
    for folder, says in (
        (None, "SNAKEMAKE_OUTPUT_CACHE; give"),
        ("", "SNAKEMAKE_OUTPUT_CACHE; give"),
        ("cache", "cache is not a full path"),
        (str(tmp_path / "cache"), "cache does not exist"),
    ):
        with pytest.raises(InputError, match=says):
            check_cache_folder(folder)
    # For an administrator, whom permissions do not stop, every folder can be written to.
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(InputError, match="cannot be written to; give the full path of a folder"):
        check_cache_folder(str(tmp_path))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"variants": {"study": {"seed": 1}}}, "what the study itself is called"),
        ({"variants": {"T2": {"seed": 1}}}, "what a network with this sequence alone is called"),
        ({"variants": {"v": {"cohort": {"data": "x"}}}}, "v changes cohort.data, which all"),
        ({"variants": {"v": {"protocol": {"subsets": "all"}}}}, "v changes protocol, which all"),
        ({"variants": {"v": {"sed": 1}}}, r"unknown key sed; did you mean seed\? \(variant v"),
        ({"variants": {"v": {"relevance": {"tau": 2}}}}, r"relevance.tau: 2 .*\(variant v; null"),
        ({"variants": {"v": {"sequences": ["T2", "DWI"]}}}, "DWI, which is not among the sequ"),
        ({"variants": {"v": {"inference": {"window": [9, 8, 8]}}}}, r"multiple of.*\(variant v"),
        ({"comparisons": {"networks": ["residul"]}}, "networks is residul, which is not among"),
        ({"comparisons": {"new": []}}, "unknown key comparisons.new"),
        ({"comparisons": {"baselines": ["rigid"]}}, "lists rigid, whose relevance.baseline is"),
        (
            {
                "variants": {"v": {"sequences": ["T2", "T1-pre"]}},
                "comparisons": {"networks": ["v"]},
            },
            "lists v, whose sequences are not the study's; list it under protocol.subsets",
        ),
    ],
)
def test_bad_variants_are_found_before_anything_runs(changes, says):
    config = varied(CONFIG, {})
    for section, entries in changes.items():
        config[section] |= entries
    with pytest.raises(InputError, match=says):
        check_configuration(config, SCHEMA)


def test_variants_that_are_taken_away_are_not_checked():
    config = varied(CONFIG, {"training": {"patch": [12, 12, 12]}, "network": {"divisor": 4}})
    config["network"] = CONFIG["network"] | {"divisor": 4}
    config["inference"]["window"] = config["evaluation"]["maps"]["crop"] = [12, 12, 12]
    with pytest.raises(InputError, match=r"divisor, which is 8 \(variant residual; null takes"):
        check_configuration(config, SCHEMA)
    config["variants"]["residual"] = None
    check_configuration(config, SCHEMA)


def test_a_region_of_several_classes_has_no_logit_of_its_own():
    tissues = {
        "classes": {"rim": 1, "core": 2},
        "regions": {"whole tumour": ["rim", "core"]},
        "explained": "whole tumour",
    }
    check_configuration(varied(CONFIG, {"segmentation": tissues}), SCHEMA)
    logit = {"segmentation": tissues, "relevance": {"target": "tumour"}}
    with pytest.raises(InputError, match="region whole tumour has 2 classes and no logit"):
        check_configuration(varied(CONFIG, logit), SCHEMA)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"classes": {"rim": 0}}, "segmentation.classes.rim: 0 is less than the minimum of 1"),
        ({"clases": {"rim": 1}}, r"unknown key segmentation.clases; did you mean classes\?"),
        ({"lesions": "islands"}, "segmentation.lesions: 'islands' is not one of"),
        ({"explained": "core"}, "segmentation.explained: core is no region"),
    ],
)
def test_bad_declarations_of_labels_are_found_before_anything_runs(changes, says):
    with pytest.raises(InputError, match=says):
        check_configuration(varied(CONFIG, {"segmentation": changes}), SCHEMA)
